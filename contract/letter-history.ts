// What became of a dead letter each time it was replayed. Apart from jobs and letters, because both tell it.
import { z } from "zod";

export const replayOutcomeSchema = z.enum(["applied", "already_applied", "stale", "failed", "skipped"]);

export const replayItemStateSchema = z.enum(["pending", "sent", ...replayOutcomeSchema.options]);

/** Why it failed again or was skipped. */
export const replayFailureSchema = z.object({
  reason: z.string(),
  errorType: z.string(),
  errorMessage: z.string(),
});

export const letterReplaySchema = z.object({
  jobId: z.string(),
  jobName: z.string(),
  /** When the job was started. */
  startedAt: z.iso.datetime(),
  /** Why, as whoever started it has said. */
  reason: z.string(),
  /** Whether an edited event went in place of the letter's own. */
  edited: z.boolean(),
  /** Of its item in the job. */
  number: z.int(),
  state: replayItemStateSchema,
  settledAt: z.iso.datetime().nullable(),
  failure: replayFailureSchema.nullable(),
});
export type LetterReplay = z.infer<typeof letterReplaySchema>;
