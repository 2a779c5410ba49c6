// How far a replay is, how fast it goes, and when it will be through. From what was read, and never from what was ordered.
import type { ReplayJob } from "../../contract/replays.ts";

/** In the order in which a bar shows them. */
export const shownOutcomes = ["applied", "already_applied", "stale", "failed", "skipped"] as const;
export type ShownOutcome = (typeof shownOutcomes)[number];

export const outcomeWords = {
  applied: { word: "applied", mood: "ok", about: "had their effect now" },
  already_applied: { word: "already stored", mood: "none", about: "had had their effect before" },
  stale: { word: "stale", mood: "none", about: "overtaken by later events of their orders" },
  failed: { word: "failed again", mood: "bad", about: "are dead letters again" },
  skipped: { word: "skipped", mood: "warn", about: "were never published" },
} as const satisfies Readonly<Record<ShownOutcome, unknown>>;

export const itemWords = {
  pending: { word: "waiting", mood: "none" },
  sent: { word: "on its way", mood: "warn" },
  ...outcomeWords,
} as const;

export interface Reading {
  readonly atMs: number;
  /** Outcomes without those that were skipped: skipping takes no time. */
  readonly settled: number;
}

export function readingOf({ counts }: Pick<ReplayJob, "counts">, atMs: number): Reading {
  const { applied, already_applied, stale, failed } = counts;
  return { atMs, settled: applied + already_applied + stale + failed };
}

const lookBackMs = 10_000;

/** The newest last; what is older than the look back is let go, but for one that spans it. */
export function withReading(readings: readonly Reading[], next: Reading): readonly Reading[] {
  const last = readings.at(-1);
  if (last !== undefined && next.atMs <= last.atMs) return readings;
  const first = readings.findLastIndex(({ atMs }) => next.atMs - atMs >= lookBackMs);
  return [...readings.slice(Math.max(0, first)), next];
}

/** Outcomes a second; undefined while too little was seen. */
export function rateOf(readings: readonly Reading[]): number | undefined {
  const [first, last] = [readings[0], readings.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const spanMs = last.atMs - first.atMs;
  return spanMs < 1500 ? undefined : ((last.settled - first.settled) * 1000) / spanMs;
}

/** Undefined when nothing moves or nobody can tell. */
export function msLeft(left: number, ratePerSecond: number | undefined): number | undefined {
  if (left === 0) return 0;
  return ratePerSecond === undefined || ratePerSecond <= 0 ? undefined : (left / ratePerSecond) * 1000;
}

export function rateText(ratePerSecond: number): string {
  return `${ratePerSecond >= 10 ? Math.round(ratePerSecond) : ratePerSecond.toFixed(1)}/s`;
}
