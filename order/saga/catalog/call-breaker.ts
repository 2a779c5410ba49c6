// Stops asking a service that does not answer: after some failures in a row calls are refused without being made; then one
// call is let through, and the wait grows with each that fails. Pure: time comes in.
import { backoffMs, type Backoff } from "../../../service/backoff.ts";

export interface CallBreaker {
  /** How long to wait before the next call may be made; 0 means now, and then tell how it ended. */
  waitMs(nowMs: number): number;
  succeeded(): void;
  failed(nowMs: number): void;
}

export interface CallBreakerOptions {
  /** Failures in a row that open it. */
  readonly maxFailures: number;
  /** Between opening and the first probe, then between probes: jittered, so that instances do not probe together. */
  readonly backoff: Backoff;
  /** 0 ≤ r < 1; default Math.random. */
  readonly random?: () => number;
}

export function createCallBreaker({ maxFailures, backoff, random }: CallBreakerOptions): CallBreaker {
  let failures = 0;
  let closedUntilMs = 0;

  return {
    waitMs: (nowMs) => Math.max(0, closedUntilMs - nowMs),
    succeeded() {
      failures = 0;
      closedUntilMs = 0;
    },
    failed(nowMs) {
      failures += 1;
      if (failures < maxFailures) return;
      closedUntilMs = nowMs + backoffMs(backoff, failures - maxFailures + 1, random);
    },
  };
}
