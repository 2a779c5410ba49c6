// The change feed: what orders have become, so that readers need not ask again and again.
import { z } from "zod";
import { orderDetailsSchema, orderIdSchema } from "./models.ts";
import { lastEventIdSchema } from "./live.ts";

export const orderStateSchema = orderDetailsSchema
  .extend({
    /** Counts the events that had their effect on the order, 1 after its creation: it never falls. */
    version: z.int().min(1),
  })
  .meta({ id: "OrderState" });

/** A state tells what the order is now: several changes in a row may be told as one, and one may be told twice. */
export const orderFeedEventSchema = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("state"), order: orderStateSchema }),
    /** Whoever came back too late has missed changes: read the orders again, or the topic of states. */
    z.object({ kind: z.literal("missed"), count: z.null() }),
  ])
  .meta({ id: "OrderFeedEvent" });
export type OrderFeedEvent = z.infer<typeof orderFeedEventSchema>;

export const orderFeedQueryFields = { orderId: orderIdSchema.optional() };
export interface OrderFeedQuery {
  /** Of one order, what it is and what becomes of it; without it the changes of all orders from now on. */
  readonly orderId?: string | undefined;
}
export const watchOrdersSchema = z
  .strictObject({ ...orderFeedQueryFields, lastEventId: lastEventIdSchema })
  .optional();

export const feedIsOff = "The change feed of all orders is off: order runs without ORDER_STATE_TOPIC";
