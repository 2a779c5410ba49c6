// Publishes one outbox: its messages in the order of their numbers, in transactions, each message on its topic once.
//
// Only the publisher that was initialised last can publish under the outbox's transactional id. Whoever takes an outbox over
// (a start, another instance's end, an answer that never came) initialises first, which ends what its predecessor had open,
// and then reads the topics from where the store last knew them: transactions are serial, so the highest number found there
// is exactly how far the outbox has been published. The store is told afterwards, and may be behind.
import type { InitOutcome, TransactionOutcome } from "../../kafka/transactional-publisher.ts";
import type { Published } from "../../kafka/publisher.ts";
import type { OutgoingRecord } from "../../kafka/record.ts";
import { type Backoff, backoffMs } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { ReachCrashPoint } from "../worker/crash-points.ts";
import { createWaitingRoom } from "../worker/waiting-room.ts";
import { createMessageQueue, type QueuedMessage } from "./message-queue.ts";
import type { ReadBack } from "./read-back.ts";
import { placeHeader } from "./saga-messages.ts";
import type { ShrinkMessage } from "./shrink-letter.ts";
import type { OutgoingMessage, SagaStore } from "./store/saga-store.ts";

export interface LanePublisher {
  init(): Promise<InitOutcome>;
  publishAll(records: readonly OutgoingRecord[]): Promise<TransactionOutcome>;
}

export interface OutboxLaneOptions {
  readonly id: string;
  /** Who holds the lease: an instance, also after its restart. */
  readonly owner: string;
  readonly store: Pick<SagaStore, "leaseOutbox" | "readOutbox" | "settleOutbox" | "releaseOutbox">;
  /** Under the transactional id of this outbox. */
  readonly publisher: LanePublisher;
  readonly readBack: ReadBack;
  /** Asked about a message that its topic refuses. */
  readonly shrink: ShrinkMessage;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly reachCrashPoint: ReachCrashPoint;
}

export interface OutboxLane {
  /** Messages that are saved, by their numbers: they need not be read from the store. */
  offer(firstSeq: number, messages: readonly OutgoingMessage[]): void;
  /** Resolves when a message is on its topic for every read_committed reader. */
  published(seq: number): Promise<void>;
  /** Why nothing can be published now, in a few words. */
  readonly blockedBy: string | undefined;
  /** Publishes what comes, until `stop`. */
  serve(): Promise<void>;
  /** Publishes what is there, then resolves; also when another instance has the lease, or nothing can be published now. */
  drain(): Promise<void>;
  /** Publishes what is in memory if that goes at once, tells the store, gives the lease up. */
  stop(): Promise<void>;
}

/** `idle`: there is nothing. `foreign`: another instance has the lease. `blocked`: something is away. */
type Step = "worked" | "idle" | "foreign" | "blocked";

const leaseMs = 10_000;
const renewMs = 3_000;
/** Another instance may append to this outbox, and cannot say so. */
const pollMs = 100;
const settleDelayMs = 100;
const foreignDelayMs = 500;
const stopWithinMs = 2_000;
const maxTransaction = 2_000;
const backoff: Backoff = { firstMs: 50, maxMs: 3_000 };
const maxDrainFailures = 5;

export function createOutboxLane(options: OutboxLaneOptions): OutboxLane {
  const { id, owner, store, publisher, readBack, shrink, clock, reachCrashPoint } = options;
  const logger = options.logger.child({ outbox: id });
  const queue = createMessageQueue();
  const waiting = createWaitingRoom(clock);
  let waiters: { readonly seq: number; readonly resolve: () => void }[] = [];
  /** Whether the publisher owns the id, and `publishedSeq` is what the topics say. */
  let ready = false;
  let publishedSeq = 0;
  let settledSeq = 0;
  const ends = new Map<string, number>();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let blockedBy: string | undefined = "it has not begun";
  let failures = 0;
  let stopping = false;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let settling: Promise<void> | undefined;
  let cancelSettle: (() => void) | undefined;
  let cancelRenew: (() => void) | undefined;

  async function step(): Promise<Step> {
    try {
      if (!ready) {
        const taken = await takeOver();
        if (taken !== "worked") return taken;
      }
      return await publishNext();
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      return block("the store does not answer", error.message);
    }
  }

  async function takeOver(): Promise<Step> {
    const nowMs = clock.nowMs();
    const state = await store.leaseOutbox(id, owner, nowMs, nowMs + leaseMs);
    if (state === "leased by another") {
      blockedBy = "another instance publishes its outbox";
      return "foreign";
    }
    renewLater();
    const init = await publisher.init();
    if (!init.ok) return block(init.failure.message);
    const found = await readBack(state);
    if (!found.ok) return block(found.failure);
    const { highestSeq, nextOffsets } = found.value;
    advance(Math.max(state.publishedSeq, highestSeq), nextOffsets);
    if (publishedSeq > state.publishedSeq) {
      logger.info("Messages were found on their topics", { publishedSeq, stored: state.publishedSeq });
    }
    await store.settleOutbox(id, publishedSeq, Object.fromEntries(ends));
    settledSeq = publishedSeq;
    queue.lookInStore();
    ready = true;
    return "worked";
  }

  async function publishNext(): Promise<Step> {
    const nowMs = clock.nowMs();
    if (queue.length === 0 && (queue.isBehind || nowMs - readAtMs >= pollMs)) {
      readAtMs = nowMs;
      const rows = await store.readOutbox(id, queue.lastSeq, maxTransaction);
      queue.addStored(rows, rows.length < maxTransaction);
    }
    const rows = queue.peek(maxTransaction);
    if (rows.length === 0) {
      unblock();
      return "idle";
    }
    const outcome = await publisher.publishAll(rows.map((row) => toRecord(row)));
    if (outcome.ok) {
      reachCrashPoint("saga-after-publish");
      unblock();
      const last = rows.at(-1)?.seq ?? publishedSeq;
      advance(
        last,
        rows.flatMap(({ topic }, index) => endOf(topic, outcome.value[index])),
      );
      settleSoon();
      return "worked";
    }
    const { kind, message, index } = outcome.failure;
    const refused = kind === "refused" && index !== null ? rows[index] : undefined;
    const smaller = refused === undefined ? undefined : shrink(refused);
    if (smaller !== undefined) {
      logger.warn("A message was refused and is published in a smaller form", {
        seq: smaller.seq,
        reason: message,
      });
      queue.replace(smaller);
      return "worked";
    }
    // What is on the topics is for the topics to tell.
    if (kind === "fenced" || kind === "unknown") ready = false;
    return block(message);
  }

  function toRecord({ seq, topic, key, value, headers }: QueuedMessage): OutgoingRecord {
    return { topic, key, value, headers: [...headers, placeHeader(id, seq)] };
  }

  /** Everything up to `seq` is on its topics. */
  function advance(seq: number, nextOffsets: Iterable<readonly [string, number]>): void {
    publishedSeq = Math.max(publishedSeq, seq);
    for (const [place, offset] of nextOffsets) ends.set(place, offset);
    queue.dropThrough(publishedSeq);
    const done = waiters.filter(({ seq }) => seq <= publishedSeq);
    if (done.length === 0) return;
    waiters = waiters.filter(({ seq }) => seq > publishedSeq);
    for (const { resolve } of done) resolve();
  }

  function block(why: string, detail?: string): Step {
    failures += 1;
    if (failures === 1) {
      logger.warn("Nothing can be published: it is tried again", {
        reason: why,
        ...(detail === undefined ? {} : { detail }),
      });
    }
    // A transaction that is only repeated is nobody's trouble yet.
    if (failures > 1 || !ready) blockedBy = why;
    return "blocked";
  }

  function unblock(): void {
    if (failures > 0) logger.info("Publishing again", { failures });
    failures = 0;
    blockedBy = undefined;
  }

  function settleSoon(): void {
    if (settling !== undefined || cancelSettle !== undefined || stopped) return;
    cancelSettle = clock.after(settleDelayMs, () => {
      cancelSettle = undefined;
      void settle();
    });
  }

  /** What the store does not learn, a successor reads from the topics. */
  function settle(): Promise<void> {
    settling ??= tellStore().finally(() => {
      settling = undefined;
      if (settledSeq < publishedSeq) settleSoon();
    });
    return settling;
  }

  async function tellStore(): Promise<void> {
    if (settledSeq >= publishedSeq) return;
    const seq = publishedSeq;
    try {
      await store.settleOutbox(id, seq, Object.fromEntries(ends));
      settledSeq = seq;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  function renewLater(): void {
    cancelRenew?.();
    cancelRenew = clock.after(renewMs, () => void renew());
  }

  async function renew(): Promise<void> {
    try {
      const nowMs = clock.nowMs();
      const state = await store.leaseOutbox(id, owner, nowMs, nowMs + leaseMs);
      // Somebody has taken it over while we were away, and has fenced us.
      if (state === "leased by another") ready = false;
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
    if (!stopping && ready) renewLater();
  }

  async function serveUntilStopped(): Promise<void> {
    while (!stopped) {
      const outcome = await step();
      if (outcome === "worked") continue;
      if (stopping) return;
      if (outcome === "idle" && queue.length === 0 && !queue.isBehind) await waiting.wait(pollMs);
      if (outcome === "foreign") await waiting.wait(foreignDelayMs);
      if (outcome === "blocked") await waiting.wait(backoffMs(backoff, failures));
    }
  }

  async function drainUntilIdle(): Promise<void> {
    while (!stopped) {
      const outcome = await step();
      if (outcome === "idle" || outcome === "foreign" || failures >= maxDrainFailures) return;
      if (outcome === "blocked") await waiting.wait(backoffMs(backoff, failures));
    }
  }

  return {
    offer(firstSeq, messages) {
      queue.addSaved(firstSeq, messages);
      // Whatever is in the way has its own time; only an idle lane is woken.
      if (failures === 0) waiting.endAll();
    },
    published(seq) {
      if (seq <= publishedSeq) return Promise.resolve();
      return new Promise((resolve) => waiters.push({ seq, resolve }));
    },
    get blockedBy() {
      return blockedBy;
    },
    serve() {
      running = serveUntilStopped();
      return running;
    },
    drain() {
      running = drainUntilIdle();
      return running;
    },
    async stop() {
      stopping = true;
      waiting.endAll();
      const cancel = clock.after(stopWithinMs, () => {
        stopped = true;
        waiting.endAll();
      });
      await running;
      cancel();
      stopped = true;
      cancelSettle?.();
      cancelRenew?.();
      await settling;
      if (!ready) return;
      await tellStore();
      try {
        await store.releaseOutbox(id, owner);
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error;
      }
    },
  };
}

function endOf(topic: string, position: Published | undefined): readonly (readonly [string, number])[] {
  return position === undefined ? [] : [[`${topic}/${position.partition}`, position.offset + 1]];
}
