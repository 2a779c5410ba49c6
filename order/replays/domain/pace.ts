// How many records may go now so that no second has more than its rate. Pure but for what it remembers.

export interface Pace {
  /** How many may go at this instant. */
  room(nowMs: number, ratePerSecond: number): number;
  take(count: number): void;
}

/** What may be made up for after a pause: a quarter of a second. */
const burstSeconds = 0.25;

export function createPace(startMs: number): Pace {
  let tokens = 1;
  let seenMs = startMs;
  return {
    room(nowMs, ratePerSecond) {
      const elapsedMs = Math.max(0, nowMs - seenMs);
      seenMs = nowMs;
      tokens = Math.min(
        tokens + (elapsedMs * ratePerSecond) / 1000,
        Math.max(1, ratePerSecond * burstSeconds),
      );
      return Math.floor(tokens);
    },
    take(count) {
      tokens -= count;
    },
  };
}
