// Waiting between two tries: exponential, capped and jittered, so that many waiters do not come back at once.

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Milliseconds to wait before try `attempt + 1`; attempts count from 1. `random` answers 0 ≤ r < 1. */
export function backoffMs(
  { firstMs, maxMs }: Backoff,
  attempt: number,
  random: () => number = Math.random,
): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
