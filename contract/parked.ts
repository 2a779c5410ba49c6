// Parked events as operators see them: events that failed and wait for their next attempt, and what waits behind them.
import { z } from "zod";
import { cursorSchema, eventSchema, failedAttemptSchema } from "./dead-letters.ts";
import { orderIdSchema } from "./models.ts";

/**
 * `waiting`: tried again at `dueAt`. `behind`: an earlier event of the same order waits. `dead`: its dead letter is on its
 * way to the broker.
 */
export const parkedStateSchema = z.enum(["waiting", "behind", "dead"]);

export const parkedEventSchema = z.object({
  /** Opaque; for `retryNow` and `deadLetterNow`. */
  id: z.string(),
  /** The order whose later events wait behind it. */
  orderId: z.string(),
  state: parkedStateSchema,
  /** `Order`, `OrderStatusUpdate`, `OrderEvent`; null when the bytes cannot be decoded. */
  eventType: z.string().nullable(),
  /** Null when the bytes cannot be decoded. */
  event: eventSchema,
  topic: z.string(),
  partition: z.int(),
  offset: z.int(),
  consumerGroup: z.string(),
  /** Attempts so far; 0 for an event that has only waited behind another one. */
  attempts: z.int().min(0),
  /** Oldest first; of very many the first and the last ones, `attempts` counts all. */
  failures: z.array(failedAttemptSchema),
  /** When it is tried again; null unless it is `waiting`. */
  dueAt: z.iso.datetime().nullable(),
  /** Reason code of the dead letter that it becomes; null unless it is `dead`. */
  reason: z.string().nullable(),
});
export type ParkedEvent = z.infer<typeof parkedEventSchema>;

export const parkedPageQuerySchema = z.strictObject({
  limit: z.int().min(1).max(200).default(50),
  /** `nextCursor` of the page before. */
  cursor: cursorSchema.optional(),
  /** Only the events of this order. */
  orderId: orderIdSchema.optional(),
});
export type ParkedPageQuery = z.infer<typeof parkedPageQuerySchema>;

/** By topic and partition, then by offset. A page ends early when it has 16 MB. */
export const parkedPageSchema = z.object({
  parked: z.array(parkedEventSchema),
  /** Absent on the last page. */
  nextCursor: z.string().optional(),
});
export type ParkedPage = z.infer<typeof parkedPageSchema>;

/** Names one parked event, in what is asked and in what is answered. */
export const parkedTargetSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,512}$/, "Field 'id' is not the id of a parked event")
    .meta({ example: "b3JkZXItc3RhdHVzLXVwZGF0ZXMvMC8xOA" }),
});
export type ParkedTarget = z.infer<typeof parkedTargetSchema>;
