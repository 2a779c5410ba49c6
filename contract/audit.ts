// What operators have ordered, as they read it: who, what, why, and how it ended.
import { z } from "zod";
import { cursorSchema } from "./dead-letters.ts";

export const auditEntrySchema = z.object({
  id: z.int(),
  at: z.iso.datetime(),
  /** The procedure that was called, such as `partitions.skip`. */
  action: z.string(),
  /** Who ordered it: the name of the key, or the id of the request where no keys are needed. */
  actor: z.string(),
  /** What it was about; for `partitions.skip` topic, partition, fromOffset and toOffset; for `parked.…` topic, partition and offset. */
  target: z.record(z.string(), z.union([z.string(), z.number()])),
  reason: z.string(),
  /** How it ended, one sentence; null while it is carried out, and for ever when the process ended meanwhile. */
  result: z.string().nullable(),
  /** When it ended; null like `result`. */
  endedAt: z.iso.datetime().nullable(),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

export const auditPageQuerySchema = z.strictObject({
  limit: z.int().min(1).max(200).default(50),
  /** `nextCursor` of the page before. */
  cursor: cursorSchema.optional(),
});
export type AuditPageQuery = z.infer<typeof auditPageQuerySchema>;

/** Newest first. */
export const auditPageSchema = z.object({
  entries: z.array(auditEntrySchema),
  /** Absent on the last page. */
  nextCursor: z.string().optional(),
});
export type AuditPage = z.infer<typeof auditPageSchema>;
