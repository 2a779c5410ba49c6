// From delivered records to a settled prefix, and always in that order: claim, read, decide, save, settle, commit.
// Records come in from the poll loop without a wait; one batch at a time goes to the store, together with what it parks. A
// failing order waits in the store and not in memory, so it holds back nothing but itself.
import type { TopicPartition } from "../../kafka/record.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { Tracing } from "../../telemetry/tracing.ts";
import type { RecordSink, RecordSource } from "../consumer-group.ts";
import type { Breaker } from "../dead-letters/breaker.ts";
import type { DeadLetterOutbox } from "../dead-letters/dead-letter-outbox.ts";
import type { Failure, RetryPolicies } from "../domain/verdict.ts";
import type { ReplayDesk } from "../replays/replay-desk.ts";
import type { Claim, OrderStore } from "../store/order-store.ts";
import type { ParkedId } from "../store/parked-records.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { createAcknowledgedLetters } from "./acknowledged-letters.ts";
import { applyBackPressure } from "./back-pressure.ts";
import { createBatchRun } from "./batch-run.ts";
import { createClaims } from "./claims.ts";
import { type Committer, createCommitter } from "./committer.ts";
import type { ReachCrashPoint } from "./crash-points.ts";
import { createDueItems } from "./due-items.ts";
import type { BatchTally } from "./count-batch.ts";
import { createIntake } from "./intake.ts";
import {
  acceptClaim,
  type AssignedPartition,
  createAssignedPartition,
  isClaimed,
  isHeldBack,
  partitionKey,
  unclaim,
} from "./partition.ts";
import type { RecordReader } from "./record-reader.ts";
import { type DeliveredItem, readDelivered, resolveSchemas, type TakenItem } from "./read-items.ts";
import { createSkipQueue, type SkipOutcome } from "./skip-queue.ts";
import type { WorkItem } from "./work-item.ts";
import { startAtProgress } from "./start-at-progress.ts";
import { createWorkLoop } from "./work-loop.ts";
import type { BatchDraft } from "./write-batch.ts";

export interface WorkerOptions {
  readonly store: Pick<
    OrderStore,
    "load" | "stage" | "save" | "claim" | "readProgress" | "loadParked" | "listDue"
  >;
  readonly reader: RecordReader;
  readonly policies: RetryPolicies;
  /** Makes an item fail on purpose. */
  readonly simulate: (item: WorkItem) => Failure | undefined;
  /** Publishes dead letters; it must report to `onPublished` of this worker. */
  readonly outbox: Pick<DeadLetterOutbox, "add" | "forget" | "size" | "blockedBy">;
  readonly breaker: Breaker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names the stream that a partition's offsets belong to. */
  readonly sourceOf: (partition: TopicPartition) => string;
  readonly reachCrashPoint?: ReachCrashPoint;
  /** Without it no record is a replay. */
  readonly replays?: ReplayDesk;
  /** Hears of each batch that is written. */
  readonly tally?: BatchTally;
  readonly tracing?: Tracing | undefined;
  /** Records of one transaction; fewer after the store could not take so many. Default: 10,000. */
  readonly maxBatchSize?: number;
  /** Unread records in memory at which every partition pauses, until half of it is left. Default: 20,000. */
  readonly maxInbox?: number;
  /** Records from the first unsettled one on at which a partition pauses. Default: 100,000. */
  readonly maxUnsettled?: number;
  /** Dead letters on their way at which nothing more is taken. Default: 5,000. */
  readonly maxDying?: number;
  /**
   * Milliseconds that settled offsets wait for more of them: a commit is a write of the broker, and small batches come hundreds
   * a second. A restart reads on where the store has got to, so a later commit repeats nothing. Default: 100.
   */
  readonly commitEveryMs?: number;
}

export interface WorkerState {
  /** What nothing can be settled without, and is away: the store, the registry. */
  readonly waitingFor: string | undefined;
  /** Why dead letters cannot be published now. */
  readonly dlqBlockedBy: string | undefined;
  readonly breaker: { readonly state: string; readonly cause: string | undefined };
  /** Delivered and not worked on yet. */
  readonly inbox: number;
  /** Dead letters on their way. */
  readonly dying: number;
  /** Partitions that back-pressure holds. */
  readonly paused: number;
  /** Records that were delivered although the store had them, since this worker began. */
  readonly redelivered: number;
}

export interface Worker {
  /** The side of one consumer group; `source` is asked for only after partitions were assigned. */
  join(groupId: string, source: () => RecordSource): RecordSink;
  /** The broker has acknowledged the dead letters of these records. */
  onPublished(ids: readonly ParkedId[]): void;
  /** Whether back-pressure holds this partition. */
  isPaused(partition: TopicPartition): boolean;
  /** Events of a partition that is assigned here which wait for an attempt, or behind one; undefined for any other. */
  waiting(partition: TopicPartition): number | undefined;
  /** Looks at once for what operators have ordered. */
  poke(): void;
  /**
   * Goes on at `nextOffset` as if everything before it had been read. The consumer still stands where it stood: it is to
   * be opened anew, and reads from the committed offset. Rejects with StoreUnavailable; then the outcome is unknown.
   */
  skipTo(partition: TopicPartition, nextOffset: number): Promise<SkipOutcome>;
  readonly state: WorkerState;
  /** Ends waiting and timers. Close the consumers first: that drains and commits. */
  stop(): Promise<void>;
}

interface Group {
  readonly source: () => RecordSource;
  readonly partitions: Map<string, AssignedPartition>;
  readonly committer: Committer;
}

/** With too many letters on their way nothing is taken; how soon it is looked again whether there is room. */
const roomDelayMs = 200;

export function createWorker(options: WorkerOptions): Worker {
  const { store, reader, outbox, breaker, clock, logger, sourceOf } = options;
  const { maxBatchSize = 10_000, maxInbox = 20_000, maxUnsettled = 100_000 } = options;
  const { maxDying = 5000, commitEveryMs = 100 } = options;
  const pressBack = () => applyBackPressure(groups, intake.unread, { maxInbox, maxUnsettled });
  const reachCrashPoint = options.reachCrashPoint ?? (() => undefined);
  const groups: Group[] = [];
  const bySource = new Map<string, AssignedPartition>();
  const skips = createSkipQueue();
  // A worker that did not know yet that it had been replaced: a claim shows what it has left.
  const dueItems = createDueItems(store, reader, clock, unclaim);
  const letters = createAcknowledgedLetters(store, bySource);
  const claims = createClaims<Claim>({
    claim: (sources) => store.claim(sources),
    accept: acceptParked,
    owned: bySource,
    clock,
    logger,
  });
  const batchRun = createBatchRun({ ...options, reachCrashPoint });
  const intake = createIntake({
    reader,
    dueItems,
    owned: bySource,
    draft: (items, before) => batchRun.draft(items, before),
    batchSize: () => batchSize,
    mayGoAhead: () => breaker.state === "closed" && outbox.size < maxDying,
    onRepeated: requestCommits,
  });
  /** Halved when the store gives a batch up, for it may have been too much in its time; grows again while it does not. */
  let batchSize = maxBatchSize;
  const loop = createWorkLoop({
    workOnce,
    nextWakeMs,
    onTried(wentWell) {
      if (wentWell) batchSize = Math.min(maxBatchSize, Math.ceil(batchSize * 1.25));
      pressBack();
    },
    words: {
      waiting: "Waiting: nothing is lost, consumption goes on when it is back",
      back: "Back again: records are being settled",
    },
    clock,
    logger,
  });
  const wake = () => loop.wake();

  /** When there may be something to do although nothing comes in; infinity when only something that comes in can help. */
  function nextWakeMs(): number {
    const owned = [...bySource.values()];
    const timesMs = owned.flatMap(({ state, claimAfterMs }) => (state === "unclaimed" ? [claimAfterMs] : []));
    if (breaker.permits(clock.nowMs()) === "none") timesMs.push(breaker.nextProbeAtMs ?? 0);
    // An acknowledgement wakes, but not that of a letter whose partition was given away meanwhile.
    else if (outbox.size >= maxDying) timesMs.push(clock.nowMs() + roomDelayMs);
    else timesMs.push(dueItems.nextLookMs(owned.filter(isClaimed)) ?? Number.POSITIVE_INFINITY);
    return Math.min(...timesMs);
  }

  /** Answers whether there was anything to do. */
  async function workOnce(): Promise<boolean> {
    const claimed = await claims.take();
    if (claimed.length > 0) requestCommits(new Set(claimed));
    for (const source of await letters.unpark()) {
      claims.disown(source);
      wake();
    }
    await skips.carryOut(skip);
    const permitted = breaker.permits(clock.nowMs());
    // Not waited for here: a revoke waits for this try, and claims and acknowledgements have their turn meanwhile.
    if (permitted === "none") return false;
    if (outbox.size >= maxDying) return false;
    const { due, fresh, draft } = await (permitted === "one" ? intake.takeProbe() : intake.takeBatch());
    if (due.length === 0 && fresh.length === 0) return false;
    reachCrashPoint("after-poll");
    await runItems([...due, ...fresh], fresh, draft);
    return true;
  }

  /** With what the store has parked for it: letters on their way go on being published. */
  async function acceptParked(partition: AssignedPartition, claim: Claim): Promise<void> {
    const published = letters.offsetsOf(claim.source);
    const dead = claim.parked.filter(({ state, offset }) => state === "dead" && !published.has(offset));
    if (dead.length > 0) outbox.add(await store.loadParked(dead));
    acceptClaim(partition, claim);
    // Acknowledged already, and about to be let go of: nobody will tell of these again.
    for (const offset of letters.offsetsOf(claim.source)) partition.dying.delete(offset);
  }

  async function runItems(
    taken: readonly TakenItem[],
    fresh: readonly DeliveredItem[],
    draft: BatchDraft | undefined,
  ): Promise<void> {
    try {
      const items = await resolveSchemas(reader, taken);
      const outcome = await batchRun.run(items, { draft, onSaving: (plan) => intake.begin(plan) });
      for (const source of outcome.fenced) claims.disown(source);
      // Not after the draft: that may wait for the registry.
      requestCommits(partitionsOf(items));
      await intake.end(outcome.written, outcome.notDone);
    } catch (error) {
      // Whether it was written is unknown: the next claim tells, by the offset up to which the store has everything.
      await intake.end(undefined, fresh);
      if (error instanceof StoreUnavailable) {
        for (const { partition } of taken) unclaim(partition);
        batchSize = Math.max(Math.ceil(maxBatchSize / 100), Math.floor(batchSize / 2));
      }
      throw error;
    }
  }

  async function skip(key: string, nextOffset: number): Promise<SkipOutcome> {
    const group = groups.find(({ partitions }) => partitions.has(key));
    const partition = group?.partitions.get(key);
    if (group === undefined || partition === undefined) return "not ours";
    // The broker's offset would otherwise stay behind the gap, and the consumer would meet it again.
    if (!isClaimed(partition) || partition.tracker.unsettled > 0 || isHeldBack(partition)) return "unsettled";
    const { source, epoch } = partition;
    const progress = [{ source, epoch, nextOffset }];
    const saved = await store
      .save({ progress, changes: [], park: [], repark: [], unpark: [] })
      .catch((error: unknown) => {
        unclaim(partition);
        throw error;
      });
    if (saved.kind !== "saved") {
      claims.disown(source);
      return "not ours";
    }
    partition.nextOffset = Math.max(partition.nextOffset, nextOffset);
    partition.tracker.skipTo(nextOffset);
    await group.committer.flush([partition]);
    return (partition.committedNextOffset ?? 0) >= nextOffset ? "skipped" : "uncommitted";
  }

  function requestCommits(partitions: ReadonlySet<AssignedPartition>): void {
    reachCrashPoint("before-offset-commit");
    for (const { committer, partitions: own } of groups) {
      committer.request(
        [...partitions].filter((partition) => own.get(partitionKey(partition)) === partition),
      );
    }
  }

  function letGo(
    group: Group,
    partitions: readonly TopicPartition[],
    state: "revoking" | "gone",
  ): AssignedPartition[] {
    const leaving = partitions.flatMap((partition) => group.partitions.get(partitionKey(partition)) ?? []);
    for (const own of leaving) own.state = state;
    intake.dropForeign();
    return leaving;
  }

  function forget(group: Group, leaving: readonly AssignedPartition[]): void {
    outbox.forget(leaving.map(({ source }) => source));
    for (const own of leaving) {
      own.state = "gone";
      if (group.partitions.get(partitionKey(own)) === own) group.partitions.delete(partitionKey(own));
      if (bySource.get(own.source) === own) bySource.delete(own.source);
    }
    // There is room now, in memory and among the letters on their way, for the partitions that stay.
    if (leaving.length > 0) wake();
  }

  return {
    join(groupId, source) {
      const committer = createCommitter((offsets) => source().commit(offsets), logger, clock, commitEveryMs);
      const group: Group = { source, partitions: new Map(), committer };
      groups.push(group);
      return {
        startAt: startAtProgress((sources) => store.readProgress(sources), sourceOf),
        onAssigned(partitions) {
          // What is assigned again without a word was lost in between.
          forget(group, letGo(group, partitions, "gone"));
          for (const partition of partitions) {
            const own = createAssignedPartition(partition, groupId, sourceOf(partition));
            group.partitions.set(partitionKey(partition), own);
            bySource.set(own.source, own);
          }
          wake();
        },
        onRecords(records) {
          let partition: AssignedPartition | undefined;
          for (const record of records) {
            // Records come in runs of one partition: a look-up a run.
            if (partition?.partition !== record.partition || partition.topic !== record.topic) {
              partition = group.partitions.get(partitionKey(record));
            }
            if (partition === undefined || partition.state === "revoking" || partition.state === "gone")
              continue;
            const delivery = { offset: record.offset, settled: false, partition };
            partition.tracker.deliver(delivery);
            // Read here and not when it is its turn: meanwhile the store is busy with the batch before.
            intake.push(readDelivered(reader, record, partition, delivery));
          }
          intake.goOn();
          pressBack();
          wake();
        },
        async onRevoked(partitions) {
          const leaving = letGo(group, partitions, "revoking");
          loop.endWaiting();
          // A try that runs may still write for them and settle it; the next one leaves them out, however long it waits.
          await loop.attemptEnd;
          await committer.flush(leaving);
          forget(group, leaving);
        },
        onLost(partitions) {
          forget(group, letGo(group, partitions, "gone"));
        },
      };
    },
    onPublished(ids) {
      reachCrashPoint("after-dlq-ack");
      requestCommits(letters.add(ids));
      wake();
    },
    isPaused: (partition) =>
      groups.some(({ partitions }) => partitions.get(partitionKey(partition))?.paused === true),
    waiting: (partition) =>
      groups
        .map(({ partitions }) => partitions.get(partitionKey(partition))?.lanes.waiting)
        .find((count) => count !== undefined),
    poke() {
      dueItems.lookNow();
      wake();
    },
    skipTo(partition, nextOffset) {
      const outcome = skips.add(partition, nextOffset);
      loop.endWaiting();
      wake();
      return outcome;
    },
    get state() {
      return {
        waitingFor: loop.waitingFor,
        dlqBlockedBy: outbox.blockedBy,
        breaker: { state: breaker.state, cause: breaker.cause },
        inbox: intake.unread,
        dying: outbox.size,
        paused: groups.flatMap(({ partitions }) => [...partitions.values()]).filter(({ paused }) => paused)
          .length,
        redelivered: intake.redelivered,
      };
    },
    async stop() {
      const ended = loop.stop();
      skips.close();
      await ended;
    },
  };
}

function partitionsOf(
  touched: readonly { readonly partition: AssignedPartition }[],
): ReadonlySet<AssignedPartition> {
  const partitions = new Set<AssignedPartition>();
  for (const { partition } of touched) partitions.add(partition);
  return partitions;
}
