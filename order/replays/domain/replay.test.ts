import { expect, test } from "bun:test";
import { isCanaryThrough, lastOfCanary, mustStop, type ReplayCounts, type ReplayJob } from "./replay.ts";

function job(counts: Partial<ReplayCounts>, differences: Partial<ReplayJob> = {}): ReplayJob {
  return {
    id: "job",
    number: 1,
    requestId: "r",
    name: "",
    reason: "",
    actor: "",
    state: "running",
    pauseCause: null,
    ratePerSecond: 1,
    canary: null,
    isReleased: false,
    autoStopShare: 0.5,
    isGathering: false,
    total: 100,
    counts: { applied: 0, already_applied: 0, stale: 0, failed: 0, skipped: 0, ...counts },
    judgedFrom: 0,
    failedFrom: 0,
    createdAtMs: 0,
    endedAtMs: null,
    auditId: 0,
    scope: {},
    ...differences,
  };
}

test("a job stops itself at its share of failures, and never before 20 outcomes", () => {
  expect(mustStop(job({ failed: 19 }))).toBe(false);
  expect(mustStop(job({ failed: 20 }))).toBe(true);
  expect(mustStop(job({ failed: 10, applied: 11 }))).toBe(false);
  expect(mustStop(job({ failed: 10, applied: 4, stale: 3, already_applied: 3 }))).toBe(true);
});

test("what failed before the last resume is not held against the job", () => {
  expect(mustStop(job({ failed: 39, applied: 11 }, { judgedFrom: 40, failedFrom: 39 }))).toBe(false);
  expect(mustStop(job({ failed: 60, applied: 10 }, { judgedFrom: 40, failedFrom: 39 }))).toBe(true);
});

test("a canary lets so many go, waits for all of them, and goes on when it was released", () => {
  expect(lastOfCanary({ canary: 5, isReleased: false })).toBe(5);
  expect(lastOfCanary({ canary: 5, isReleased: true })).toBe(Number.POSITIVE_INFINITY);
  expect(isCanaryThrough(job({ applied: 4 }, { canary: 5 }))).toBe(false);
  expect(isCanaryThrough(job({ applied: 3, failed: 2 }, { canary: 5 }))).toBe(true);
  expect(isCanaryThrough(job({ applied: 5 }, { canary: 5, total: 5 }))).toBe(false);
  expect(isCanaryThrough(job({ applied: 5 }, { canary: 5, isReleased: true }))).toBe(false);
});
