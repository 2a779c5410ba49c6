// What the store has of all instances, asked in turn and never twice at once: the numbers that were told last stay until
// there are newer ones, and are null while the store is away.
import type { Pulse } from "../../contract/live.ts";
import type { Clock } from "../../service/clock.ts";
import type { LetterFates } from "../replays/store/letter-fates.ts";
import type { ReplayJob } from "../replays/domain/replay.ts";
import type { OrderStore } from "../store/order-store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { instantOf } from "../told-failure.ts";

export interface GaugedStore extends Pick<OrderStore, "count" | "countParked"> {
  readonly deadLetters: Pick<OrderStore["deadLetters"], "list">;
  readonly letterFates: Pick<LetterFates, "countByState">;
  readonly replays: Pick<OrderStore["replays"], "list">;
  readonly sagas: Pick<OrderStore["sagas"], "stats">;
}

export interface Gauges extends Pick<Pulse, "letters" | "parked" | "storedOrders"> {
  /** With those of system C. */
  readonly allOrders: number | null;
  /** The newest jobs. */
  readonly jobs: readonly ReplayJob[];
}

export interface StoreGauges {
  readonly latest: Gauges;
  /** Asks, unless a question is still out. Resolves when it is answered; rejects for surprises only. */
  look(): Promise<void>;
}

export interface StoreGaugesOptions {
  readonly store: GaugedStore;
  /** Those that letters lie on. */
  readonly dlqTopics: readonly string[];
  readonly clock: Clock;
}

const none: Gauges = { letters: null, parked: null, storedOrders: null, allOrders: null, jobs: [] };
/** The first letter of a queue is read whole: its age is told in minutes, so it may be some seconds old. */
const oldestEveryMs = 5000;
const newestJobs = 20;

export function createStoreGauges({ store, dlqTopics, clock }: StoreGaugesOptions): StoreGauges {
  let latest = none;
  let looking: Promise<void> | undefined;
  let oldest: { readonly at: string | null; readonly readAtMs: number } | undefined;

  async function oldestOf(open: number): Promise<string | null> {
    if (open === 0) {
      oldest = undefined;
      return null;
    }
    if (oldest !== undefined && clock.nowMs() - oldest.readAtMs < oldestEveryMs) return oldest.at;
    // A letter from before there were several topics lies on none, and is older than all others.
    const firsts = await Promise.all(
      ["", ...dlqTopics].map((topic) =>
        store.deadLetters.list({ filter: { state: "open", dlqTopics: [topic] }, limit: 1 }),
      ),
    );
    const times = firsts.flat().map(({ lastFailedAtMs }) => lastFailedAtMs);
    const at = times.length === 0 ? null : instantOf(Math.min(...times));
    oldest = { at, readAtMs: clock.nowMs() };
    return at;
  }

  async function ask(): Promise<void> {
    try {
      const [byState, parked, storedOrders, sagas, jobs] = await Promise.all([
        store.letterFates.countByState(),
        store.countParked(),
        store.count(),
        store.sagas.stats(),
        store.replays.list({ limit: newestJobs }),
      ]);
      const placed = Object.values(sagas.orders).reduce((sum, count) => sum + count, 0);
      latest = {
        letters: { byState, oldestOpenAt: await oldestOf(byState.open) },
        parked,
        storedOrders,
        allOrders: storedOrders + placed,
        jobs,
      };
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
      latest = { ...none, jobs: latest.jobs };
    }
  }

  return {
    get latest() {
      return latest;
    },
    look() {
      looking ??= ask().finally(() => {
        looking = undefined;
      });
      return looking;
    },
  };
}
