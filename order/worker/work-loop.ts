// Runs a worker's tries one after the other, as long as there is something to do, and wakes it when there may be. What is
// away is waited for, with a growing and capped wait: it is nobody's failed attempt.
import { type Backoff, backoffMs } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { RegistryUnavailable } from "./read-items.ts";
import { createWaitingRoom } from "./waiting-room.ts";

export interface WorkLoop {
  /** There may be something to do. Of a try that runs, it asks for another one. */
  wake(): void;
  /** Resolves when the try that runs has ended, whether or not it went well. */
  readonly attemptEnd: Promise<unknown>;
  /** What nothing can be settled without, and is away: the store, the registry. */
  readonly waitingFor: string | undefined;
  /** The next try comes now. */
  endWaiting(): void;
  /** No further try; resolves when the last one has ended. */
  stop(): Promise<void>;
}

export interface WorkLoopOptions {
  /** Answers whether there was anything to do. A try that fails leaves everything as it was. */
  readonly workOnce: () => Promise<boolean>;
  /** When there may be something to do although nobody wakes it; infinity when only waking can help. */
  readonly nextWakeMs: () => number;
  /** After each try; `wentWell` is false when something was away. */
  readonly onTried: (wentWell: boolean) => void;
  /** What is logged when something is away, and when it is back. */
  readonly words: { readonly waiting: string; readonly back: string };
  readonly clock: Clock;
  readonly logger: Logger;
}

const infrastructureBackoff: Backoff = { firstMs: 100, maxMs: 5000 };

export function createWorkLoop(options: WorkLoopOptions): WorkLoop {
  const { workOnce, nextWakeMs, onTried, words, clock, logger } = options;
  const waiting = createWaitingRoom(clock);
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
      else sleep();
    });
  }

  function sleep(): void {
    if (stopped) return;
    const nextAtMs = nextWakeMs();
    if (Number.isFinite(nextAtMs)) cancelWake = clock.after(Math.max(0, nextAtMs - clock.nowMs()), wake);
  }

  async function workUntilIdle(): Promise<void> {
    while (!stopped) {
      wokenAgain = false;
      try {
        // A revoke waits for its end and not for its success.
        const attempt = workOnce();
        attemptEnd = attempt.catch(() => undefined);
        const worked = await attempt;
        if (waitingFor !== undefined) logger.info(words.back, { what: waitingFor });
        waitingFor = undefined;
        failedTries = 0;
        onTried(true);
        if (!worked && !wokenAgain) return;
      } catch (error) {
        await waitFor(error);
      }
    }
  }

  async function waitFor(error: unknown): Promise<void> {
    if (!(error instanceof StoreUnavailable || error instanceof RegistryUnavailable)) throw error;
    const what = error instanceof StoreUnavailable ? "the store" : "the schema registry";
    if (waitingFor === undefined) logger.warn(words.waiting, { what, reason: error.message });
    waitingFor = what;
    failedTries += 1;
    onTried(false);
    if (!stopped) await waiting.wait(backoffMs(infrastructureBackoff, failedTries));
  }

  return {
    wake,
    get attemptEnd() {
      return attemptEnd;
    },
    get waitingFor() {
      return waitingFor;
    },
    endWaiting: () => waiting.endAll(),
    async stop() {
      stopped = true;
      cancelWake?.();
      waiting.endAll();
      await running;
    },
  };
}
