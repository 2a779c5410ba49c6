// What the services speak about, in the product's own words. The wire names of the three systems
// (`numItems`, `itemsCount`, `error_category`, …) live in contract/dialects and nowhere else.
import { z } from "zod";
import { visibleText } from "./visible-text.ts";

/** Chosen by the client, also the Kafka message key: trimmed, 1 to 128 characters. */
export const orderIdSchema = visibleText("orderId", 128, "ORD-1");

/** Free text chosen by the client: trimmed, 1 to 64 characters. */
export const statusSchema = visibleText("status", 64, "shipped");

/** Kafka's own limit for a topic name is 249 characters. */
export const topicSchema = visibleText("topic", 249, "order-events");

/** What a created order starts with; system B reserves it, in any case. */
export function isReservedStatus(status: string): boolean {
  return status.toLowerCase() === "new";
}
export const reservedStatusProblem =
  "status='new' is reserved for creation. Use 'pending', 'confirmed', etc.";

/** How many order lines a create may ask for. */
export const itemCountLimits = { A: 100, B: 1000 } as const;

/**
 * Which of the documented order systems a command belongs to. It decides the topic, the event type and with it the
 * retry policy: `A` publishes `Order` and `OrderStatusUpdate`, `B` publishes `OrderEvent`.
 */
export const systemSchema = z.enum(["A", "B"]);
export type System = z.infer<typeof systemSchema>;

/** Prices leave the services as decimals with two digits; inside they are integer minor units. */
export const orderItemSchema = z.object({
  itemId: z.string(),
  quantity: z.int().min(1),
  price: z.number().min(0),
});
export type OrderItem = z.infer<typeof orderItemSchema>;

export const orderSchema = z.object({
  orderId: orderIdSchema,
  customerId: z.string(),
  /** ISO 8601, UTC. */
  orderDate: z.iso.datetime(),
  items: z.array(orderItemSchema),
  totalAmount: z.number().min(0),
  /** ISO 4217. */
  currency: z.string().length(3),
  status: z.string(),
});
export type Order = z.infer<typeof orderSchema>;

/** An order as order answers it: what was created, its present status, and what shipping it costs. */
export const orderDetailsSchema = orderSchema.extend({
  /** 2 % of `totalAmount`, rounded half up to cents, stored with the order. */
  shippingCost: z.number().min(0),
});
export type OrderDetails = z.infer<typeof orderDetailsSchema>;

/** Create an order: cart fills in the customer, the items, their prices and the total. */
export const createOrderSchema = z
  .strictObject({
    orderId: orderIdSchema,
    /** How many order lines to generate: 1 to 1,000 in system B, 1 to 100 in system A. */
    itemCount: z.int().min(1).max(itemCountLimits.B),
    system: systemSchema.default("B"),
  })
  .refine(({ system, itemCount }) => itemCount <= itemCountLimits[system], {
    path: ["itemCount"],
    message: `Field 'itemCount' must be at most ${itemCountLimits.A} in system A`,
  });
export type CreateOrder = z.infer<typeof createOrderSchema>;

export const updateStatusSchema = z
  .strictObject({
    orderId: orderIdSchema,
    status: statusSchema,
    system: systemSchema.default("B"),
  })
  .refine(({ system, status }) => system !== "B" || !isReservedStatus(status), {
    path: ["status"],
    message: reservedStatusProblem,
  });
export type UpdateStatus = z.infer<typeof updateStatusSchema>;

/** What is asked of one order. */
export const orderQuerySchema = z.strictObject({ orderId: orderIdSchema });
export type OrderQuery = z.infer<typeof orderQuerySchema>;

/** What cart has published: the order may not exist. */
export const statusUpdateSchema = z.object({ orderId: orderIdSchema, status: statusSchema });
export type StatusUpdate = z.infer<typeof statusUpdateSchema>;

/** Cursor paging: stable under inserts, ordered by orderId. */
export const orderPageQuerySchema = z.strictObject({
  limit: z.int().min(1).max(1000).default(100),
  /** `nextCursor` of the page before. */
  cursor: z.string().max(512).optional(),
});
export type OrderPageQuery = z.infer<typeof orderPageQuerySchema>;

export const orderPageSchema = z.object({
  orders: z.array(orderDetailsSchema),
  /** Absent on the last page. */
  nextCursor: z.string().optional(),
});
export type OrderPage = z.infer<typeof orderPageSchema>;

export const topicQuerySchema = z.strictObject({ topic: topicSchema });
export type TopicQuery = z.infer<typeof topicQuerySchema>;

export const orderIdsSchema = z.object({
  topic: z.string(),
  /** Sorted; only orders with an event of that topic that was processed with success. */
  orderIds: z.array(z.string()),
});
export type OrderIds = z.infer<typeof orderIdsSchema>;
