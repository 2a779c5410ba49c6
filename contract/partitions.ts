// Partitions that stand still, and the one order about them: to go on past records that cannot be read.
import { z } from "zod";
import { topicSchema } from "./models.ts";
import { visibleText } from "./visible-text.ts";

/** Bounds what one slip of the finger can cost. */
export const maxSkippedOffsets = 10_000;

const offsetSchema = z.int().min(0);

/**
 * To read on at `toOffset` where a partition stands still at `fromOffset`. The records from `fromOffset` on and before
 * `toOffset` never have an effect and are no dead letters: the audit names them, nothing else does.
 */
export const skipPartitionSchema = z
  .strictObject({
    topic: topicSchema,
    partition: z.int().min(0).max(2_147_483_647).meta({ example: 1 }),
    /** Where it stands still, as `/health/detail` tells. */
    fromOffset: offsetSchema.meta({ example: 42 }),
    /** Of the first record that is read again. */
    toOffset: offsetSchema.meta({ example: 43 }),
    /** Why; kept in the audit. */
    reason: visibleText(
      "reason",
      500,
      "A batch in a codec that cannot be read, agreed with the payment team",
    ),
  })
  .refine(({ fromOffset, toOffset }) => toOffset > fromOffset, {
    path: ["toOffset"],
    message: "Field 'toOffset' must be greater than 'fromOffset'",
  })
  .refine(({ fromOffset, toOffset }) => toOffset - fromOffset <= maxSkippedOffsets, {
    path: ["toOffset"],
    message: `Field 'toOffset' must be at most ${maxSkippedOffsets} beyond 'fromOffset'`,
  });
export type SkipPartition = z.infer<typeof skipPartitionSchema>;

export const partitionSkipSchema = z.object({
  /** Of the entry in the audit. */
  auditId: z.int(),
  topic: z.string(),
  partition: z.int(),
  fromOffset: z.int(),
  toOffset: z.int(),
});
export type PartitionSkip = z.infer<typeof partitionSkipSchema>;
