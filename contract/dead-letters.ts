// Dead letters as people see them: the original event, why it failed, and where it came from.
import { z } from "zod";
import { letterReplaySchema } from "./letter-history.ts";
import { orderIdSchema, topicSchema } from "./models.ts";
import { visibleText } from "./visible-text.ts";

/** System B's error categories; system A's records carry them beside their own fields. */
export const errorCategorySchema = z.enum(["NO_RETRY_DLQ", "RETRY_THEN_DLQ", "RETRY_FOREVER"]);
export type ErrorCategory = z.infer<typeof errorCategorySchema>;

/**
 * What became of a dead letter since: `replaying` belongs to a job, `resolved` had its effect or needs none any more,
 * `quarantined` failed again and again, `superseded` was replaced by an edited one.
 */
export const letterStateSchema = z.enum([
  "open",
  "replaying",
  "resolved",
  "discarded",
  "quarantined",
  "superseded",
]);

/** What is known of a value that was too large to be kept. */
export const omittedValueSchema = z.object({
  sizeBytes: z.int().min(0),
  /** Lower-case hex. */
  sha256: z.string(),
});
export type OmittedValue = z.infer<typeof omittedValueSchema>;

export const deadLetterSchema = z.object({
  /**
   * `topic/partition/offset` of the original record: one dead letter an event. When a topic was deleted and made again, a
   * second event of that place has its time behind the partition: `order-events/0@1788000000000/17`.
   */
  id: z.string(),
  /** Where it lies. */
  deadLetterTopic: z.string(),
  /** The record's key as text, an 8-byte big-endian number in decimal; null when it had none. */
  orderId: z.string().nullable(),
  /** `Order`, `OrderStatusUpdate`, `OrderEvent`; null when the bytes cannot be decoded. */
  eventType: z.string().nullable(),
  /** The decoded event as JSON text; null when the bytes cannot be decoded. */
  originalMessage: z.string().nullable(),
  /** The exact bytes of the original value, base64; null for a tombstone and for an omitted value. */
  originalValue: z.string().nullable(),
  /** Of the original value, kept or not; null for a tombstone. */
  sizeBytes: z.int().min(0).nullable(),
  /** Null unless the value was too large to be kept. */
  omittedValue: omittedValueSchema.nullable(),
  originalTopic: z.string(),
  originalPartition: z.int(),
  originalOffset: z.int(),
  consumerGroup: z.string(),
  errorType: z.string(),
  errorCategory: errorCategorySchema,
  /** Stable code: `duplicate_create`, `unknown_order`, `truncated`, … */
  reason: z.string(),
  errorMessage: z.string(),
  /** Attempts counts from 1; retries = attempts - 1. */
  attempts: z.int().min(1),
  firstFailureAt: z.iso.datetime(),
  lastFailureAt: z.iso.datetime(),
  state: letterStateSchema,
  /** How often it was replayed. */
  replays: z.int().min(0),
  /** Of its group of alike failures. */
  fingerprint: z.string(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** One failed attempt, of a dead letter or of an event that is still being retried. */
export const failedAttemptSchema = z.object({
  /** Counts from 1. */
  attempt: z.int().min(1),
  failedAt: z.iso.datetime(),
  errorType: z.string(),
  errorMessage: z.string(),
});
export type FailedAttempt = z.infer<typeof failedAttemptSchema>;

/** Any JSON value: an event's own words, whose schema is Avro's business. */
export const eventSchema = z.unknown().meta({ description: "The decoded event." });

const bytesSchema = z.object({
  /** Null when the bytes are not UTF-8. */
  text: z.string().nullable(),
  base64: z.string(),
});

/** The value as far as it can be read; its exact bytes are `originalValue`. */
export const deadLetterValueSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("decoded"), event: eventSchema, schemaId: z.int().nullable() }),
  z.object({
    kind: z.literal("undecodable"),
    hex: z.string(),
    /** Why it cannot be decoded, one sentence. */
    why: z.string(),
    schemaId: z.int().nullable(),
  }),
  /** It was decoded when it failed; its JSON was left out so that the letter fitted its topic. The bytes are whole. */
  z.object({ kind: z.literal("bytes"), hex: z.string(), schemaId: z.int().nullable() }),
  z.object({ kind: z.literal("tombstone") }),
  z.object({
    kind: z.literal("omitted"),
    sizeBytes: z.int(),
    sha256: z.string(),
    schemaId: z.int().nullable(),
  }),
]);
export type DeadLetterValue = z.infer<typeof deadLetterValueSchema>;

/** Everything of one dead letter. */
export const deadLetterDetailsSchema = deadLetterSchema.omit({ originalMessage: true }).extend({
  eventId: z.string().nullable(),
  value: deadLetterValueSchema,
  key: bytesSchema.nullable(),
  /** In their order on the record; a name may repeat. */
  headers: z.array(
    z.object({ name: z.string(), text: z.string().nullable(), base64: z.string().nullable() }),
  ),
  /** The record's own time, whoever set it; null when it has none or one that no calendar has. */
  recordedAt: z.iso.datetime().nullable(),
  /**
   * What the letter had no room for on its topic: the event's JSON, headers beyond 32 KiB, the value (of which size and hash are
   * left), a key that is too long. Empty for a letter that is whole.
   */
  omitted: z.array(z.enum(["text", "headers", "value", "key"])),
  /** Oldest first; of very many the first and the last ones, `attempts` counts all. */
  failures: z.array(failedAttemptSchema),
  /** Where its first copy lies on the dead-letter topic. */
  deadLetterPartition: z.int(),
  deadLetterOffset: z.int(),
  /** Each time it was replayed, the oldest first; 100 at most. */
  history: z.array(letterReplaySchema),
});
export type DeadLetterDetails = z.infer<typeof deadLetterDetailsSchema>;

export const deadLetterIdSchema = z
  .string()
  // On the embedded cluster a partition carries the cluster's life (`0@1f2e3d4c`), because its offsets begin anew; on a real
  // one the record's time, where a topic of that name was made anew.
  .regex(
    /^[A-Za-z0-9._-]{1,249}\/(0|[1-9][0-9]{0,9})(@[A-Za-z0-9-]{1,36})?\/(0|[1-9][0-9]{0,15})$/,
    "Field 'id' must be topic/partition/offset, such as order-events/0/17",
  )
  .meta({ example: "order-events/0/17" });

export const deadLetterQuerySchema = z.strictObject({ id: deadLetterIdSchema });
export type DeadLetterQuery = z.infer<typeof deadLetterQuerySchema>;

/** A page's `nextCursor`; nothing but to be sent back. */
export const cursorSchema = z.string().regex(/^[A-Za-z0-9_-]{1,512}$/, "Field 'cursor' is not one of ours");

function instant(name: string) {
  return z.iso
    .datetime({
      offset: true,
      error: `Field '${name}' must be an ISO 8601 instant such as 2026-03-02T09:30:00Z`,
    })
    .meta({ example: "2026-03-02T09:30:00Z" });
}

/** Up to the first `=` it is the name. No control characters. */
// oxlint-disable-next-line no-control-regex
const headerPattern = /^[^=\u0000-\u001f\u007f-\u009f]{1,128}=[^\u0000-\u001f\u007f-\u009f]{0,500}$/;

/** What dead letters can be searched by; several narrow each other down. */
export const deadLetterFilterFields = {
  topic: topicSchema.optional().meta({ description: "Of the original record." }),
  deadLetterTopic: topicSchema.optional().meta({ description: "That the dead letter lies on." }),
  errorType: visibleText("errorType", 128, "ValueError").optional(),
  category: errorCategorySchema.optional(),
  reason: visibleText("reason", 64, "unknown_order").optional().meta({ description: "Reason code." }),
  orderId: orderIdSchema.optional(),
  state: letterStateSchema.optional(),
  fingerprint: z
    .string()
    .regex(/^[0-9a-f]{16}$/, "Field 'fingerprint' is not one of ours")
    .optional()
    .meta({ description: "Of a group of alike failures.", example: "9f2c4a1b7d3e5f60" }),
  text: visibleText("text", 200, "not found")
    .optional()
    .meta({ description: "Occurs in the error message or in the event's JSON, whatever its case." }),
  header: z
    .string()
    .refine((text) => text.isWellFormed(), "Field 'header' must be well-formed Unicode")
    .regex(headerPattern, "Field 'header' must be name=value, such as source=web")
    .optional()
    .meta({
      description: "The original record has this header with exactly this value, `name=value`.",
      example: "source=web",
    }),
  from: instant("from").optional().meta({ description: "Last failure at or after this instant." }),
  until: instant("until").optional().meta({ description: "Last failure before this instant." }),
};

export const emptyPeriodProblem = "Field 'until' must be later than 'from'";

export const deadLetterPageQuerySchema = z
  .strictObject({
    /** 0 asks for an empty page, which costs nothing and is no mistake. */
    limit: z.int().min(0).max(1000).default(10),
    /** How many to pass over; a cursor finds its place at once and stays there while letters come in. */
    offset: z.int().min(0).optional(),
    /** `nextCursor` of the page before, asked with the same filters. */
    cursor: cursorSchema.optional(),
    ...deadLetterFilterFields,
    /** `orders`: only the dead letters of systems A and B, whatever their topic is called here. */
    queue: z.literal("orders").optional(),
  })
  .refine(({ offset, cursor }) => offset === undefined || cursor === undefined, {
    message: "Fields 'offset' and 'cursor' exclude each other",
  })
  .refine(isPeriod, { message: emptyPeriodProblem });
export type DeadLetterPageQuery = z.infer<typeof deadLetterPageQuerySchema>;

/** An empty period is a mistake of whoever asks, not a queue in which nothing failed. */
export function isPeriod({
  from,
  until,
}: {
  from?: string | undefined;
  until?: string | undefined;
}): boolean {
  return from === undefined || until === undefined || Date.parse(from) < Date.parse(until);
}

/** In topic order. A page ends early when it has 16 MB: `nextCursor` tells whether there is more. */
export const deadLetterPageSchema = z.object({
  deadLetters: z.array(deadLetterSchema),
  /** Absent on the last page, and with `limit: 0`. */
  nextCursor: z.string().optional(),
});
export type DeadLetterPage = z.infer<typeof deadLetterPageSchema>;

/** The same filters as a page's. */
export const deadLetterCountQuerySchema = z
  .strictObject({ ...deadLetterFilterFields, queue: z.literal("orders").optional() })
  .refine(isPeriod, { message: emptyPeriodProblem });
export type DeadLetterCountQuery = z.infer<typeof deadLetterCountQuerySchema>;

/** How many match. Where looking at every letter takes too long, `exact` is false and there are at least so many. */
export const deadLetterCountSchema = z.object({ count: z.int().min(0), exact: z.boolean() });
export type DeadLetterCount = z.infer<typeof deadLetterCountSchema>;

const deadLetterCountsSchema = z.object({
  total: z.int(),
  byCategory: z.partialRecord(errorCategorySchema, z.int()),
});

/** Of all dead letters, and of each dead-letter topic. */
export const deadLetterStatsSchema = deadLetterCountsSchema.extend({
  /** The dead-letter topic of systems A and B. */
  topic: z.string(),
  /** The topics that order writes to, the one of A and B first, then any other that letters were read from. */
  topics: z.array(deadLetterCountsSchema.extend({ topic: z.string() })),
});
export type DeadLetterStats = z.infer<typeof deadLetterStatsSchema>;

/** The dead-letter topic of systems A and B, and how often their events are retried before. */
export const deadLetterInfoSchema = z.object({
  topic: z.string(),
  total: z.int(),
  partitions: z.int(),
  maxRetries: z.int(),
  retryBackoffMs: z.int(),
  maxBackoffMs: z.int(),
  /** Whether events may be edited before they are replayed: `DLQ_EDIT`. */
  editing: z.boolean(),
});
export type DeadLetterInfo = z.infer<typeof deadLetterInfoSchema>;
