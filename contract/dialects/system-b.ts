// System B, unprefixed paths: its words, its statuses, its errors.
import { z } from "zod";
import { errorCategorySchema, type DeadLetter, type OmittedValue } from "../dead-letters.ts";
import { errorTable } from "../errors.ts";
import {
  isReservedStatus,
  itemCountLimits,
  orderIdSchema,
  reservedStatusProblem,
  statusSchema,
  topicSchema,
} from "../models.ts";
import type { CartProcedures, OrderProcedures } from "../procedures.ts";
import { defineRoute, type ErrorShape, type Route } from "./route.ts";
import {
  exampleOrder,
  exampleOrderDetails,
  integerParameter,
  noParametersSchema,
  orderIdParametersSchema,
  wireOrder,
  wireOrderDetails,
  wireOrderDetailsSchema,
  wireOrderSchema,
} from "./wire-order.ts";

const badRequestSchema = z
  .object({ errors: z.array(z.string()).min(1) })
  .meta({ id: "SystemBBadRequest", description: "One line for each problem." });
const errorBodySchema = z.object({ detail: z.string() }).meta({ id: "SystemBError" });

export const systemBErrors: ErrorShape = {
  body: ({ code, message, problems }) => {
    if (errorTable[code].httpStatus !== 400) return { detail: message };
    return { errors: problems.length > 0 ? problems : [message] };
  },
  schema: (code) => (errorTable[code].httpStatus === 400 ? badRequestSchema : errorBodySchema),
};

const cartRoute = defineRoute<CartProcedures>();
const orderRoute = defineRoute<OrderProcedures>();

export const systemBCartRoutes: readonly Route<CartProcedures>[] = [
  cartRoute({
    method: "POST",
    path: "/create-order",
    operationId: "createOrder",
    tag: "System B",
    summary: "Create an order",
    description:
      "Generates the order and publishes its CREATE event to `order-events`. 201 means that the broker has the event.",
    procedure: "orders.create",
    from: "body",
    request: z
      .strictObject({ orderId: orderIdSchema, itemsCount: z.int().min(1).max(itemCountLimits.B) })
      .meta({ id: "CreateOrder" }),
    toInput: ({ orderId, itemsCount }) => ({ orderId, itemCount: itemsCount, system: "B" }),
    status: 201,
    answer: z.object({ message: z.string(), order: wireOrderSchema }),
    toAnswer: (order) => ({
      message: "Order creation event published successfully",
      order: wireOrder(order),
    }),
    errors: ["event_not_serialisable", "idempotency_key_reused"],
    errorShape: systemBErrors,
    takesIdempotencyKey: true,
    examples: {
      request: { orderId: "ORDER-001", itemsCount: 2 },
      answer: { message: "Order creation event published successfully", order: exampleOrder },
    },
  }),
  cartRoute({
    method: "PUT",
    path: "/update-order",
    operationId: "updateOrder",
    tag: "System B",
    summary: "Change an order's status",
    description:
      "Publishes an UPDATE event to `order-events`, behind the order's CREATE on the same partition.",
    procedure: "orders.updateStatus",
    from: "body",
    request: z
      .strictObject({
        orderId: orderIdSchema,
        status: statusSchema
          .refine((status) => !isReservedStatus(status), reservedStatusProblem)
          .meta({ not: { pattern: "^\\s*[nN][eE][wW]\\s*$" } }),
      })
      .meta({ id: "UpdateOrder" }),
    toInput: ({ orderId, status }) => ({ orderId, status, system: "B" }),
    status: 200,
    answer: z.object({
      message: z.string(),
      update: z.object({ orderId: z.string(), status: z.string() }),
    }),
    toAnswer: ({ orderId, status }) => ({
      message: "Order status update event published successfully",
      update: { orderId, status },
    }),
    errors: ["event_not_serialisable", "idempotency_key_reused"],
    errorShape: systemBErrors,
    takesIdempotencyKey: true,
    examples: {
      request: { orderId: "ORDER-001", status: "shipped" },
      answer: {
        message: "Order status update event published successfully",
        update: { orderId: "ORDER-001", status: "shipped" },
      },
    },
  }),
];

const deadLetterSchema = z
  .object({
    orderId: z.string().nullable().meta({ description: "The record's key; null when it had none." }),
    error_category: errorCategorySchema,
    error_message: z.string(),
    retry_count: z.int().meta({ description: "0 for an event that was dead-lettered at once." }),
    timestamp: z.iso.datetime().meta({ description: "Of the last failure." }),
    original_topic: z.string(),
    original_partition: z.int(),
    original_offset: z.int(),
    original_value: z.string().nullable().meta({
      description:
        "The exact bytes, base64; null for a tombstone, and when they were too large to be kept (`original_value_omitted`).",
    }),
    original_value_omitted: z
      .object({ size_bytes: z.int(), sha256: z.string() })
      .optional()
      .meta({ description: "Only when the value was too large to be kept: what is known of it." }),
  })
  .meta({ id: "DeadLetter" });

export const systemBOrderRoutes: readonly Route<OrderProcedures>[] = [
  orderRoute({
    method: "GET",
    path: "/order-details",
    operationId: "getOrderDetails",
    tag: "System B",
    summary: "Read an order",
    description: "The stored order with its present status.",
    procedure: "orders.details",
    from: "query",
    request: orderIdParametersSchema,
    toInput: (query) => query,
    status: 200,
    answer: wireOrderDetailsSchema,
    toAnswer: wireOrderDetails,
    errors: ["not_found"],
    errorShape: systemBErrors,
    examples: { request: { orderId: "ORDER-001" }, answer: exampleOrderDetails },
  }),
  orderRoute({
    method: "GET",
    path: "/getAllOrderIdsFromTopic",
    operationId: "listOrderIdsFromTopic",
    tag: "System B",
    summary: "List the orders that came from a topic",
    description: "Sorted; only orders with an event of that topic that was processed with success.",
    procedure: "orders.idsFromTopic",
    from: "query",
    request: z.strictObject({ topic: topicSchema }),
    toInput: (query) => query,
    status: 200,
    answer: z.object({ topic: z.string(), orderIds: z.array(z.string()), count: z.int() }),
    toAnswer: ({ topic, orderIds }) => ({ topic, orderIds, count: orderIds.length }),
    errors: ["not_found"],
    errorShape: systemBErrors,
    examples: {
      request: { topic: "order-events" },
      answer: { topic: "order-events", orderIds: ["ORDER-001", "ORDER-002"], count: 2 },
    },
  }),
  orderRoute({
    method: "GET",
    path: "/dlq/stats",
    operationId: "getDeadLetterStats",
    tag: "System B",
    summary: "Count the failed events",
    description: "By error category; counted from the index, so the numbers survive restarts.",
    procedure: "dlq.stats",
    from: "query",
    request: noParametersSchema,
    toInput: () => undefined,
    status: 200,
    answer: z.object({
      total_messages: z.int(),
      error_categories: z.partialRecord(errorCategorySchema, z.int()),
      topic: z.string(),
    }),
    toAnswer({ topic, topics }) {
      const own = topics.find((counted) => counted.topic === topic);
      return { total_messages: own?.total ?? 0, error_categories: own?.byCategory ?? {}, topic };
    },
    errors: [],
    errorShape: systemBErrors,
    examples: {
      request: {},
      answer: { total_messages: 3, error_categories: { NO_RETRY_DLQ: 3 }, topic: "order-events-dlq" },
    },
  }),
  orderRoute({
    method: "GET",
    path: "/dlq/messages",
    operationId: "listDeadLetters",
    tag: "System B",
    summary: "Page through the failed events",
    description:
      "In topic order; count is the number in this page. A page ends early when it has 16 MB: go on at offset + count.",
    procedure: "dlq.list",
    from: "query",
    request: z.strictObject({
      limit: integerParameter("limit", { minimum: 0, maximum: 1000, fallback: 10 }),
      offset: integerParameter("offset", { minimum: 0, maximum: Number.MAX_SAFE_INTEGER, fallback: 0 }),
    }),
    toInput: (query) => ({ ...query, queue: "orders" }),
    status: 200,
    answer: z.object({
      messages: z.array(deadLetterSchema),
      count: z.int(),
      limit: z.int(),
      offset: z.int(),
    }),
    toAnswer: ({ deadLetters }, { limit, offset = 0 }) => ({
      messages: deadLetters.map(wireDeadLetter),
      count: deadLetters.length,
      limit,
      offset,
    }),
    errors: [],
    errorShape: systemBErrors,
    examples: {
      request: { limit: "10", offset: "0" },
      answer: {
        messages: [
          {
            orderId: "ORDER-001",
            error_category: "NO_RETRY_DLQ",
            error_message: "Duplicate CREATE request: Order with ID 'ORDER-001' already exists",
            retry_count: 0,
            timestamp: "2026-03-02T09:30:00.100Z",
            original_topic: "order-events",
            original_partition: 1,
            original_offset: 42,
            original_value: "AAAAAAEA",
          },
        ],
        count: 1,
        limit: 10,
        offset: 0,
      },
    },
  }),
];

function wireDeadLetter(letter: DeadLetter): z.output<typeof deadLetterSchema> {
  return {
    orderId: letter.orderId,
    error_category: letter.errorCategory,
    error_message: letter.errorMessage,
    retry_count: letter.attempts - 1,
    timestamp: letter.lastFailureAt,
    original_topic: letter.originalTopic,
    original_partition: letter.originalPartition,
    original_offset: letter.originalOffset,
    original_value: letter.originalValue,
    ...(letter.omittedValue === null ? {} : { original_value_omitted: wireOmitted(letter.omittedValue) }),
  };
}

function wireOmitted({ sizeBytes, sha256 }: OmittedValue) {
  return { size_bytes: sizeBytes, sha256 };
}
