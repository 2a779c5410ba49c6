// Groups of failures and replays in every state, over fixtures.
import { exampleJob, examplePreview, exampleTimeline } from "../../contract/dialects/replays.ts";
import type { LetterOperations, ReplayOperations } from "../../contract/ports.ts";
import type { LetterGroup, ReplayItem, ReplayJob } from "../../contract/replays.ts";
import { failed, success } from "../../contract/result.ts";
import { hostileTexts } from "./hostile-texts.ts";

const group = (index: number, differences: Partial<LetterGroup>): LetterGroup => ({
  fingerprint: index.toString(16).padStart(16, "0"),
  errorType: "ValueError",
  reason: "unknown_order",
  pattern: "Order <id> not found. Cannot update status. Sending to DLQ.",
  total: 214,
  byState: { open: 214 },
  firstSeenAt: "2026-03-02T03:12:00.000Z",
  lastSeenAt: "2026-03-02T09:34:00.000Z",
  hours: Array.from({ length: 24 }, (_, hour) => Math.max(0, ((hour * 37 + index * 11) % 53) - 20)),
  sampleId: "order-events/0/17",
  note: "",
  owner: "",
  ignored: false,
  ...differences,
});

const groups: readonly LetterGroup[] = [
  group(1, { note: "Updates overtook their creates after the deploy", owner: "Ann" }),
  group(2, { byState: { open: 3, quarantined: 12, resolved: 199 }, errorType: "TypeError" }),
  group(3, { byState: { replaying: 100, resolved: 114 } }),
  group(4, { byState: { resolved: 200, discarded: 10, superseded: 4 } }),
  group(5, { ignored: true, total: 1_204_311, byState: { open: 1_204_311 } }),
  group(6, { fingerprint: "", pattern: "", reason: "", errorType: "" }),
  ...hostileTexts.map((text, index) =>
    group(100 + index, { pattern: text, errorType: text, reason: text, note: text, owner: text }),
  ),
];

const job = (index: number, differences: Partial<ReplayJob>): ReplayJob => ({
  ...exampleJob,
  id: exampleJob.id.slice(0, -4) + index.toString(16).padStart(4, "0"),
  ...differences,
});

const ended = "2026-03-02T09:31:00.000Z";
const none = { applied: 0, already_applied: 0, stale: 0, failed: 0, skipped: 0 };

/** By their last digits: `0001` waits after its canary, `0002` stopped itself, `0003` is done, `0004` was cancelled. */
const jobs: readonly ReplayJob[] = [
  exampleJob,
  job(1, { state: "paused", pauseCause: "canary", counts: { ...none, applied: 1 }, left: 213 }),
  job(2, { state: "paused", pauseCause: "failures", counts: { ...none, applied: 9, failed: 11 }, left: 194 }),
  job(3, { state: "done", endedAt: ended, counts: { ...none, applied: 198, failed: 16 }, left: 0 }),
  job(4, { state: "cancelled", endedAt: ended, counts: { ...none, applied: 40, skipped: 174 }, left: 0 }),
  job(5, { state: "paused", pauseCause: "operator" }),
  ...hostileTexts.map((text, index) =>
    job(100 + index, { name: text, reason: text, actor: text, scope: { text, [text]: text } }),
  ),
];

function items(jobId: string): ReplayItem[] {
  return [undefined, ...hostileTexts].map((text, index) => ({
    jobId,
    number: index + 1,
    deadLetterId: `order-events/0/${index}`,
    state: text === undefined ? "applied" : "failed",
    settledAt: ended,
    failure: text === undefined ? null : { reason: text, errorType: text, errorMessage: text },
  }));
}

export const stagedLetters: LetterOperations = {
  counts: async () =>
    success({
      byState: { open: 1420, replaying: 108, resolved: 513, discarded: 10, quarantined: 12, superseded: 4 },
    }),
  groups: async () => success({ groups: [...groups] }),
  annotate: async ({ fingerprint }) => success({ fingerprint }),
  discard: async () => success({ auditId: 1, count: 214 }),
  restore: async () => success({ auditId: 2, count: 214 }),
};

async function find(id: string) {
  const found = jobs.find((job) => job.id === id);
  return found === undefined
    ? failed({ code: "not_found", message: "no such row in table replay_jobs" } as const)
    : success(found);
}

export const stagedReplays: ReplayOperations = {
  preview: async () =>
    success({
      ...examplePreview,
      total: 251,
      examined: 240,
      counts: { would_apply: 190, already_applied: 33, stale: 2, would_fail: 13, not_replayable: 2 },
      leftOut: { quarantined: 12, resolved: 5 },
      failures: hostileTexts
        .slice(0, 20)
        .map((text) => ({ reason: text, errorType: text, pattern: text, count: 1, sampleIds: [text] })),
    }),
  start: async () => success(exampleJob),
  startEdited: async () => success(exampleJob),
  checkEdited: async () => success({ problems: [], changes: [] }),
  get: find,
  timeline: async () =>
    success({
      fromAt: exampleTimeline.fromAt,
      stepMs: 1000,
      settled: Array.from({ length: 60 }, (_, step) => (step * 7) % 13),
      failed: Array.from({ length: 60 }, (_, step) => step % 3),
      newFailures: Array.from({ length: 60 }, (_, step) => step % 4),
    }),
  list: async ({ limit }) => success({ replays: jobs.slice(0, limit) }),
  items: async ({ id, state, after, limit }) => {
    const found = items(id).filter(
      (item) => item.number > after && (state === undefined || item.state === state),
    );
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return success(last === undefined ? { items: page } : { items: page, nextAfter: last.number });
  },
  pause: ({ id }) => find(id),
  resume: ({ id }) => find(id),
  cancel: ({ id }) => find(id),
  setRate: ({ id }) => find(id),
};
