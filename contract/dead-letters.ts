// Dead letters as people see them: the original event, why it failed, and where it came from.
import { z } from "zod";

/** System B's error categories; system A's records carry them beside their own fields. */
export const errorCategorySchema = z.enum(["NO_RETRY_DLQ", "RETRY_THEN_DLQ", "RETRY_FOREVER"]);
export type ErrorCategory = z.infer<typeof errorCategorySchema>;

export const deadLetterSchema = z.object({
  /** `topic/partition/offset` of the original record: one dead letter an event. */
  id: z.string(),
  /** The record's key as text; null when it had none. */
  orderId: z.string().nullable(),
  /** The decoded event as JSON text; null when the bytes cannot be decoded. */
  originalMessage: z.string().nullable(),
  /** The exact bytes of the original value, base64; null for a tombstone. */
  originalValue: z.string().nullable(),
  originalTopic: z.string(),
  originalPartition: z.int(),
  originalOffset: z.int(),
  consumerGroup: z.string(),
  errorType: z.string(),
  errorCategory: errorCategorySchema,
  errorMessage: z.string(),
  /** Attempts counts from 1; retries = attempts - 1. */
  attempts: z.int().min(1),
  firstFailureAt: z.iso.datetime(),
  lastFailureAt: z.iso.datetime(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

export const deadLetterPageQuerySchema = z.strictObject({
  /** 0 asks for an empty page, which costs nothing and is no mistake. */
  limit: z.int().min(0).max(1000).default(10),
  offset: z.int().min(0).default(0),
});
export type DeadLetterPageQuery = z.infer<typeof deadLetterPageQuerySchema>;

/** In topic order. */
export const deadLetterPageSchema = z.object({ deadLetters: z.array(deadLetterSchema) });
export type DeadLetterPage = z.infer<typeof deadLetterPageSchema>;

export const deadLetterStatsSchema = z.object({
  topic: z.string(),
  total: z.int(),
  byCategory: z.partialRecord(errorCategorySchema, z.int()),
});
export type DeadLetterStats = z.infer<typeof deadLetterStatsSchema>;

export const deadLetterInfoSchema = z.object({
  topic: z.string(),
  total: z.int(),
  partitions: z.int(),
  maxRetries: z.int(),
  retryBackoffMs: z.int(),
  maxBackoffMs: z.int(),
});
export type DeadLetterInfo = z.infer<typeof deadLetterInfoSchema>;
