// Replays of dead letters as operators order and follow them, and what became of the letters: groups of alike failures,
// discarded ones, the outcome of each replay.
import { z } from "zod";
import {
  cursorSchema,
  deadLetterFilterFields,
  deadLetterIdSchema,
  emptyPeriodProblem,
  isPeriod,
  letterStateSchema,
} from "./dead-letters.ts";
import { replayFailureSchema, replayItemStateSchema, replayOutcomeSchema } from "./letter-history.ts";
import { visibleText } from "./visible-text.ts";

/** What a scope of ids may name; more are found by a filter. */
export const maxScopeIds = 1000;

const reasonSchema = visibleText("reason", 500, "The catalog is back, agreed with the payment team").meta({
  description: "Why; kept in the audit.",
});

/** Which dead letters: those named, or all that match the filter; an empty filter is all of them. */
export const letterScopeSchema = z
  .strictObject({
    ids: z.array(deadLetterIdSchema).min(1).max(maxScopeIds).optional(),
    filter: z
      .strictObject(deadLetterFilterFields)
      .refine(isPeriod, { message: emptyPeriodProblem })
      .optional(),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), {
    message: "Field 'scope' needs either 'ids' or 'filter'",
  })
  .meta({ oneOf: [{ required: ["ids"] }, { required: ["filter"] }] });
export type LetterScope = z.infer<typeof letterScopeSchema>;

export const letterGroupSchema = z.object({
  /** Names the group in filters; empty for letters from before there were groups. */
  fingerprint: z.string(),
  errorType: z.string(),
  reason: z.string(),
  /** The message with placeholders. */
  pattern: z.string(),
  total: z.int(),
  /** How many of them are in each state; states without one are absent. */
  byState: z.partialRecord(letterStateSchema, z.int()),
  firstSeenAt: z.iso.datetime(),
  lastSeenAt: z.iso.datetime(),
  /** Failures in each of the last 24 hours, the oldest first. */
  hours: z.array(z.int()),
  sampleId: z.string(),
  note: z.string(),
  owner: z.string(),
  /** Until something of it fails again. */
  ignored: z.boolean(),
});
export type LetterGroup = z.infer<typeof letterGroupSchema>;

export const letterGroupsSchema = z.object({ groups: z.array(letterGroupSchema) });
export type LetterGroups = z.infer<typeof letterGroupsSchema>;

const optionalText = (name: string, maxLength: number, example: string) =>
  z.union([z.literal(""), visibleText(name, maxLength, example)]).optional();

export const annotateGroupSchema = z.strictObject({
  fingerprint: z.string().regex(/^[0-9a-f]{16}$/, "Field 'fingerprint' is not one of ours"),
  note: optionalText("note", 500, "known: ticket 7"),
  owner: optionalText("owner", 100, "payments"),
  ignored: z.boolean().optional(),
});
export type AnnotateGroup = z.infer<typeof annotateGroupSchema>;
export const groupAnnotationSchema = z.object({ fingerprint: z.string() });

export const moveLettersSchema = z.strictObject({ scope: letterScopeSchema, reason: reasonSchema });
export type MoveLetters = z.infer<typeof moveLettersSchema>;
export const movedLettersSchema = z.object({ auditId: z.int(), count: z.int() });
export type MovedLetters = z.infer<typeof movedLettersSchema>;

export const previewReplaySchema = z.strictObject({
  scope: letterScopeSchema,
  force: z.boolean().default(false).meta({ description: "Also those in quarantine." }),
});
export type PreviewReplay = z.infer<typeof previewReplaySchema>;

/** What would become of a letter that is replayed now. */
export const forecastSchema = z.enum([
  "would_apply",
  "already_applied",
  "stale",
  "would_fail",
  "not_replayable",
]);
export type Forecast = z.infer<typeof forecastSchema>;

export const replayPreviewSchema = z.object({
  /** How many a job would have if it were started now. */
  total: z.int(),
  /** How many of the total were looked at, in their order: of very many the first ones. */
  examined: z.int(),
  /** Matching letters that a job would leave out: in quarantine, being replayed, resolved, discarded. */
  leftOut: z.partialRecord(letterStateSchema, z.int()),
  counts: z.record(forecastSchema, z.int()),
  /** Ids, 20 at most of each. */
  samples: z.partialRecord(forecastSchema, z.array(z.string())),
  failures: z.array(
    z.object({
      reason: z.string(),
      errorType: z.string(),
      pattern: z.string(),
      count: z.int(),
      sampleIds: z.array(z.string()),
    }),
  ),
});
export type ReplayPreview = z.infer<typeof replayPreviewSchema>;

const rateSchema = z.int().min(1).max(50_000).meta({ example: 500 });

const requestIdSchema = z
  .string()
  .regex(/^[\u0021-\u007e]{1,100}$/, "Field 'requestId' must be 1 to 100 visible ASCII characters")
  .optional()
  .meta({
    description: "The same one starts one job, however often it is sent.",
    example: "replay-2026-03-02-1",
  });

export const startReplaySchema = z.strictObject({
  scope: letterScopeSchema,
  name: visibleText("name", 100, "after the catalog's outage"),
  reason: reasonSchema,
  ratePerSecond: rateSchema.default(500),
  canary: z.int().min(1).max(1_000_000).optional().meta({
    description: "How many go first; then the job waits until it is resumed.",
    example: 1,
  }),
  autoStopFailureShare: z.number().gt(0).max(1).default(0.5).meta({
    description: "Share of failures among 20 outcomes or more at which the job pauses itself.",
    example: 0.5,
  }),
  force: z.boolean().default(false).meta({ description: "Also letters in quarantine." }),
  requestId: requestIdSchema,
});
export type StartReplay = z.infer<typeof startReplaySchema>;

/** Those of systems A and B. What payment or stock has decided is not order's to change. */
export const editableEventTypes = ["Order", "OrderStatusUpdate", "OrderEvent"] as const;

/** An edited event in place of the one that failed, as its order's next replay. */
export const startEditedSchema = z.strictObject({
  id: deadLetterIdSchema,
  event: z.record(z.string(), z.unknown()).meta({
    description: "The whole event as `dlq.get` tells it, changed. Its orderId stays.",
    example: {
      orderId: "ORD-999",
      status: "shipped",
      updateTimestamp: "2026-03-02T09:30:00.000Z",
      eventType: "STATUS_UPDATE",
    },
  }),
  reason: reasonSchema,
  requestId: requestIdSchema,
});
export type StartEdited = z.infer<typeof startEditedSchema>;

/** An edited event before it is ordered: what is asked while somebody types. */
export const checkEditedSchema = startEditedSchema.pick({ id: true, event: true });
export type CheckEdited = z.infer<typeof checkEditedSchema>;

export const editedCheckSchema = z.object({
  /** One sentence each; empty when it can be replayed. */
  problems: z.array(z.string()),
  /** What differs from the event that failed, by its path; null for what is not there. JSON texts. */
  changes: z.array(
    z.object({ path: z.string(), before: z.string().nullable(), after: z.string().nullable() }),
  ),
});
export type EditedCheck = z.infer<typeof editedCheckSchema>;

export const replayJobSchema = z.object({
  id: z.string(),
  name: z.string(),
  reason: z.string(),
  actor: z.string(),
  state: z.enum(["running", "paused", "cancelled", "done"]),
  /** Why it is paused: by an operator, because its canary is through, or because too many failed. */
  pauseCause: z.enum(["operator", "canary", "failures"]).nullable(),
  ratePerSecond: z.int(),
  canary: z.int().nullable(),
  autoStopFailureShare: z.number(),
  /** Fixed when the job was started; while `gathering` it grows to that. */
  total: z.int(),
  /** A very large scope is written down piece by piece: not all of its letters are in the total yet. */
  gathering: z.boolean(),
  counts: z.record(replayOutcomeSchema, z.int()),
  /** Items without an outcome: total less the counts. */
  left: z.int(),
  scope: z.record(z.string(), z.union([z.string(), z.number()])),
  createdAt: z.iso.datetime(),
  /** When the last outcome was there. */
  endedAt: z.iso.datetime().nullable(),
  auditId: z.int(),
});
export type ReplayJob = z.infer<typeof replayJobSchema>;

const jobIdSchema = z
  .string()
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "Field 'id' is not the id of a replay")
  .meta({ example: "0190f6a2-6d7e-7c0c-9d0e-3b7a5f1c2d4e" });

export const replayQuerySchema = z.strictObject({ id: jobIdSchema });
export type ReplayQuery = z.infer<typeof replayQuerySchema>;

export const replayOrderSchema = z.strictObject({ id: jobIdSchema, reason: reasonSchema });
export type ReplayOrder = z.infer<typeof replayOrderSchema>;

export const setReplayRateSchema = z.strictObject({
  id: jobIdSchema,
  ratePerSecond: rateSchema,
  reason: reasonSchema,
});
export type SetReplayRate = z.infer<typeof setReplayRateSchema>;

export const replayPageQuerySchema = z.strictObject({
  limit: z.int().min(1).max(200).default(50),
  /** `nextCursor` of the page before. */
  cursor: cursorSchema.optional(),
});
export type ReplayPageQuery = z.infer<typeof replayPageQuerySchema>;

/** Newest first. */
export const replayPageSchema = z.object({
  replays: z.array(replayJobSchema),
  nextCursor: z.string().optional(),
});
export type ReplayPage = z.infer<typeof replayPageSchema>;

export const replayItemSchema = z.object({
  jobId: z.string(),
  /** From 1, in the order in which they are published. */
  number: z.int(),
  deadLetterId: z.string(),
  state: replayItemStateSchema,
  settledAt: z.iso.datetime().nullable(),
  /** Why it failed again or was skipped. */
  failure: replayFailureSchema.nullable(),
});
export type ReplayItem = z.infer<typeof replayItemSchema>;

export const replayItemsQuerySchema = z.strictObject({
  id: jobIdSchema,
  state: replayItemStateSchema.optional(),
  limit: z.int().min(1).max(1000).default(100),
  /** Number of the last item of the page before. */
  after: z.int().min(0).default(0),
});
export type ReplayItemsQuery = z.infer<typeof replayItemsQuerySchema>;

export const replayItemsSchema = z.object({
  items: z.array(replayItemSchema),
  /** Absent on the last page. */
  nextAfter: z.int().optional(),
});
export type ReplayItems = z.infer<typeof replayItemsSchema>;

/** A job over time, in steps of equal length from its start to its end or to now. */
export const replayTimelineSchema = z.object({
  fromAt: z.iso.datetime(),
  stepMs: z.int(),
  /** In each step: outcomes of the job but `skipped`, and how many of them were `failed`. */
  settled: z.array(z.int()),
  failed: z.array(z.int()),
  /** In each step: dead letters of any kind whose last failure was then, the job's own among them. */
  newFailures: z.array(z.int()),
});
export type ReplayTimeline = z.infer<typeof replayTimelineSchema>;

/** How many dead letters are in each state. */
export const letterCountsSchema = z.object({ byState: z.record(letterStateSchema, z.int()) });
export type LetterCounts = z.infer<typeof letterCountsSchema>;

/** What a stream is resumed with after a reconnect: tRPC's clients and EventSource send it by themselves. */
const lastEventIdSchema = z.string().max(200).optional();

export const watchReplaySchema = replayQuerySchema.extend({ lastEventId: lastEventIdSchema });
export const watchLettersSchema = z.strictObject({ lastEventId: lastEventIdSchema }).optional();
