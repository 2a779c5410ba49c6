// Tells that letters are published, in batches: what comes while one call runs goes with the next. A call that fails is
// repeated, because whoever is told has parked rows to let go of.
import { type Backoff, backoffMs } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { ParkedId } from "../store/parked-records.ts";
import type { Letter } from "./letter-lanes.ts";

export interface Handover {
  add(letter: Letter): void;
  /** Resolves when everything is told, or when a call fails: it is not repeated any more. */
  stop(): Promise<void>;
}

export interface HandoverOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onPublished: (ids: readonly ParkedId[]) => Promise<void> | void;
  /** The letters are done with: they were told, or forgotten meanwhile. */
  readonly onDone: (letters: readonly Letter[]) => void;
}

const maxBatchSize = 1000;
const backoff: Backoff = { firstMs: 500, maxMs: 30_000 };

export function createHandover({ clock, logger, onPublished, onDone }: HandoverOptions): Handover {
  let waiting: Letter[] = [];
  let running: Promise<void> | undefined;
  let failures = 0;
  let cancelRetry: (() => void) | undefined;
  let stopped = false;

  function wake(): void {
    if (running !== undefined || cancelRetry !== undefined) return;
    // In a turn of its own, so that acknowledgements that come together are told together.
    running = Promise.resolve()
      .then(tellAll)
      .finally(() => {
        running = undefined;
        // What came after the last look, and before this.
        if (waiting.length > 0 && !stopped) wake();
      });
  }

  async function tellAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, maxBatchSize);
      if (!(await tell(batch))) {
        waiting = batch.concat(waiting);
        if (!stopped) retryLater();
        return;
      }
    }
  }

  async function tell(batch: readonly Letter[]): Promise<boolean> {
    const ids = batch
      .filter(({ forgotten }) => !forgotten)
      .map(({ record: { source, offset } }) => ({ source, offset }));
    try {
      if (ids.length > 0) await onPublished(ids);
    } catch (error) {
      logger.error("Published dead letters could not be let go of: tried again", {
        letters: ids.length,
        cause: String(error),
      });
      return false;
    }
    failures = 0;
    onDone(batch);
    return true;
  }

  function retryLater(): void {
    failures += 1;
    cancelRetry = clock.after(backoffMs(backoff, failures), () => {
      cancelRetry = undefined;
      wake();
    });
  }

  return {
    add(letter) {
      waiting.push(letter);
      wake();
    },
    async stop() {
      stopped = true;
      cancelRetry?.();
      cancelRetry = undefined;
      if (waiting.length > 0) wake();
      await running;
    },
  };
}
