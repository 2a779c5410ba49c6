// System A, paths under /api: its words, its statuses, its errors. An update is answered with 202, before anyone knows
// whether the order exists.
import { z } from "zod";
import {
  omittedValueSchema,
  type DeadLetter,
  type DeadLetterPage,
  type DeadLetterPageQuery,
} from "../dead-letters.ts";
import type { ContractFailure } from "../errors.ts";
import { itemCountLimits, orderIdSchema, statusSchema } from "../models.ts";
import type { CartProcedures, OrderProcedures } from "../procedures.ts";
import { success, type Result } from "../result.ts";
import { defineRoute, type ErrorShape, type Route } from "./route.ts";
import {
  exampleOrder,
  exampleOrderDetails,
  noParametersSchema,
  orderIdParametersSchema,
  wireOrder,
  wireOrderDetails,
  wireOrderDetailsSchema,
  wireOrderSchema,
} from "./wire-order.ts";

const errorBodySchema = z
  .object({
    success: z.literal(false),
    message: z.string(),
    errors: z.array(z.string()).min(1),
  })
  .meta({ id: "SystemAError", description: "One line in errors for each problem." });

export const systemAErrors: ErrorShape = {
  body: ({ message, problems }) => ({
    success: false,
    message,
    errors: problems.length > 0 ? problems : [message],
  }),
  schema: () => errorBodySchema,
};

const cartRoute = defineRoute<CartProcedures>();
const orderRoute = defineRoute<OrderProcedures>();

export const systemACartRoutes: readonly Route<CartProcedures>[] = [
  cartRoute({
    method: "POST",
    path: "/api/create-order",
    operationId: "createOrderA",
    tag: "System A",
    summary: "Create an order",
    description:
      "Generates the order and publishes it to `order-events`. 201 means that the broker has the event; whether the orderId exists already is found out by the order service.",
    procedure: "orders.create",
    from: "body",
    request: z
      .strictObject({ orderId: orderIdSchema, numItems: z.int().min(1).max(itemCountLimits.A) })
      .meta({ id: "CreateOrderA" }),
    toInput: ({ orderId, numItems }) => ({ orderId, itemCount: numItems, system: "A" }),
    status: 201,
    answer: z.object({ success: z.literal(true), message: z.string(), data: wireOrderSchema }),
    toAnswer: (order) => ({
      success: true as const,
      message: `Order creation event published for order '${order.orderId}'.`,
      data: wireOrder(order),
    }),
    errors: ["event_not_serialisable", "idempotency_key_reused"],
    errorShape: systemAErrors,
    takesIdempotencyKey: true,
    examples: {
      request: { orderId: "ORDER-001", numItems: 2 },
      answer: {
        success: true,
        message: "Order creation event published for order 'ORDER-001'.",
        data: exampleOrder,
      },
    },
  }),
  cartRoute({
    method: "PUT",
    path: "/api/update-order",
    operationId: "updateOrderA",
    tag: "System A",
    summary: "Change an order's status",
    description:
      "Publishes to `order-status-updates`. 202 also for an order that does not exist: the update is then retried and dead-lettered.",
    procedure: "orders.updateStatus",
    from: "body",
    request: z.strictObject({ orderId: orderIdSchema, status: statusSchema }).meta({ id: "UpdateOrderA" }),
    toInput: ({ orderId, status }) => ({ orderId, status, system: "A" }),
    status: 202,
    answer: z.object({
      success: z.literal(true),
      message: z.string(),
      data: z.object({
        orderId: z.string(),
        status: z.string(),
        message: z.string(),
        eventType: z.literal("STATUS_UPDATE"),
      }),
    }),
    toAnswer: ({ orderId, status }) => ({
      success: true as const,
      message: `Status update event published for order '${orderId}'. Processing asynchronously.`,
      data: {
        orderId,
        status,
        message: "Status update event published. Processing asynchronously.",
        eventType: "STATUS_UPDATE" as const,
      },
    }),
    errors: ["event_not_serialisable", "idempotency_key_reused"],
    errorShape: systemAErrors,
    takesIdempotencyKey: true,
    examples: {
      request: { orderId: "ORD-123", status: "shipped" },
      answer: {
        success: true,
        message: "Status update event published for order 'ORD-123'. Processing asynchronously.",
        data: {
          orderId: "ORD-123",
          status: "shipped",
          message: "Status update event published. Processing asynchronously.",
          eventType: "STATUS_UPDATE",
        },
      },
    },
  }),
];

const deadLetterSchema = z
  .object({
    originalMessage: z.string().nullable().meta({
      description:
        "The event as a JSON string; null when its bytes cannot be decoded, or when they were too large to be kept (`originalValueOmitted`).",
    }),
    errorMessage: z.string(),
    errorType: z.string(),
    retryCount: z.int().meta({ description: "3 after four attempts." }),
    failedAttempts: z.int(),
    firstFailureTimestamp: z.iso.datetime(),
    lastFailureTimestamp: z.iso.datetime(),
    originalTopic: z.string(),
    originalPartition: z.int(),
    originalOffset: z.int(),
    consumerGroup: z.string(),
    originalValueOmitted: omittedValueSchema
      .optional()
      .meta({ description: "Only when the record's value was too large to be kept: what is known of it." }),
  })
  .meta({ id: "DeadLetterA" });

/** System A lists everything; this service answers at most this much of it and says that it stopped. */
export const deadLetterListBound = { messages: 10_000, characters: 16 * 1024 * 1024, pageSize: 500 };

export const systemAOrderRoutes: readonly Route<OrderProcedures>[] = [
  orderRoute({
    method: "GET",
    path: "/api/order-details",
    operationId: "getOrderDetailsA",
    tag: "System A",
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
    errorShape: systemAErrors,
    examples: { request: { orderId: "ORDER-001" }, answer: exampleOrderDetails },
  }),
  orderRoute({
    method: "GET",
    path: "/api/dlq/messages",
    operationId: "listDeadLettersA",
    tag: "System A",
    summary: "List every failed event",
    description: `In topic order. At most ${deadLetterListBound.messages} messages or about 16 MB of them: beyond that \`truncated\` is true, and \`/dlq/messages\` pages through all.`,
    procedure: "dlq.list",
    from: "query",
    request: noParametersSchema,
    toInput: () => ({ limit: deadLetterListBound.pageSize, queue: "orders" }),
    gather: everyDeadLetter,
    status: 200,
    answer: z.object({ messages: z.array(deadLetterSchema), truncated: z.literal(true).optional() }),
    toAnswer: ({ deadLetters, nextCursor }) => {
      const messages = deadLetters.map(wireDeadLetter);
      return nextCursor === undefined ? { messages } : { messages, truncated: true as const };
    },
    errors: [],
    errorShape: systemAErrors,
    examples: {
      request: {},
      answer: {
        messages: [
          {
            originalMessage:
              '{"orderId":"ORD-999","status":"shipped","updateTimestamp":"2026-03-02T09:30:00.000Z","eventType":"STATUS_UPDATE"}',
            errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
            errorType: "ValueError",
            retryCount: 3,
            failedAttempts: 4,
            firstFailureTimestamp: "2026-03-02T09:30:00.100Z",
            lastFailureTimestamp: "2026-03-02T09:30:07.200Z",
            originalTopic: "order-status-updates",
            originalPartition: 0,
            originalOffset: 17,
            consumerGroup: "order-service-group-status-updates",
          },
        ],
      },
    },
  }),
  orderRoute({
    method: "GET",
    path: "/api/dlq/info",
    operationId: "getDeadLetterInfoA",
    tag: "System A",
    summary: "Describe the dead-letter queue",
    description:
      "Its topic, how many events have failed, and how often and how long they are retried before.",
    procedure: "dlq.info",
    from: "query",
    request: noParametersSchema,
    toInput: () => undefined,
    status: 200,
    answer: z.object({
      topic: z.string(),
      messageCount: z.int(),
      partitions: z.int(),
      retrySettings: z.object({ maxRetries: z.int(), retryBackoffMs: z.int(), maxBackoffMs: z.int() }),
    }),
    toAnswer: ({ topic, total, partitions, maxRetries, retryBackoffMs, maxBackoffMs }) => ({
      topic,
      messageCount: total,
      partitions,
      retrySettings: { maxRetries, retryBackoffMs, maxBackoffMs },
    }),
    errors: [],
    errorShape: systemAErrors,
    examples: {
      request: {},
      answer: {
        topic: "order-events-dlq",
        messageCount: 1,
        partitions: 1,
        retrySettings: { maxRetries: 3, retryBackoffMs: 1000, maxBackoffMs: 30_000 },
      },
    },
  }),
];

/** Page after page until the last one or the bound; by cursor, so that letters that come in meanwhile shift nothing. */
async function everyDeadLetter(
  ask: (query: DeadLetterPageQuery) => Promise<Result<DeadLetterPage, ContractFailure>>,
): Promise<Result<DeadLetterPage, ContractFailure>> {
  const deadLetters: DeadLetter[] = [];
  const page: DeadLetterPageQuery = { limit: deadLetterListBound.pageSize, queue: "orders" };
  let cursor: string | undefined;
  for (;;) {
    const next = await ask(cursor === undefined ? page : { ...page, cursor });
    if (!next.ok) return next;
    deadLetters.push(...next.value.deadLetters);
    cursor = next.value.nextCursor;
    if (cursor === undefined) return success({ deadLetters });
    if (reachesBound(deadLetters)) return success({ deadLetters, nextCursor: cursor });
  }
}

function reachesBound(deadLetters: readonly DeadLetter[]): boolean {
  if (deadLetters.length >= deadLetterListBound.messages) return true;
  const characters = deadLetters.reduce((sum, letter) => sum + (letter.originalMessage?.length ?? 0), 0);
  return characters >= deadLetterListBound.characters;
}

function wireDeadLetter(letter: DeadLetter): z.output<typeof deadLetterSchema> {
  return {
    originalMessage: letter.originalMessage,
    errorMessage: letter.errorMessage,
    errorType: letter.errorType,
    retryCount: letter.attempts - 1,
    failedAttempts: letter.attempts,
    firstFailureTimestamp: letter.firstFailureAt,
    lastFailureTimestamp: letter.lastFailureAt,
    originalTopic: letter.originalTopic,
    originalPartition: letter.originalPartition,
    originalOffset: letter.originalOffset,
    consumerGroup: letter.consumerGroup,
    ...(letter.omittedValue === null ? {} : { originalValueOmitted: letter.omittedValue }),
  };
}
