// Sagas that this process has saved a moment ago and that are not settled: mostly the next decision about them comes within
// milliseconds, and need not load them. What is remembered may be out of date; the version guard of a save says so, and
// then nothing is trusted for a while, because with several instances it is rarely one saga alone.
import type { Saga } from "./domain/saga.ts";

export interface RecentSagas {
  /** Those that are remembered. */
  recall(orderIds: readonly number[]): ReadonlyMap<number, Saga>;
  /** As they have just been saved. */
  remember(sagas: readonly Saga[]): void;
  /** It is not known, or not true, what was remembered of these. */
  forget(orderIds: readonly number[]): void;
  /** What was recalled was out of date. */
  distrust(): void;
}

const defaultCapacity = 5000;
const distrustedRecalls = 64;

export function createRecentSagas(capacity = defaultCapacity): RecentSagas {
  const recent = new Map<number, Saga>();
  let distrusted = 0;

  return {
    recall(orderIds) {
      const found = new Map<number, Saga>();
      if (distrusted > 0) {
        distrusted -= 1;
        return found;
      }
      for (const orderId of orderIds) {
        const saga = recent.get(orderId);
        if (saga !== undefined) found.set(orderId, saga);
      }
      return found;
    },
    remember(sagas) {
      for (const saga of sagas) {
        // Two saves may be answered in the other order.
        if ((recent.get(saga.orderId)?.version ?? 0) > saga.version) continue;
        recent.delete(saga.orderId);
        if (saga.status === "NEW") recent.set(saga.orderId, saga);
      }
      for (const oldest of recent.keys()) {
        if (recent.size <= capacity) break;
        recent.delete(oldest);
      }
    },
    forget(orderIds) {
      for (const orderId of orderIds) recent.delete(orderId);
    },
    distrust() {
      distrusted = distrustedRecalls;
    },
  };
}
