// From delivered decisions to a settled prefix, and always in that order: claim, read, decide, save, settle, commit. Records
// come in from the poll loop without a wait; one batch at a time goes to the store. Nothing here fails for good: what is no
// decision is a dead letter in the same transaction, and what is away is waited for.
import type { KafkaRecord, TopicPartition } from "../../kafka/record.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { Tracing } from "../../telemetry/tracing.ts";
import type { RecordSink, RecordSource } from "../consumer-group.ts";
import type { OriginalRecord } from "../domain/dead-letter.ts";
import type { ReplayDesk } from "../replays/replay-desk.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { applyBackPressure } from "../worker/back-pressure.ts";
import { createClaims } from "../worker/claims.ts";
import { type Committer, createCommitter } from "../worker/committer.ts";
import type { ReachCrashPoint } from "../worker/crash-points.ts";
import {
  acceptClaim,
  type AssignedPartition,
  createAssignedPartition,
  isClaimed,
  partitionKey,
  unclaim,
} from "../worker/partition.ts";
import { createSkipQueue, type SkipOutcome } from "../worker/skip-queue.ts";
import { startAtProgress } from "../worker/start-at-progress.ts";
import { createWorkLoop } from "../worker/work-loop.ts";
import { createDecisionInbox } from "./decision-inbox.ts";
import {
  type DecisionItem,
  evolveDecisions,
  progressOf,
  resolveDecisions,
  takeFitting,
  toTaken,
  type TakenDecision,
} from "./decision-items.ts";
import type { DecisionReader } from "./decision-reader.ts";
import type { Saga } from "./domain/saga.ts";
import { beginEvolution, type Evolution } from "./evolution.ts";
import type { SagaWriter } from "./saga-writer.ts";
import { traceDecisions } from "./trace-decisions.ts";
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
  readonly replays?: Pick<ReplayDesk, "standings" | "lineageOf"> | undefined;
  readonly tracing?: Tracing | undefined;
  readonly reachCrashPoint?: ReachCrashPoint;
  /** Records of one transaction. Default: 2,000. */
  readonly maxBatchSize?: number;
  /** Unread records of usual size in memory at which every partition pauses, until half of it is left. Default: 8,000. */
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

/** Where reading starts is the store's to say; the broker's offset is what others look at. */
const commitEveryMs = 100;

export function createSagaWorker(options: SagaWorkerOptions): SagaWorker {
  const {
    store,
    reader,
    writer,
    windowMs,
    clock,
    logger,
    sourceOf,
    readProgress,
    onSaved,
    replays,
    tracing,
  } = options;
  const { maxBatchSize = 2000, maxInbox = 8000 } = options;
  const reachCrashPoint = options.reachCrashPoint ?? (() => undefined);
  const partitions = new Map<string, AssignedPartition>();
  const inbox = createDecisionInbox();
  const skips = createSkipQueue();
  let group: { readonly source: () => RecordSource; readonly committer: Committer } | undefined;
  const loop = createWorkLoop({
    workOnce,
    nextWakeMs: () =>
      Math.min(
        ...[...partitions.values()].flatMap(({ state, claimAfterMs }) =>
          state === "unclaimed" ? [claimAfterMs] : [],
        ),
      ),
    onTried: pressBack,
    words: {
      waiting: "Waiting: nothing is lost, decisions are settled when it is back",
      back: "Back again: decisions are being settled",
    },
    clock,
    logger,
  });
  const wake = () => loop.wake();
  const claims = createClaims({
    claim: (sources) => store.claim(sources),
    accept: (partition, claim) => acceptClaim(partition, { ...claim, parked: [] }),
    owned: partitions,
    clock,
    logger,
  });

  /** Answers whether there was anything to do. */
  async function workOnce(): Promise<boolean> {
    const claimed = await claims.take();
    // The broker may be behind what the store has.
    if (claimed.length > 0) requestCommits(claimed.map((partition) => ({ partition })));
    await skips.carryOut(skip);
    const taken = takeFitting(inbox, maxBatchSize);
    if (taken.length === 0) return false;
    const isRepeated = ({ delivery: { partition, offset } }: TakenDecision) => offset < partition.nextOffset;
    const fresh = taken.filter((item) => !isRepeated(item));
    const repeated = taken.filter(isRepeated);
    settle(repeated);
    if (fresh.length > 0) await run(fresh);
    return true;
  }

  async function run(fresh: readonly TakenDecision[]): Promise<void> {
    const startedAtMs = clock.nowMs();
    try {
      const items = await resolveDecisions(reader, fresh);
      const standings = await standingsOf(items);
      const written = await writer.write({
        progress: progressOf(items),
        orderIds: ordersOf(items),
        evolve: (known, nowMs, isEnded) =>
          evolveDecisions(items, known, {
            nowMs,
            windowMs,
            replays: standings === undefined ? undefined : { ...standings, isEnded },
          }),
        onStage: (stage, evolution) => {
          if (stage === "before-save") reachCrashPoint("saga-before-save");
          else reachSaved(evolution);
        },
      });
      if (written.kind === "fenced") {
        inbox.putBack(fresh);
        for (const source of written.sources) claims.disown(source);
        return;
      }
      if (written.kind === "keys-taken") throw new Error("decisions have no Idempotency-Key");
      settle(items);
      if (tracing !== undefined)
        traceDecisions(tracing, items, written.evolution, { startedAtMs, endedAtMs: clock.nowMs() });
      onSaved(written.evolution.changes.map(({ saga }) => saga));
    } catch (error) {
      // Whether it was written is unknown: the next claim tells, by the offset up to which the store has everything.
      inbox.putBack(fresh);
      if (error instanceof StoreUnavailable) for (const { delivery } of fresh) unclaim(delivery.partition);
      throw error;
    }
  }

  /** Always there: what waits in the store may be a replay, also where none has come now. */
  async function standingsOf(items: readonly DecisionItem[]) {
    if (replays === undefined) return undefined;
    const standings = await replays.standings(items.map(({ record }) => record));
    return { replayOf: (original: OriginalRecord) => replays.lineageOf(original), standings };
  }

  function reachSaved({ changes }: Evolution): void {
    if (changes.some(({ saga: { payment, stock } }) => (payment === null) !== (stock === null))) {
      reachCrashPoint("saga-between-halves");
    }
    if (changes.some(({ saga }) => saga.settledAtMs !== null)) reachCrashPoint("saga-after-save");
  }

  function settle(items: readonly Pick<TakenDecision, "delivery">[]): void {
    if (items.length === 0) return;
    for (const { delivery } of items) {
      const { partition, offset } = delivery;
      delivery.settled = true;
      partition.nextOffset = Math.max(partition.nextOffset, offset + 1);
    }
    requestCommits(items.map(({ delivery }) => delivery));
  }

  function requestCommits(touched: readonly { readonly partition: AssignedPartition }[]): void {
    const mine = touched
      .map(({ partition }) => partition)
      .filter((partition) => partitions.get(partitionKey(partition)) === partition);
    group?.committer.request(new Set(mine));
  }

  /** Between two batches. The broker's offset would otherwise stay behind the gap, and the consumer would meet it again. */
  async function skip(key: string, nextOffset: number): Promise<SkipOutcome> {
    const partition = partitions.get(key);
    if (group === undefined || partition === undefined) return "not ours";
    if (!isClaimed(partition) || partition.tracker.unsettled > 0) return "unsettled";
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
      claims.disown(source);
      return "not ours";
    }
    partition.nextOffset = Math.max(partition.nextOffset, nextOffset);
    partition.tracker.skipTo(nextOffset);
    await group.committer.flush([partition]);
    return (partition.committedNextOffset ?? 0) >= nextOffset ? "skipped" : "uncommitted";
  }

  function pressBack(): void {
    if (group === undefined) return;
    applyBackPressure([{ source: group.source, partitions }], inbox.load, {
      maxInbox,
      maxUnsettled: Number.POSITIVE_INFINITY,
    });
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
    inbox.push(toTaken(record, delivery));
  }

  return {
    join(groupId, source) {
      const committer = createCommitter((offsets) => source().commit(offsets), logger, clock, commitEveryMs);
      group = { source, committer };
      return {
        startAt: startAtProgress(readProgress, sourceOf),
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
          pressBack();
          wake();
        },
        async onRevoked(revoked) {
          const leaving = letGo(revoked, "revoking");
          loop.endWaiting();
          // A try that runs may still write for them and settle it; the next one leaves them out, however long it waits.
          await loop.attemptEnd;
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
      loop.endWaiting();
      wake();
      return outcome;
    },
    get waitingFor() {
      return loop.waitingFor;
    },
    async stop() {
      const ended = loop.stop();
      skips.close();
      await ended;
    },
  };
}

function ordersOf(items: readonly DecisionItem[]): readonly number[] {
  const orderIds = items.flatMap(({ reading }) => (reading.kind === "decision" ? [reading.orderId] : []));
  return [...new Set(orderIds)];
}
