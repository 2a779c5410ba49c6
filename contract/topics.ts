// The topics that order works with, as operators look at them: what is written now, who reads which partition and how far.
import { z } from "zod";
import { lastEventIdSchema } from "./live.ts";
import { topicSchema } from "./models.ts";

const count = z.int().min(0);

export const knownTopicSchema = z.object({
  topic: z.string(),
  /** What is on it, in a few words. */
  about: z.string(),
  /** The group that reads it here; null when order only writes it. */
  consumerGroup: z.string().nullable(),
});
export type KnownTopic = z.infer<typeof knownTopicSchema>;
export const knownTopicsSchema = z.object({ topics: z.array(knownTopicSchema) });
export type KnownTopics = z.infer<typeof knownTopicsSchema>;

/**
 * `active`: is read. `paused`: back-pressure. `stalled`: there are records, and none arrives. `elsewhere`: this instance does
 * not have it, so another one does, or nobody just now.
 */
const partitionStateSchema = z.enum(["active", "paused", "stalled", "elsewhere"]);

export const topicPartitionSchema = z.object({
  topic: z.string(),
  partition: count,
  consumerGroup: z.string(),
  /** The instance that has it, when it is the one that answers; null for `elsewhere`. */
  instance: z.string().nullable(),
  state: partitionStateSchema,
  /** Of the record that is read next; what is `elsewhere` as far as the store has its effects. Null when it is not known. */
  nextOffset: count.nullable(),
  /** Of the record that is written next; null for what is `elsewhere`. So is the lag. */
  endOffset: count.nullable(),
  lag: count.nullable(),
  /** Events of it that wait for an attempt, or behind one; null for a partition of another instance. */
  retrying: count.nullable(),
});
export type TopicPartitionView = z.infer<typeof topicPartitionSchema>;

export const topicPartitionsSchema = z.object({
  /** Who answers. */
  instance: z.string(),
  partitions: z.array(topicPartitionSchema),
});
export type TopicPartitions = z.infer<typeof topicPartitionsSchema>;

/** `decoded`: an event of this service. `json`: JSON that it does not have to understand. `text`, `bytes`: what else. */
const tailedValueSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("decoded"),
    eventType: z.string(),
    schemaId: count,
    json: z.string(),
    cut: z.boolean(),
  }),
  z.object({ kind: z.literal("json"), json: z.string(), cut: z.boolean() }),
  z.object({ kind: z.literal("text"), text: z.string(), cut: z.boolean(), why: z.string() }),
  z.object({ kind: z.literal("bytes"), base64: z.string(), cut: z.boolean(), why: z.string() }),
  z.object({ kind: z.literal("tombstone") }),
]);
export type TailedValue = z.infer<typeof tailedValueSchema>;

export const tailedRecordSchema = z.object({
  partition: count,
  offset: count,
  /** Null when the record has none, or none that a calendar has. */
  at: z.iso.datetime().nullable(),
  /** As text, an 8-byte number in decimal; at most 300 characters. */
  key: z.string().nullable(),
  sizeBytes: count,
  value: tailedValueSchema,
  /** The first 20; texts of at most 200 characters. */
  headers: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
});
export type TailedRecord = z.infer<typeof tailedRecordSchema>;

export const tailEventSchema = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("record"), record: tailedRecordSchema }),
    /** Records passed over: more came than a person can read, or the reader was too slow. Null when nobody counted. */
    z.object({ kind: z.literal("missed"), count: count.nullable() }),
  ])
  .meta({ id: "TailEvent" });
export type TailEvent = z.infer<typeof tailEventSchema>;

export const tailQuerySchema = z.strictObject({ topic: topicSchema, lastEventId: lastEventIdSchema });
