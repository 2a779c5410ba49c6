// The operator's paths about replays, under /ops: what became of dead letters, what a replay would do, and the jobs. The words
// are the procedures' own; errors are worded as system B's.
import { z } from "zod";
import { cursorSchema } from "../dead-letters.ts";
import type { OrderProcedures } from "../procedures.ts";
import {
  annotateGroupSchema,
  checkEditedSchema,
  editedCheckSchema,
  groupAnnotationSchema,
  letterCountsSchema,
  letterGroupSchema,
  letterGroupsSchema,
  movedLettersSchema,
  moveLettersSchema,
  previewReplaySchema,
  replayItemSchema,
  replayItemsQuerySchema,
  replayItemsSchema,
  type ReplayJob,
  replayJobSchema,
  replayOrderSchema,
  replayPageSchema,
  type ReplayPreview,
  replayPreviewSchema,
  replayQuerySchema,
  replayTimelineSchema,
  setReplayRateSchema,
  startEditedSchema,
  startReplaySchema,
} from "../replays.ts";
import { defineRoute, type Route } from "./route.ts";
import { systemBErrors } from "./system-b.ts";
import { integerParameter } from "./wire-order.ts";

const route = defineRoute<OrderProcedures>();
const common = { tag: "Replays", errorShape: systemBErrors } as const;

const jobId = "0190f6a2-6d7e-7c0c-9d0e-3b7a5f1c2d4e";
const letterId = "order-status-updates/0/17";
const fingerprint = "9f2c4a1b7d3e5f60";
const reason = "The creates are there now";

export const exampleJob: ReplayJob = {
  id: jobId,
  name: "updates that came too early",
  reason,
  actor: "0190f6a2-6d7e-7c0c-9d0e-3b7a5f1c2d4f",
  state: "running",
  pauseCause: null,
  ratePerSecond: 500,
  canary: 1,
  autoStopFailureShare: 0.5,
  total: 214,
  gathering: false,
  counts: { applied: 100, already_applied: 2, stale: 1, failed: 3, skipped: 0 },
  left: 108,
  scope: { reason: "unknown_order" },
  createdAt: "2026-03-02T09:30:00.000Z",
  endedAt: null,
  auditId: 8,
};

export const examplePreview: ReplayPreview = {
  total: 214,
  examined: 214,
  leftOut: { resolved: 5 },
  counts: { would_apply: 198, already_applied: 0, stale: 0, would_fail: 16, not_replayable: 0 },
  samples: { would_apply: [letterId] },
  failures: [
    {
      reason: "unknown_order",
      errorType: "ValueError",
      pattern: "Order <id> not found. Cannot update status. Sending to DLQ.",
      count: 16,
      sampleIds: ["order-status-updates/0/18"],
    },
  ],
};

const exampleItem = {
  jobId,
  number: 1,
  deadLetterId: letterId,
  state: "applied",
  settledAt: "2026-03-02T09:30:01.000Z",
  failure: null,
} as const satisfies z.input<typeof replayItemSchema>;

const exampleGroup = {
  fingerprint,
  errorType: "ValueError",
  reason: "unknown_order",
  pattern: "Order <id> not found. Cannot update status. Sending to DLQ.",
  total: 214,
  byState: { open: 214 },
  firstSeenAt: "2026-03-02T09:30:00.000Z",
  lastSeenAt: "2026-03-02T09:34:00.000Z",
  hours: Array.from({ length: 24 }, (_, hour) => (hour === 23 ? 214 : 0)),
  sampleId: letterId,
  note: "",
  owner: "",
  ignored: false,
} as const satisfies z.input<typeof letterGroupSchema>;

export const exampleTimeline = {
  fromAt: "2026-03-02T09:30:00.000Z",
  stepMs: 1000,
  settled: [60, 46],
  failed: [1, 2],
  newFailures: [1, 3],
} as const satisfies z.input<typeof replayTimelineSchema>;

const exampleEdit = {
  orderId: "ORD-999",
  status: "shipped",
  updateTimestamp: "2026-03-02T09:30:00.000Z",
  eventType: "STATUS_UPDATE",
};

const jobSchema = replayJobSchema.meta({ id: "ReplayJob" });

/** What the orders about a running job have in common. */
const jobOrder = {
  ...common,
  method: "POST",
  from: "body",
  request: replayOrderSchema.meta({ id: "ReplayOrder" }),
  toInput: (order: z.output<typeof replayOrderSchema>) => order,
  status: 202,
  answer: jobSchema,
  toAnswer: (job: ReplayJob) => job,
  errors: ["not_found"],
  examples: { request: { id: jobId, reason }, answer: exampleJob },
} as const;

/** Discarding and restoring. */
const move = {
  ...common,
  method: "POST",
  from: "body",
  request: moveLettersSchema.meta({ id: "MoveDeadLetters" }),
  toInput: (command: z.output<typeof moveLettersSchema>) => command,
  status: 200,
  answer: movedLettersSchema.meta({ id: "MovedDeadLetters" }),
  toAnswer: (moved: z.output<typeof movedLettersSchema>) => moved,
  errors: [],
  examples: { request: { scope: { filter: { fingerprint } }, reason }, answer: { auditId: 9, count: 214 } },
} as const;

export const replayRoutes: readonly Route<OrderProcedures>[] = [
  route({
    ...common,
    method: "GET",
    path: "/ops/dead-letters/counts",
    operationId: "countDeadLetters",
    summary: "Count dead letters by what became of them",
    description: "All of them, exactly.",
    procedure: "dlq.counts",
    from: "query",
    request: z.strictObject({}),
    toInput: () => undefined,
    status: 200,
    answer: letterCountsSchema.meta({ id: "DeadLetterCounts" }),
    toAnswer: (counts) => counts,
    errors: [],
    examples: {
      request: {},
      answer: {
        byState: { open: 214, replaying: 0, resolved: 37, discarded: 2, quarantined: 1, superseded: 0 },
      },
    },
  }),
  route({
    ...common,
    method: "GET",
    path: "/ops/dead-letters/groups",
    operationId: "listFailureGroups",
    summary: "List the kinds of failures",
    description:
      "One row for all dead letters that failed alike: same class of error, stage and message, whatever ids and numbers are in it. Most letters first.",
    procedure: "dlq.groups",
    from: "query",
    request: z.strictObject({}),
    toInput: () => undefined,
    status: 200,
    answer: letterGroupsSchema.extend({ groups: z.array(letterGroupSchema.meta({ id: "FailureGroup" })) }),
    toAnswer: (groups) => groups,
    errors: [],
    examples: { request: {}, answer: { groups: [exampleGroup] } },
  }),
  route({
    ...common,
    method: "POST",
    path: "/ops/dead-letters/groups/annotate",
    operationId: "annotateFailureGroup",
    summary: "Note something about a kind of failure",
    description:
      "What is left out stays as it is; an empty text removes it. An ignored group is so until something of it fails again.",
    procedure: "dlq.annotate",
    from: "body",
    request: annotateGroupSchema.meta({ id: "AnnotateFailureGroup" }),
    toInput: (note) => note,
    status: 200,
    answer: groupAnnotationSchema,
    toAnswer: (answer) => ({ fingerprint: answer.fingerprint }),
    errors: ["not_found"],
    examples: { request: { fingerprint, note: "ticket 7", ignored: true }, answer: { fingerprint } },
  }),
  route({
    ...move,
    path: "/ops/dead-letters/discard",
    operationId: "discardDeadLetters",
    summary: "Discard dead letters",
    description:
      "Open letters, and those in quarantine, that nobody has to look at any more. Nothing is deleted.",
    procedure: "dlq.discard",
  }),
  route({
    ...move,
    path: "/ops/dead-letters/restore",
    operationId: "restoreDeadLetters",
    summary: "Take a discard back",
    description: "Discarded letters are open again.",
    procedure: "dlq.restore",
  }),
  route({
    ...common,
    method: "POST",
    path: "/ops/replays/preview",
    operationId: "previewReplay",
    summary: "Tell what a replay would do",
    description:
      "Against today's schemas and the orders as they are now, in the order in which the letters would go. Nothing is written.",
    procedure: "replays.preview",
    from: "body",
    request: previewReplaySchema.meta({ id: "PreviewReplay" }),
    toInput: (query) => query,
    status: 200,
    answer: replayPreviewSchema.meta({ id: "ReplayPreview" }),
    toAnswer: (preview) => preview,
    errors: [],
    examples: { request: { scope: { filter: { reason: "unknown_order" } } }, answer: examplePreview },
  }),
  route({
    ...common,
    method: "POST",
    path: "/ops/replays/start",
    operationId: "startReplay",
    summary: "Replay dead letters",
    description:
      "Freezes the scope: exactly the open letters that match now, each in one job only. They reach the group that failed and no other, in their order, byte for byte. 202 means that the job is written down and goes on whatever happens to this process. The same `requestId` answers the same job.",
    procedure: "replays.start",
    from: "body",
    request: startReplaySchema.meta({ id: "StartReplay" }),
    toInput: (command) => command,
    status: 202,
    answer: jobSchema,
    toAnswer: (job) => job,
    errors: [],
    examples: {
      request: { scope: { filter: { reason: "unknown_order" } }, name: exampleJob.name, reason, canary: 1 },
      answer: exampleJob,
    },
  }),
  route({
    ...common,
    method: "POST",
    path: "/ops/replays/start-edited",
    operationId: "startEditedReplay",
    summary: "Replay one dead letter with an edited event",
    description:
      "Only with `DLQ_EDIT=on`. The event is checked against its schema, gets an event id of its own and counts at the place of the one that failed, whose letter is `superseded` when it has had its effect. The audit keeps what was changed.",
    procedure: "replays.startEdited",
    from: "body",
    request: startEditedSchema.meta({ id: "StartEditedReplay" }),
    toInput: (command) => command,
    status: 202,
    answer: jobSchema,
    toAnswer: (job) => job,
    errors: ["event_not_serialisable", "not_found"],
    examples: {
      request: {
        id: letterId,
        event: exampleEdit,
        reason,
      },
      answer: exampleJob,
    },
  }),
  route({
    ...common,
    method: "POST",
    path: "/ops/replays/check-edited",
    operationId: "checkEditedReplay",
    summary: "Tell what an edited event would be refused for",
    description:
      "`problems` is what `/ops/replays/start-edited` would say now, `changes` what differs from the event that failed. Nothing is written; it is told also while editing is off.",
    procedure: "replays.checkEdited",
    from: "body",
    request: checkEditedSchema.meta({ id: "CheckEditedReplay" }),
    toInput: (query) => query,
    status: 200,
    answer: editedCheckSchema.meta({ id: "EditedReplayCheck" }),
    toAnswer: (check) => check,
    errors: ["not_found"],
    examples: {
      request: { id: letterId, event: exampleEdit },
      answer: { problems: [], changes: [{ path: "status", before: '"lost"', after: '"shipped"' }] },
    },
  }),
  route({
    ...common,
    method: "GET",
    path: "/ops/replays",
    operationId: "listReplays",
    summary: "List replays",
    description: "Newest first, by cursor.",
    procedure: "replays.list",
    from: "query",
    request: z.strictObject({
      limit: integerParameter("limit", { minimum: 1, maximum: 200, fallback: 50 }),
      cursor: cursorSchema.optional(),
    }),
    toInput: (query) => query,
    status: 200,
    answer: replayPageSchema.extend({ replays: z.array(jobSchema) }),
    toAnswer: (page) => page,
    errors: [],
    examples: { request: { limit: "50" }, answer: { replays: [exampleJob] } },
  }),
  route({
    ...common,
    method: "GET",
    path: "/ops/replays/one",
    operationId: "getReplay",
    summary: "Follow a replay",
    description: "`left` and the counts always add up to `total`.",
    procedure: "replays.get",
    from: "query",
    request: replayQuerySchema,
    toInput: (query) => query,
    status: 200,
    answer: jobSchema,
    toAnswer: (job) => job,
    errors: ["not_found"],
    examples: { request: { id: jobId }, answer: exampleJob },
  }),
  route({
    ...common,
    method: "GET",
    path: "/ops/replays/timeline",
    operationId: "getReplayTimeline",
    summary: "Follow a replay over time",
    description:
      "Outcomes and failures in steps of equal length since its start, and the dead letters of any kind that came meanwhile.",
    procedure: "replays.timeline",
    from: "query",
    request: replayQuerySchema,
    toInput: (query) => query,
    status: 200,
    answer: replayTimelineSchema.meta({ id: "ReplayTimeline" }),
    toAnswer: (timeline) => timeline,
    errors: ["not_found"],
    examples: { request: { id: jobId }, answer: exampleTimeline },
  }),
  route({
    ...common,
    method: "GET",
    path: "/ops/replays/items",
    operationId: "listReplayItems",
    summary: "List what became of each letter",
    description: "By number; send `nextAfter` back as `after`.",
    procedure: "replays.items",
    from: "query",
    request: replayItemsQuerySchema.extend({
      limit: integerParameter("limit", { minimum: 1, maximum: 1000, fallback: 100 }),
      after: integerParameter("after", { minimum: 0, maximum: 2_147_483_647, fallback: 0 }),
    }),
    toInput: (query) => query,
    status: 200,
    answer: replayItemsSchema.extend({ items: z.array(replayItemSchema.meta({ id: "ReplayItem" })) }),
    toAnswer: (page) => page,
    errors: ["not_found"],
    examples: { request: { id: jobId, state: "failed" }, answer: { items: [exampleItem] } },
  }),
  route({
    ...jobOrder,
    path: "/ops/replays/pause",
    operationId: "pauseReplay",
    summary: "Pause a replay",
    description: "What was published comes to its end; nothing more is published until it is resumed.",
    procedure: "replays.pause",
  }),
  route({
    ...jobOrder,
    path: "/ops/replays/resume",
    operationId: "resumeReplay",
    summary: "Go on with a replay",
    description: "Also after its canary, and after it has stopped itself: it is judged by what comes after.",
    procedure: "replays.resume",
  }),
  route({
    ...jobOrder,
    path: "/ops/replays/cancel",
    operationId: "cancelReplay",
    summary: "Cancel a replay",
    description:
      "What was not published is skipped, and its letters are open again; what was published comes to its end.",
    procedure: "replays.cancel",
  }),
  route({
    ...jobOrder,
    path: "/ops/replays/rate",
    operationId: "setReplayRate",
    summary: "Change a replay's rate",
    description: "Of records published a second.",
    procedure: "replays.setRate",
    request: setReplayRateSchema.meta({ id: "SetReplayRate" }),
    toInput: (order: z.output<typeof setReplayRateSchema>) => order,
    examples: { request: { id: jobId, ratePerSecond: 50, reason }, answer: exampleJob },
  }),
];
