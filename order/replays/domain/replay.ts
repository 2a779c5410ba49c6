// What a replay is: a job with a frozen scope, its items, and how each of them ended. Types and small rules, without I/O.

/** What became of a dead letter since it was indexed. */
export const letterStates = [
  "open",
  "replaying",
  "resolved",
  "discarded",
  "quarantined",
  "superseded",
] as const;
export type LetterState = (typeof letterStates)[number];

/** `cancelled` and `done` are final; their `endedAtMs` tells when nothing was on its way any more. */
export type JobState = "running" | "paused" | "cancelled" | "done";

/** Why a job is paused. */
export type PauseCause = "operator" | "canary" | "failures";

/**
 * `applied`: had its effect now. `already_applied`: had it before. `stale`: newer events of its order had theirs since, so it
 * has none. `failed`: failed again. `skipped`: never published.
 */
export const outcomes = ["applied", "already_applied", "stale", "failed", "skipped"] as const;
export type ReplayOutcome = (typeof outcomes)[number];

/** `sent`: announced in the store, then published; its outcome is awaited. */
export type ItemState = "pending" | "sent" | ReplayOutcome;

/** Identity of one letter in one job. */
export interface ReplayItemId {
  readonly jobId: string;
  /** From 1, in the order in which they are published. */
  readonly number: number;
}

export interface ReplayFailure {
  /** Stable code. */
  readonly reason: string;
  readonly errorType: string;
  readonly errorMessage: string;
}

export type ReplayCounts = Readonly<Record<ReplayOutcome, number>>;

export interface ReplayJob {
  readonly id: string;
  /** Later jobs have greater ones. */
  readonly number: number;
  readonly requestId: string;
  readonly name: string;
  readonly reason: string;
  readonly actor: string;
  readonly state: JobState;
  /** Present with `paused` only. */
  readonly pauseCause: PauseCause | null;
  readonly ratePerSecond: number;
  /** How many go first, until somebody resumes; null for all at once. */
  readonly canary: number | null;
  /** Whether the canary has been resumed. */
  readonly isReleased: boolean;
  /** Share of failures at which the job pauses itself. */
  readonly autoStopShare: number;
  readonly total: number;
  /** Not all of its letters are written down yet: the total grows to what it was started with. */
  readonly isGathering: boolean;
  readonly counts: ReplayCounts;
  /** Outcomes, and failures among them, that were there at the last resume. */
  readonly judgedFrom: number;
  readonly failedFrom: number;
  readonly createdAtMs: number;
  readonly endedAtMs: number | null;
  readonly auditId: number;
  /** What was asked for, for people: the ids' number or the filter. */
  readonly scope: Readonly<Record<string, string | number>>;
}

/** Items that have an outcome. */
export function settledCount({ counts }: Pick<ReplayJob, "counts">): number {
  return outcomes.reduce((sum, outcome) => sum + counts[outcome], 0);
}

/** What became of those that were published. */
export function judgedCount({ counts }: Pick<ReplayJob, "counts">): number {
  return counts.applied + counts.already_applied + counts.stale + counts.failed;
}

/** Fewer outcomes than this judge nothing. */
export const leastJudged = 20;

/** Whether so many have failed since the last resume that going on would only make more of it. */
export function mustStop(
  job: Pick<ReplayJob, "counts" | "judgedFrom" | "failedFrom" | "autoStopShare">,
): boolean {
  const judged = judgedCount(job) - job.judgedFrom;
  const failed = job.counts.failed - job.failedFrom;
  return judged >= leastJudged && failed / judged >= job.autoStopShare;
}

/**
 * The last item that may be published now because of the canary; infinity without one. By its number and not by what is counted:
 * counts are read one after the other, and an outcome that comes in between would be missing in both.
 */
export function lastOfCanary({ canary, isReleased }: Pick<ReplayJob, "canary" | "isReleased">): number {
  return canary === null || isReleased ? Number.POSITIVE_INFINITY : canary;
}

/** Whether the canary is through and somebody has to look at it. */
export function isCanaryThrough(job: ReplayJob): boolean {
  const settled = settledCount(job);
  return job.canary !== null && !job.isReleased && settled >= job.canary && settled < job.total;
}
