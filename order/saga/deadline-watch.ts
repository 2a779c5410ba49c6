// Ends the waiting of decisions whose partner, or whose order, does not come: by the wall clock, so also on a quiet topic.
// Every instance may look at the same sagas: the one whose save is first wins, and the others find nothing left to do.
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { RegistryUnavailable } from "../worker/read-items.ts";
import type { Saga } from "./domain/saga.ts";
import { expire } from "./domain/transitions.ts";
import { beginEvolution, type ReplayOf } from "./evolution.ts";
import type { SagaWriter } from "./saga-writer.ts";
import type { SagaStore } from "./store/saga-store.ts";

export interface DeadlineWatch {
  start(): void;
  /** Sagas as they have just been saved: the next look comes with the first of their deadlines, if not before. */
  note(sagas: readonly Pick<Saga, "deadlineAtMs">[]): void;
  stop(): Promise<void>;
}

export interface DeadlineWatchOptions {
  readonly store: Pick<SagaStore, "listDue">;
  readonly writer: SagaWriter;
  /**
   * Whether so much lies unread before this instance that a partner may be among it: then nothing expires, for a minute at
   * most. Default: never.
   */
  readonly isBehind?: () => boolean;
  readonly replayOf?: ReplayOf | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Deadlines that this process does not know of were set by another, or before its start. */
const lookIntervalMs = 1000;
/** Deadlines this close together are one look. */
const granularityMs = 100;
const maxKnownLooks = 1000;
const maxPatienceMs = 60_000;
const maxBatchSize = 500;

export function createDeadlineWatch(options: DeadlineWatchOptions): DeadlineWatch {
  const { store, writer, clock, logger, isBehind = () => false, replayOf } = options;
  /** When deadlines that this process has set end; most of them are settled before. */
  const looks = new Set<number>();
  let nextLookMs = Number.POSITIVE_INFINITY;
  let cancel: (() => void) | undefined;
  let looking: Promise<void> | undefined;
  let failing = false;
  let behindSinceMs: number | undefined;
  let started = false;
  let stopped = false;

  function lookAt(timeMs: number): void {
    if (!started || stopped || looking !== undefined || timeMs >= nextLookMs) return;
    nextLookMs = timeMs;
    cancel?.();
    cancel = clock.after(Math.max(0, timeMs - clock.nowMs()), look);
  }

  function look(): void {
    nextLookMs = Number.POSITIVE_INFINITY;
    const nowMs = clock.nowMs();
    for (const timeMs of looks) if (timeMs <= nowMs) looks.delete(timeMs);
    looking = expireDue().finally(() => {
      looking = undefined;
      lookAt(Math.min(clock.nowMs() + lookIntervalMs, ...looks));
    });
  }

  /** After an outage the topics are full, and whole windows pass between two decisions that were sent together. */
  function isPatient(): boolean {
    const nowMs = clock.nowMs();
    behindSinceMs = isBehind() ? (behindSinceMs ?? nowMs) : undefined;
    return behindSinceMs !== undefined && nowMs - behindSinceMs < maxPatienceMs;
  }

  async function expireDue(): Promise<void> {
    if (isPatient()) return;
    try {
      let found: number;
      do {
        const due = await store.listDue(clock.nowMs(), maxBatchSize);
        found = due.length;
        if (found > 0) await expireAll(due);
      } while (found === maxBatchSize && !stopped);
      if (failing) logger.info("Deadlines are kept again");
      failing = false;
    } catch (error) {
      if (!(error instanceof StoreUnavailable || error instanceof RegistryUnavailable)) throw error;
      if (!failing) logger.warn("Deadlines have to wait", { reason: error.message });
      failing = true;
    }
  }

  async function expireAll(due: readonly Saga[]): Promise<void> {
    const orderIds = due.map(({ orderId }) => orderId);
    await writer.write({
      progress: [],
      orderIds,
      expected: new Map(due.map((saga) => [saga.orderId, saga])),
      evolve(known, nowMs) {
        const evolution = beginEvolution(known, replayOf);
        for (const [orderId, saga] of known) evolution.step(orderId, () => expire(saga, nowMs));
        return evolution.end();
      },
    });
  }

  return {
    start() {
      started = true;
      lookAt(clock.nowMs());
    },
    note(sagas) {
      for (const { deadlineAtMs } of sagas) {
        if (deadlineAtMs === null || looks.size >= maxKnownLooks) continue;
        const timeMs = Math.ceil(deadlineAtMs / granularityMs) * granularityMs;
        if (looks.has(timeMs)) continue;
        looks.add(timeMs);
        lookAt(timeMs);
      }
    },
    async stop() {
      stopped = true;
      cancel?.();
      await looking;
    },
  };
}
