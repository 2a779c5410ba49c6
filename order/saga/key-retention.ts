// Forgets Idempotency-Keys seven days after they came, a few at a time, so that what is remembered of requests does not grow
// for ever.
import type { Clock } from "../../service/clock.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { SagaStore } from "./store/saga-store.ts";

export interface KeyRetention {
  start(): void;
  stop(): Promise<void>;
}

export interface KeyRetentionOptions {
  readonly store: Pick<SagaStore, "forgetRequests">;
  readonly clock: Clock;
  /** Default: seven days. */
  readonly keepMs?: number;
}

const defaultKeepMs = 7 * 24 * 60 * 60 * 1000;
const lookIntervalMs = 60_000;
const maxBatchSize = 1000;

export function createKeyRetention({
  store,
  clock,
  keepMs = defaultKeepMs,
}: KeyRetentionOptions): KeyRetention {
  let cancel: (() => void) | undefined;
  let forgetting: Promise<void> = Promise.resolve();
  let stopped = false;

  async function forget(): Promise<void> {
    try {
      while (!stopped && (await store.forgetRequests(clock.nowMs() - keepMs, maxBatchSize)) === maxBatchSize);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  function lookLater(): void {
    if (stopped) return;
    cancel = clock.after(lookIntervalMs, () => {
      forgetting = forget().finally(lookLater);
    });
  }

  return {
    start: lookLater,
    async stop() {
      stopped = true;
      cancel?.();
      await forgetting;
    },
  };
}
