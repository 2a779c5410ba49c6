// System C's orders: an aggregate of their own beside those of A and B, decided by payment and stock. What is asked, what is
// answered, and the time line that says why an order is where it is.
import { z } from "zod";
import { visibleText } from "./visible-text.ts";

/** From the store's sequence: positive, and exact in JSON. */
export const sagaOrderIdSchema = z.int().min(1);

export const productIdSchema = visibleText("productId", 64, "P-1");

/** A decimal with two digits at most; inside it is integer cents. */
export const amountSchema = z
  .number()
  .min(0)
  .max(1_000_000)
  .refine((amount) => Math.round(amount * 100) / 100 === amount, {
    error: ({ path }) => `Field '${path?.join(".")}' must have two decimals at most`,
  });

export const orderLinesLimit = 100;
export const quantityLimit = 1000;

/** An order line as it travels: `price` is that of one piece. */
export const orderLineSchema = z.strictObject({
  productId: productIdSchema,
  quantity: z.int().min(1).max(quantityLimit),
  price: amountSchema.meta({ description: "Of one piece, as in the catalog.", example: 10 }),
});
export type OrderLine = z.infer<typeof orderLineSchema>;

export const placeOrderSchema = z.strictObject({
  customerId: visibleText("customerId", 128, "CUST-1"),
  items: z
    .array(orderLineSchema)
    .min(1, "Field 'items' must have one line at least")
    .max(orderLinesLimit, `Field 'items' must have ${orderLinesLimit} lines at most`),
});
export type PlaceOrder = z.infer<typeof placeOrderSchema>;

/**
 * `NEW`: not both have decided in time. `CONFIRMED`: both accepted. `REJECTED`: both rejected. `ROLLBACK`: one of each; who
 * had accepted gives back.
 */
const sagaStatusSchema = z.enum(["NEW", "CONFIRMED", "REJECTED", "ROLLBACK"]);

/** The documented OrderDto: the same in HTTP and on the topic `orders`. */
export const sagaOrderSchema = z.object({
  orderId: sagaOrderIdSchema,
  customerId: z.string(),
  status: sagaStatusSchema,
  /** Who rejected, as documented: null for `NEW` and `CONFIRMED`. */
  source: z.string().nullable(),
  items: z.array(z.object({ productId: z.string(), quantity: z.int().min(1), price: z.number().min(0) })),
});
export type SagaOrder = z.infer<typeof sagaOrderSchema>;

export const sagaPageLimit = 1000;

/** Pages count from 0. Placed orders keep their place: new ones come at the end. */
export const sagaPageQuerySchema = z.strictObject({
  pageNo: z.int().min(0).max(1_000_000_000).default(0),
  pageSize: z.int().min(1).max(sagaPageLimit).default(10),
});
export type SagaPageQuery = z.infer<typeof sagaPageQuerySchema>;

export const listedSagaSchema = sagaOrderSchema.extend({
  placedAt: z.iso.datetime(),
  /** Null while it is `NEW`. */
  settledAt: z.iso.datetime().nullable(),
});
export type ListedSaga = z.infer<typeof listedSagaSchema>;

/** By orderId. */
export const sagaPageSchema = z.object({
  orders: z.array(listedSagaSchema),
  /** Of all pages. */
  total: z.int().min(0),
});
export type SagaPage = z.infer<typeof sagaPageSchema>;

export const sagaQuerySchema = z.strictObject({ orderId: sagaOrderIdSchema });
export type SagaQuery = z.infer<typeof sagaQuerySchema>;

/** Who decides: `payment` on the topic `payment-orders`, `stock` on `stock-orders`. */
const sagaSideSchema = z.enum(["payment", "stock"]);

const decisionFields = {
  answer: z.enum(["ACCEPT", "REJECT"]),
  /** As it was sent; on the time line its first 100 characters. */
  source: z.string().nullable(),
  /** The record's own time, which the window is about; null when no calendar has it. */
  eventAt: z.iso.datetime().nullable(),
};

/** The decision of a side that counts: the first one. */
export const sagaDecisionSchema = z.object({
  ...decisionFields,
  receivedAt: z.iso.datetime(),
  /**
   * `pending`: waits for its partner, or for its order. `joined`: the order was settled with it. `late`: came too long after
   * its partner. `expired`: its partner, or its order, did not come in time. The last two are dead letters, which can be
   * replayed.
   */
  state: z.enum(["pending", "joined", "late", "expired"]),
  /** It counts by an operator's order, whatever the window says. */
  replayed: z.boolean(),
});
export type SagaDecision = z.infer<typeof sagaDecisionSchema>;

/** What happened, and when it did by order's clock. */
export const sagaEventSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("placed"), at: z.iso.datetime() }),
  z.object({
    /**
     * `decided`: counts. `duplicate`: the same answer again, without effect. `late`: outside the window. `expired`: the window
     * closed, and the partner or the order had not come. `contradictory`: another answer than the side's first. `replayed`:
     * an operator's order, which counts whenever it comes.
     */
    kind: z.enum(["decided", "duplicate", "late", "expired", "contradictory", "replayed"]),
    at: z.iso.datetime(),
    side: sagaSideSchema,
    ...decisionFields,
    /** Reason code of the dead letter that it became; null for none. */
    reason: z.string().nullable(),
  }),
  z.object({
    kind: z.literal("settled"),
    at: z.iso.datetime(),
    status: sagaStatusSchema,
    source: z.string().nullable(),
  }),
]);
export type SagaEvent = z.infer<typeof sagaEventSchema>;

export const sagaSchema = z.object({
  orderId: sagaOrderIdSchema,
  /** Null when decisions came for an order that is not placed. */
  order: sagaOrderSchema.nullable(),
  placedAt: z.iso.datetime().nullable(),
  settledAt: z.iso.datetime().nullable(),
  payment: sagaDecisionSchema.nullable(),
  stock: sagaDecisionSchema.nullable(),
  /** Until when the decision that is pending waits for its partner; null when none is. */
  deadlineAt: z.iso.datetime().nullable(),
  /** Oldest first, 50 at most. */
  timeline: z.array(sagaEventSchema),
});
export type Saga = z.infer<typeof sagaSchema>;

const count = z.int().min(0);

export const sagaStatsSchema = z.object({
  /** Placed orders by status. */
  orders: z.record(sagaStatusSchema, count),
  /** Orders that decisions have come for, and that nobody has placed. */
  withoutOrder: count,
  /** Decisions whose order is not settled, by what they are now: late and expired ones wait for an operator. */
  halves: z.object({ pending: count, late: count, expired: count }),
  /** What has happened so far. */
  counted: z.object({
    /** Orders that were settled; everything else counts decisions. */
    joins: count,
    /** Came before their order. */
    early: count,
    duplicates: count,
    contradictory: count,
    late: count,
    expired: count,
    replayed: count,
  }),
  /** Records that are saved and not yet on their topic. */
  unpublished: count,
});
export type SagaStats = z.infer<typeof sagaStatsSchema>;

/** A decision whose partner, or whose order, has not come yet. */
export const pendingHalfSchema = z.object({
  orderId: sagaOrderIdSchema,
  side: sagaSideSchema,
  answer: z.enum(["ACCEPT", "REJECT"]),
  receivedAt: z.iso.datetime(),
  /** Until when it waits. */
  deadlineAt: z.iso.datetime().nullable(),
  isPlaced: z.boolean(),
});
export type PendingHalf = z.infer<typeof pendingHalfSchema>;
export const pendingHalvesSchema = z.object({ halves: z.array(pendingHalfSchema) });
export type PendingHalves = z.infer<typeof pendingHalvesSchema>;

export const catalogProductSchema = z.object({
  productId: productIdSchema,
  name: z.string(),
  /** Of one piece. */
  price: amountSchema,
  /** What the stand-in stock begins with; absent when the catalog does not say. */
  stock: z.int().min(0).max(1_000_000_000).optional(),
});
export type CatalogProduct = z.infer<typeof catalogProductSchema>;

/** What a catalog answers: ours at `GET /api/catalog`, and the one at `CATALOG_URL`. */
export const catalogSchema = z.object({ products: z.array(catalogProductSchema) });
export type Catalog = z.infer<typeof catalogSchema>;
