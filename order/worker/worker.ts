// From delivered records to a settled prefix: read, decide, save, settle, commit, and always in that order.
// Records come in from the poll loop without a wait; one batch at a time goes to the store. An event that cannot be
// applied is kept unsettled and tried again, so no offset passes it; other orders go on.
import type { CommitOutcome } from "../../kafka/commit-queue.ts";
import type { KafkaRecord, NextOffset, TopicPartition } from "../../kafka/record.ts";
import { type Backoff, backoffMs } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { OrderStore } from "../store/order-store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { type EventDelivery, laneOf } from "./apply-events.ts";
import { type Committer, createCommitter } from "./committer.ts";
import { createHeldLanes, type HeldLane } from "./held-lanes.ts";
import { applyIsolated, type IsolatedBatch } from "./isolate.ts";
import {
  type AssignedPartition,
  createAssignedPartition,
  type DeliveredRecord,
  partitionKey,
} from "./partition.ts";
import { readBatch, RegistryUnavailable, type UnreadableDelivery } from "./read-batch.ts";
import type { RecordReader } from "./record-reader.ts";
import { createWaitingRoom } from "./waiting-room.ts";

/** What the worker needs of the consumer of one group. */
export interface RecordSource {
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  commit(offsets: readonly NextOffset[]): Promise<CommitOutcome>;
}

/** What a consumer tells the worker. */
export interface RecordSink {
  onAssigned(partitions: readonly TopicPartition[]): void;
  /** Takes over at once, never waits. */
  onRecords(records: readonly KafkaRecord[]): void;
  /** Resolves when nothing of these partitions is being worked on and what is settled is committed. */
  onRevoked(partitions: readonly TopicPartition[]): Promise<void>;
  /** Another member may have them already: nothing is written or committed for them. */
  onLost(partitions: readonly TopicPartition[]): void;
}

export interface WorkerOptions {
  readonly store: Pick<OrderStore, "load" | "save">;
  readonly reader: RecordReader;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names the stream that a partition's offsets belong to. */
  readonly sourceOf: (partition: TopicPartition) => string;
  /** Records of one transaction. Default: 1,000. */
  readonly maxBatchSize?: number;
  /** Unread records in memory at which every partition pauses, until half of it is left. Default: 20,000. */
  readonly maxInbox?: number;
  /** Records from the first unsettled one on at which a partition pauses. Default: 100,000. */
  readonly maxUnsettled?: number;
}

export interface WorkerState {
  /** Events that could not be applied, with those that wait behind them. */
  readonly held: number;
  /** Records that cannot be read: kept unsettled too. */
  readonly unreadable: number;
  /** Why nothing is being settled, while the store or the registry is away. */
  readonly waitingFor: string | undefined;
}

export interface Worker {
  /** The side of one consumer group; `source` is asked for only after partitions were assigned. */
  join(source: () => RecordSource): RecordSink;
  readonly state: WorkerState;
  /** Ends waiting and timers. Close the consumers first: that drains and commits. */
  stop(): Promise<void>;
}

interface Group {
  readonly source: () => RecordSource;
  readonly partitions: Map<string, AssignedPartition>;
  readonly committer: Committer;
}

const infrastructureBackoff: Backoff = { firstMs: 100, maxMs: 5000 };
const heldBackoff: Backoff = { firstMs: 1000, maxMs: 30_000 };

export function createWorker(options: WorkerOptions): Worker {
  const { store, reader, clock, logger, sourceOf } = options;
  const { maxBatchSize = 1000, maxInbox = 20_000, maxUnsettled = 100_000 } = options;
  const groups: Group[] = [];
  const held = createHeldLanes();
  const waiting = createWaitingRoom(clock);
  let inbox: DeliveredRecord[] = [];
  let unreadable = 0;
  let running: Promise<void> | undefined;
  let attemptEnd: Promise<unknown> = Promise.resolve();
  let waitingFor: string | undefined;
  let cancelWake: (() => void) | undefined;
  let stopped = false;

  function wake(): void {
    if (stopped || running !== undefined) return;
    cancelWake?.();
    running = workUntilIdle().finally(() => {
      running = undefined;
      if (inbox.length > 0) wake();
      else wakeForHeld();
    });
  }

  function wakeForHeld(): void {
    const dueAtMs = held.nextDueAtMs();
    if (dueAtMs !== undefined && !stopped)
      cancelWake = clock.after(Math.max(0, dueAtMs - clock.nowMs()), wake);
  }

  async function workUntilIdle(): Promise<void> {
    while (!stopped) {
      const due = held.takeDue(clock.nowMs());
      const fresh = inbox.splice(0, maxBatchSize);
      if (due.length === 0 && fresh.length === 0) return;
      await workOn(due, fresh);
      applyBackPressure();
    }
  }

  async function workOn(due: readonly HeldLane[], fresh: readonly DeliveredRecord[]): Promise<void> {
    const read = await patiently("the schema registry", () => readBatch(reader, fresh));
    const attemptsOf = new Map(
      due.flatMap(({ items, attempts }) => items.slice(0, 1).map((first) => [laneOf(first), attempts])),
    );
    const items = due.flatMap((lane) => lane.items);
    for (const item of read?.events ?? []) if (!held.queueBehind(item)) items.push(item);
    for (const record of read?.unreadable ?? []) keepUnreadable(record);

    const applied = await patiently("the store", async () => {
      const batch = await applyIsolated(store, items.filter(isAssigned));
      for (const { delivery } of batch.done) delivery.settled = true;
      return batch;
    });
    if (applied === undefined) return;
    holdBack(applied, attemptsOf);
    requestCommits(items);
  }

  /** Tries until it works: infrastructure being away is nobody's failed attempt. Undefined when stopped meanwhile. */
  async function patiently<Value>(what: string, work: () => Promise<Value>): Promise<Value | undefined> {
    for (let attempt = 1; !stopped; attempt += 1) {
      try {
        const running = work();
        attemptEnd = running.catch(() => undefined);
        const value = await running;
        if (waitingFor !== undefined) logger.info("Back again: records are being settled", { what });
        waitingFor = undefined;
        return value;
      } catch (error) {
        if (!(error instanceof StoreUnavailable || error instanceof RegistryUnavailable)) throw error;
        if (waitingFor === undefined) {
          logger.warn("Waiting: nothing is lost, consumption goes on when it is back", {
            what,
            reason: error.message,
          });
        }
        waitingFor = what;
        await waiting.wait(backoffMs(infrastructureBackoff, attempt));
      }
    }
    return undefined;
  }

  function holdBack(
    { rejected, behind, surprised }: IsolatedBatch,
    attemptsOf: ReadonlyMap<string, number>,
  ): void {
    const lanes = new Map<string, EventDelivery[]>();
    for (const { item, rejection } of rejected) {
      lanes.set(laneOf(item), [item]);
      logHeld(item, (attemptsOf.get(laneOf(item)) ?? 0) + 1, rejection.reason, rejection.message);
    }
    for (const { items, error } of surprised) {
      for (const item of items) {
        const lane = lanes.get(laneOf(item));
        if (lane === undefined) {
          lanes.set(laneOf(item), [item]);
          logHeld(item, (attemptsOf.get(laneOf(item)) ?? 0) + 1, "surprise", String(error));
        } else lane.push(item);
      }
    }
    for (const item of behind) lanes.get(laneOf(item))?.push(item);
    for (const [lane, items] of lanes) {
      if (!items.every(isAssigned)) continue;
      const attempts = (attemptsOf.get(lane) ?? 0) + 1;
      held.hold(items, attempts, clock.nowMs() + backoffMs(heldBackoff, attempts));
    }
  }

  function logHeld({ event, origin }: EventDelivery, attempt: number, reason: string, message: string): void {
    const fields = {
      orderId: event.orderId,
      source: origin.source,
      offset: origin.offset,
      attempt,
      reason,
      cause: message,
    };
    if (attempt === 1) logger.warn("An event cannot be applied: it is kept and tried again", fields);
    else logger.debug("An event still cannot be applied", fields);
  }

  function keepUnreadable({ delivered, reason, message }: UnreadableDelivery): void {
    unreadable += 1;
    const { topic, partition, offset } = delivered.record;
    logger.error("A record cannot be read: it is kept, and its partition's offset does not pass it", {
      topic,
      partition,
      offset,
      reason,
      cause: message,
    });
  }

  function requestCommits(items: readonly EventDelivery[]): void {
    const touched = new Set(items.map(({ delivery }) => delivery.partition));
    for (const { committer, partitions } of groups) {
      const own = [...touched].filter((partition) => partitions.get(partitionKey(partition)) === partition);
      if (own.length > 0) committer.request(own);
    }
  }

  /** Pauses what has too much in memory and resumes what has room again; the poll itself never stops. */
  function applyBackPressure(): void {
    for (const { source, partitions } of groups) {
      const owned = [...partitions.values()];
      const full = owned.filter(
        (own) => !own.paused && (inbox.length >= maxInbox || own.tracker.unsettled >= maxUnsettled),
      );
      const roomy = owned.filter(
        (own) => own.paused && inbox.length <= maxInbox / 2 && own.tracker.unsettled <= maxUnsettled / 2,
      );
      for (const own of full) own.paused = true;
      for (const own of roomy) own.paused = false;
      if (full.length > 0) source().pause(full);
      if (roomy.length > 0) source().resume(roomy);
    }
  }

  function letGo(
    group: Group,
    partitions: readonly TopicPartition[],
    state: "revoking" | "gone",
  ): AssignedPartition[] {
    const leaving = partitions.flatMap((partition) => group.partitions.get(partitionKey(partition)) ?? []);
    for (const own of leaving) {
      own.state = state;
      held.drop(own);
    }
    inbox = inbox.filter(({ delivery }) => delivery.partition.state === "assigned");
    return leaving;
  }

  return {
    join(source) {
      const committer = createCommitter((offsets) => source().commit(offsets), logger);
      const group: Group = { source, partitions: new Map(), committer };
      groups.push(group);
      return {
        onAssigned(partitions) {
          for (const partition of partitions) {
            group.partitions.set(
              partitionKey(partition),
              createAssignedPartition(partition, sourceOf(partition)),
            );
          }
        },
        onRecords(records) {
          for (const record of records) {
            const partition = group.partitions.get(partitionKey(record));
            if (partition === undefined || partition.state !== "assigned") continue;
            const delivery = { offset: record.offset, settled: false, partition };
            partition.tracker.deliver(delivery);
            inbox.push({ record, delivery });
          }
          applyBackPressure();
          wake();
        },
        async onRevoked(partitions) {
          const leaving = letGo(group, partitions, "revoking");
          // A try that runs may still write for them and settle it; the next one leaves them out, however long it waits.
          await attemptEnd;
          await committer.flush(leaving);
          for (const own of leaving) {
            own.state = "gone";
            group.partitions.delete(partitionKey(own));
          }
        },
        onLost(partitions) {
          for (const own of letGo(group, partitions, "gone")) group.partitions.delete(partitionKey(own));
        },
      };
    },
    get state() {
      return { held: held.size, unreadable, waitingFor };
    },
    async stop() {
      stopped = true;
      cancelWake?.();
      waiting.endAll();
      await running;
    },
  };
}

function isAssigned({ delivery }: EventDelivery): boolean {
  return delivery.partition.state === "assigned";
}
