// From delivered decisions to a settled prefix, and always in that order: claim, read, decide, save, settle, commit. Records
// come in from the poll loop without a wait; one batch at a time goes to the store. Nothing here fails for good: what is no
// decision is a dead letter in the same transaction, and what is away is waited for.
import type { KafkaRecord, TopicPartition } from "../../kafka/record.ts";
import { type Backoff, backoffMs } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { RecordSink, RecordSource } from "../consumer-group.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { type Committer, createCommitter } from "../worker/committer.ts";
import type { ReachCrashPoint } from "../worker/crash-points.ts";
import { createInbox } from "../worker/inbox.ts";
import {
  acceptClaim,
  type AssignedPartition,
  createAssignedPartition,
  partitionKey,
} from "../worker/partition.ts";
import { RegistryUnavailable } from "../worker/read-items.ts";
import { createSkipQueue, type SkipOutcome } from "../worker/skip-queue.ts";
import { createWaitingRoom } from "../worker/waiting-room.ts";
import {
  type DecisionItem,
  evolveDecisions,
  progressOf,
  readDecision,
  resolveDecisions,
  takeFitting,
  type TakenDecision,
} from "./decision-items.ts";
import type { DecisionReader } from "./decision-reader.ts";
import type { Saga } from "./domain/saga.ts";
import { beginEvolution, type Evolution } from "./evolution.ts";
import type { SagaWriter } from "./saga-writer.ts";
import type { SagaStore } from "./store/saga-store.ts";

export interface SagaWorkerOptions {
  readonly store: Pick<SagaStore, "claim">;
  /** `OrderStore.readProgress`. */
  readonly readProgress: (sources: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  readonly reader: Pick<DecisionReader, "read" | "resolve">;
  readonly writer: SagaWriter;
  readonly windowMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names the stream that a partition's offsets belong to. */
  readonly sourceOf: (partition: TopicPartition) => string;
  /** Sagas as they have just been saved. */
  readonly onSaved: (sagas: readonly Saga[]) => void;
  readonly reachCrashPoint?: ReachCrashPoint;
  /** Records of one transaction. Default: 2,000. */
  readonly maxBatchSize?: number;
  /** Unread records in memory at which every partition pauses, until half of it is left. Default: 10,000. */
  readonly maxInbox?: number;
}

export interface SagaWorker {
  /** The side of the consumer group; `source` is asked for only after partitions were assigned. */
  join(groupId: string, source: () => RecordSource): RecordSink;
  isPaused(partition: TopicPartition): boolean;
  /** Whether this partition is assigned here. */
  owns(partition: TopicPartition): boolean;
  /** As `Worker.skipTo` of ../worker/worker.ts. */
  skipTo(partition: TopicPartition, nextOffset: number): Promise<SkipOutcome>;
  /** What nothing can be settled without, and is away: the store, the registry. */
  readonly waitingFor: string | undefined;
  /** Ends waiting and timers. Close the consumer first: that drains and commits. */
  stop(): Promise<void>;
}

const infrastructureBackoff: Backoff = { firstMs: 100, maxMs: 5000 };
/** A claim that somebody took over is asked for again, in case it was a mistake: only the consumer group knows. */
const reclaimDelayMs = 500;

export function createSagaWorker(options: SagaWorkerOptions): SagaWorker {
  const { store, reader, writer, windowMs, clock, logger, sourceOf, readProgress, onSaved } = options;
  const { maxBatchSize = 2000, maxInbox = 10_000 } = options;
  const reachCrashPoint = options.reachCrashPoint ?? (() => undefined);
  const partitions = new Map<string, AssignedPartition>();
  const inbox = createInbox<TakenDecision>();
  const waiting = createWaitingRoom(clock);
  const skips = createSkipQueue();
  let group: { readonly source: () => RecordSource; readonly committer: Committer } | undefined;
  let running: Promise<void> | undefined;
  let attemptEnd: Promise<unknown> = Promise.resolve();
  let waitingFor: string | undefined;
  let failedTries = 0;
  let cancelWake: (() => void) | undefined;
  /** Since the try that runs has begun: there may be more by now than it has looked at. */
  let wokenAgain = false;
  let stopped = false;

  function wake(): void {
    wokenAgain = true;
    if (stopped || running !== undefined) return;
    cancelWake?.();
    running = workUntilIdle().finally(() => {
      running = undefined;
      if (wokenAgain) wake();
      else wakeForClaims();
    });
  }

  function wakeForClaims(): void {
    const unclaimed = [...partitions.values()].filter(({ state }) => state === "unclaimed");
    if (stopped || unclaimed.length === 0) return;
    const nextAtMs = Math.min(...unclaimed.map(({ claimAfterMs }) => claimAfterMs));
    cancelWake = clock.after(Math.max(0, nextAtMs - clock.nowMs()), wake);
  }

  async function workUntilIdle(): Promise<void> {
    while (!stopped) {
      wokenAgain = false;
      try {
        // A try that fails leaves everything as it was; a revoke waits for its end and not for its success.
        const attempt = workOnce();
        attemptEnd = attempt.catch(() => undefined);
        const worked = await attempt;
        if (waitingFor !== undefined)
          logger.info("Back again: decisions are being settled", { what: waitingFor });
        waitingFor = undefined;
        failedTries = 0;
        applyBackPressure();
        if (!worked && !wokenAgain) return;
      } catch (error) {
        await waitFor(error);
      }
    }
  }

  /** Answers whether there was anything to do. */
  async function workOnce(): Promise<boolean> {
    await claimPartitions();
    await skips.carryOut(skip);
    const taken = takeFitting(inbox, maxBatchSize);
    if (taken.length === 0) return false;
    const fresh = taken.filter(({ partition, record }) => record.offset >= partition.nextOffset);
    const repeated = taken.filter(({ partition, record }) => record.offset < partition.nextOffset);
    settle(repeated);
    if (fresh.length > 0) await run(fresh);
    return true;
  }

  async function run(fresh: readonly TakenDecision[]): Promise<void> {
    try {
      const items = await resolveDecisions(reader, fresh);
      const written = await writer.write({
        progress: progressOf(items),
        orderIds: ordersOf(items),
        evolve: (known, nowMs) => evolveDecisions(items, known, nowMs, windowMs),
        onStage: (stage, evolution) => {
          if (stage === "before-save") reachCrashPoint("saga-before-save");
          else reachSaved(evolution);
        },
      });
      if (written.kind === "fenced") {
        inbox.putBack(fresh);
        for (const source of written.sources) disown(source);
        return;
      }
      if (written.kind === "keys-taken") throw new Error("decisions have no Idempotency-Key");
      settle(items);
      onSaved(written.evolution.changes.map(({ saga }) => saga));
    } catch (error) {
      // Whether it was written is unknown: the next claim tells, by the offset up to which the store has everything.
      inbox.putBack(fresh);
      if (error instanceof StoreUnavailable) for (const { partition } of fresh) unclaim(partition);
      throw error;
    }
  }

  function reachSaved({ changes }: Evolution): void {
    if (changes.some(({ saga: { payment, stock } }) => (payment === null) !== (stock === null))) {
      reachCrashPoint("saga-between-halves");
    }
    if (changes.some(({ saga }) => saga.settledAtMs !== null)) reachCrashPoint("saga-after-save");
  }

  function settle(items: readonly TakenDecision[]): void {
    if (items.length === 0) return;
    for (const { partition, record, delivery } of items) {
      delivery.settled = true;
      partition.nextOffset = Math.max(partition.nextOffset, record.offset + 1);
    }
    requestCommits(items);
  }

  function requestCommits(touched: readonly { readonly partition: AssignedPartition }[]): void {
    const mine = touched
      .map(({ partition }) => partition)
      .filter((partition) => partitions.get(partitionKey(partition)) === partition);
    group?.committer.request(new Set(mine));
  }

  async function claimPartitions(): Promise<void> {
    const nowMs = clock.nowMs();
    const unclaimed = [...partitions.values()].filter(
      ({ state, claimAfterMs }) => state === "unclaimed" && claimAfterMs <= nowMs,
    );
    if (unclaimed.length === 0) return;
    for (const claim of await store.claim(unclaimed.map(({ source }) => source))) {
      // Of those that were asked for: a partition that was assigned anew since may have been somebody else's in between.
      const partition = unclaimed.find(({ source }) => source === claim.source);
      if (partition === undefined || partitions.get(partitionKey(partition)) !== partition) continue;
      acceptClaim(partition, { ...claim, parked: [] });
    }
    // The broker may be behind what the store has.
    requestCommits(unclaimed.map((partition) => ({ partition })));
  }

  /** Between two batches. The broker's offset would otherwise stay behind the gap, and the consumer would meet it again. */
  async function skip(key: string, nextOffset: number): Promise<SkipOutcome> {
    const partition = partitions.get(key);
    if (group === undefined || partition === undefined) return "not ours";
    if (partition.state !== "claimed" || partition.tracker.unsettled > 0) return "unsettled";
    const { source, epoch } = partition;
    const nothing = beginEvolution(new Map()).end();
    const written = await writer
      .write({
        progress: [{ source, epoch, nextOffset }],
        orderIds: [],
        expected: new Map(),
        evolve: () => nothing,
      })
      .catch((error: unknown) => {
        unclaim(partition);
        throw error;
      });
    if (written.kind !== "saved") {
      disown(source);
      return "not ours";
    }
    partition.nextOffset = Math.max(partition.nextOffset, nextOffset);
    partition.tracker.skipTo(nextOffset);
    await group.committer.flush([partition]);
    return (partition.committedNextOffset ?? 0) >= nextOffset ? "skipped" : "uncommitted";
  }

  function unclaim(partition: AssignedPartition): void {
    if (partition.state === "claimed") partition.state = "unclaimed";
  }

  function disown(source: string): void {
    logger.warn("Another worker has claimed a partition: nothing more is written for it", { source });
    for (const partition of partitions.values()) {
      if (partition.source !== source) continue;
      unclaim(partition);
      partition.claimAfterMs = clock.nowMs() + reclaimDelayMs;
    }
  }

  /** Infrastructure being away is no decision's fault: everything waits. */
  async function waitFor(error: unknown): Promise<void> {
    if (!(error instanceof StoreUnavailable || error instanceof RegistryUnavailable)) throw error;
    const what = error instanceof StoreUnavailable ? "the store" : "the schema registry";
    if (waitingFor === undefined) {
      logger.warn("Waiting: nothing is lost, decisions are settled when it is back", {
        what,
        reason: error.message,
      });
    }
    waitingFor = what;
    failedTries += 1;
    applyBackPressure();
    if (!stopped) await waiting.wait(backoffMs(infrastructureBackoff, failedTries));
  }

  /** Pauses everything when too much is in memory; the poll itself never stops. */
  function applyBackPressure(): void {
    const owned = [...partitions.values()];
    const full = inbox.length >= maxInbox ? owned.filter(({ paused }) => !paused) : [];
    const roomy = inbox.length <= maxInbox / 2 ? owned.filter(({ paused }) => paused) : [];
    for (const own of full) own.paused = true;
    for (const own of roomy) own.paused = false;
    if (full.length > 0) group?.source().pause(full);
    if (roomy.length > 0) group?.source().resume(roomy);
  }

  function letGo(leaving: readonly TopicPartition[], state: "revoking" | "gone"): AssignedPartition[] {
    const left = leaving.flatMap((partition) => partitions.get(partitionKey(partition)) ?? []);
    for (const own of left) own.state = state;
    inbox.dropForeign();
    return left;
  }

  function forget(left: readonly AssignedPartition[]): void {
    for (const own of left) {
      own.state = "gone";
      if (partitions.get(partitionKey(own)) === own) partitions.delete(partitionKey(own));
    }
    if (left.length > 0) wake();
  }

  function deliver(record: KafkaRecord, partition: AssignedPartition): void {
    const delivery = { offset: record.offset, settled: false, partition };
    partition.tracker.deliver(delivery);
    inbox.push(readDecision(reader, record, partition, delivery));
  }

  return {
    join(groupId, source) {
      const committer = createCommitter((offsets) => source().commit(offsets), logger, clock);
      group = { source, committer };
      return {
        // The store's own progress, and not the broker's: nothing that it has is read again.
        async startAt(asked) {
          const progress = await readProgress(asked.map(sourceOf));
          return asked.flatMap((partition) => {
            const nextOffset = progress.get(sourceOf(partition));
            return nextOffset === undefined ? [] : [{ ...partition, nextOffset }];
          });
        },
        onAssigned(assigned) {
          // What is assigned again without a word was lost in between.
          forget(letGo(assigned, "gone"));
          for (const partition of assigned) {
            const own = createAssignedPartition(partition, groupId, sourceOf(partition));
            partitions.set(partitionKey(partition), own);
          }
          wake();
        },
        onRecords(records) {
          for (const record of records) {
            const partition = partitions.get(partitionKey(record));
            if (partition === undefined || partition.state === "revoking" || partition.state === "gone")
              continue;
            deliver(record, partition);
          }
          applyBackPressure();
          wake();
        },
        async onRevoked(revoked) {
          const leaving = letGo(revoked, "revoking");
          waiting.endAll();
          // A try that runs may still write for them and settle it; the next one leaves them out, however long it waits.
          await attemptEnd;
          await committer.flush(leaving);
          forget(leaving);
        },
        onLost(lost) {
          forget(letGo(lost, "gone"));
        },
      };
    },
    isPaused: (partition) => partitions.get(partitionKey(partition))?.paused === true,
    owns: (partition) => partitions.has(partitionKey(partition)),
    skipTo(partition, nextOffset) {
      const outcome = skips.add(partition, nextOffset);
      waiting.endAll();
      wake();
      return outcome;
    },
    get waitingFor() {
      return waitingFor;
    },
    async stop() {
      stopped = true;
      cancelWake?.();
      waiting.endAll();
      skips.close();
      await running;
    },
  };
}

function ordersOf(items: readonly DecisionItem[]): readonly number[] {
  const orderIds = items.flatMap(({ reading }) => (reading.kind === "decision" ? [reading.orderId] : []));
  return [...new Set(orderIds)];
}
