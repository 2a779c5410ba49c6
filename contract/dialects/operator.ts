// The operator's paths, under /ops: dead letters searched and read whole, parked events listed, tried now or given up
// now, partitions that stand still sent on, and the audit of such orders. The words are the procedures' own; errors are worded as system B's, like everything outside /api.
import { z } from "zod";
import { auditEntrySchema, auditPageSchema, type AuditEntry } from "../audit.ts";
import {
  cursorSchema,
  deadLetterCountSchema,
  deadLetterDetailsSchema,
  deadLetterFilterFields,
  deadLetterQuerySchema,
  deadLetterSchema,
  emptyPeriodProblem,
  isPeriod,
  type DeadLetter,
  type DeadLetterDetails,
} from "../dead-letters.ts";
import { orderIdSchema } from "../models.ts";
import { parkedEventSchema, parkedPageSchema, parkedTargetSchema, type ParkedEvent } from "../parked.ts";
import { partitionSkipSchema, skipPartitionSchema, type SkipPartition } from "../partitions.ts";
import type { OrderProcedures } from "../procedures.ts";
import { defineRoute, type Route } from "./route.ts";
import { systemBErrors } from "./system-b.ts";
import { integerParameter } from "./wire-order.ts";

const route = defineRoute<OrderProcedures>();

/** A row of the list: without the bytes and the event, which `one` has. */
const listedDeadLetterSchema = deadLetterSchema
  .omit({ originalMessage: true, originalValue: true })
  .meta({ id: "ListedDeadLetter" });

const parkedId = "b3JkZXItc3RhdHVzLXVwZGF0ZXMvMC8xOA";

const exampleListed = {
  id: "order-status-updates/0/17",
  deadLetterTopic: "order-events-dlq",
  orderId: "ORD-999",
  eventType: "OrderStatusUpdate",
  sizeBytes: 61,
  omittedValue: null,
  originalTopic: "order-status-updates",
  originalPartition: 0,
  originalOffset: 17,
  consumerGroup: "order-service-group-status-updates",
  errorType: "ValueError",
  errorCategory: "RETRY_THEN_DLQ",
  reason: "unknown_order",
  errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
  attempts: 4,
  firstFailureAt: "2026-03-02T09:30:00.100Z",
  lastFailureAt: "2026-03-02T09:30:07.200Z",
  state: "open",
  replays: 0,
  fingerprint: "9f2c4a1b7d3e5f60",
} as const satisfies z.input<typeof listedDeadLetterSchema>;

const exampleEvent = {
  orderId: "ORD-999",
  status: "shipped",
  updateTimestamp: "2026-03-02T09:30:00.000Z",
  eventType: "STATUS_UPDATE",
};

const exampleFailure = {
  attempt: 1,
  failedAt: "2026-03-02T09:30:00.100Z",
  errorType: "ValueError",
  errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
};

const exampleDetails: DeadLetterDetails = {
  ...exampleListed,
  originalValue: "AAAAAAMOT1JELTk5OQ==",
  eventId: "0190f6a2-6d7e-7c0c-9d0e-3b7a5f1c2d4e",
  value: { kind: "decoded", event: exampleEvent, schemaId: 3 },
  key: { text: "ORD-999", base64: "T1JELTk5OQ==" },
  headers: [{ name: "event-id", text: "0190f6a2", base64: "MDE5MGY2YTI=" }],
  recordedAt: "2026-03-02T09:30:00.050Z",
  omitted: [],
  failures: [exampleFailure],
  deadLetterPartition: 0,
  deadLetterOffset: 4,
  history: [
    {
      jobId: "0190f6a2-6d7e-7c0c-9d0e-3b7a5f1c2d4e",
      jobName: "updates that came too early",
      startedAt: "2026-03-02T09:40:00.000Z",
      reason: "The creates are there now",
      edited: false,
      number: 1,
      state: "failed",
      settledAt: "2026-03-02T09:40:01.000Z",
      failure: {
        reason: "unknown_order",
        errorType: "ValueError",
        errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
      },
    },
  ],
};

const exampleParked: ParkedEvent = {
  id: parkedId,
  orderId: "ORD-999",
  state: "waiting",
  eventType: "OrderStatusUpdate",
  event: exampleEvent,
  topic: "order-status-updates",
  partition: 0,
  offset: 18,
  consumerGroup: "order-service-group-status-updates",
  attempts: 1,
  failures: [exampleFailure],
  dueAt: "2026-03-02T09:30:01.100Z",
  reason: null,
};

const exampleSkip: SkipPartition = {
  topic: "order-events",
  partition: 1,
  fromOffset: 42,
  toOffset: 43,
  reason: "A batch in a codec that cannot be read, agreed with the payment team",
};

const { reason: exampleReason, ...exampleTarget } = exampleSkip;

const exampleAudit: AuditEntry = {
  id: 7,
  at: "2026-03-02T09:30:00.000Z",
  action: "partitions.skip",
  actor: "0190f6a2-6d7e-7c0c-9d0e-3b7a5f1c2d4e",
  target: exampleTarget,
  reason: exampleReason,
  result: "Skipped 1 offset: consumption goes on at 43",
  endedAt: "2026-03-02T09:30:00.040Z",
};

const common = { tag: "Operator", errorShape: systemBErrors } as const;

/** What both orders about a parked event have in common. */
const parkedOrder = {
  ...common,
  method: "POST",
  from: "body",
  request: parkedTargetSchema.meta({ id: "ParkedTarget" }),
  toInput: (target: z.output<typeof parkedTargetSchema>) => target,
  status: 202,
  answer: z.object({ id: z.string() }),
  toAnswer: ({ id }: { readonly id: string }) => ({ id }),
  errors: ["not_found"],
  examples: { request: { id: parkedId }, answer: { id: parkedId } },
} as const;

export const operatorRoutes: readonly Route<OrderProcedures>[] = [
  route({
    ...common,
    method: "GET",
    path: "/ops/dead-letters",
    operationId: "searchDeadLetters",
    summary: "Search the failed events",
    description:
      "In topic order, by cursor: send `nextCursor` back with the same filters until an answer has none. Filters narrow each other down.",
    procedure: "dlq.list",
    from: "query",
    request: z
      .strictObject({
        limit: integerParameter("limit", { minimum: 0, maximum: 1000, fallback: 50 }),
        cursor: cursorSchema.optional(),
        ...deadLetterFilterFields,
      })
      .refine(isPeriod, { message: emptyPeriodProblem }),
    toInput: (query) => query,
    status: 200,
    answer: z.object({
      deadLetters: z.array(listedDeadLetterSchema),
      nextCursor: z.string().optional().meta({ description: "Absent on the last page." }),
    }),
    toAnswer: ({ deadLetters, nextCursor }) => ({
      deadLetters: deadLetters.map(listed),
      ...(nextCursor === undefined ? {} : { nextCursor }),
    }),
    errors: [],
    examples: {
      request: { reason: "unknown_order", limit: "50" },
      answer: { deadLetters: [exampleListed], nextCursor: "b3JkZXItZXZlbnRzLWRscS8wLzQ" },
    },
  }),
  route({
    ...common,
    method: "GET",
    path: "/ops/dead-letters/count",
    operationId: "countMatchingDeadLetters",
    summary: "Count the failed events that match",
    description:
      "With the filters of the search. Answers within a few seconds: `exact` is false when there was no time to look at every letter, and then there are at least so many.",
    procedure: "dlq.count",
    from: "query",
    request: z.strictObject(deadLetterFilterFields).refine(isPeriod, { message: emptyPeriodProblem }),
    toInput: (query) => query,
    status: 200,
    answer: deadLetterCountSchema.meta({ id: "MatchingDeadLetters" }),
    toAnswer: (count) => count,
    errors: [],
    examples: { request: { reason: "unknown_order" }, answer: { count: 214, exact: true } },
  }),
  route({
    ...common,
    method: "GET",
    path: "/ops/dead-letters/one",
    operationId: "getDeadLetter",
    summary: "Read one failed event",
    description:
      "Everything of it: the event as JSON or the bytes as hex and why they cannot be decoded, key, headers, every attempt. `originalValue` has the exact bytes.",
    procedure: "dlq.get",
    from: "query",
    request: deadLetterQuerySchema,
    toInput: (query) => query,
    status: 200,
    answer: deadLetterDetailsSchema.meta({ id: "DeadLetterDetails" }),
    toAnswer: (details) => details,
    errors: ["not_found"],
    examples: { request: { id: exampleDetails.id }, answer: exampleDetails },
  }),
  route({
    ...common,
    method: "GET",
    path: "/ops/parked",
    operationId: "listParked",
    summary: "List the events that wait",
    description:
      "Events that failed and are tried again, and what waits behind them. By topic and partition, then by offset.",
    procedure: "parked.list",
    from: "query",
    request: z.strictObject({
      limit: integerParameter("limit", { minimum: 1, maximum: 200, fallback: 50 }),
      cursor: cursorSchema.optional(),
      orderId: orderIdSchema.optional(),
    }),
    toInput: (query) => query,
    status: 200,
    answer: parkedPageSchema.extend({ parked: z.array(parkedEventSchema.meta({ id: "ParkedEvent" })) }),
    toAnswer: (page) => page,
    errors: [],
    examples: { request: { orderId: "ORD-999" }, answer: { parked: [exampleParked] } },
  }),
  route({
    ...parkedOrder,
    path: "/ops/parked/retry-now",
    operationId: "retryParkedNow",
    summary: "Try a waiting event now",
    description:
      "202 means that it is due: whoever consumes its partition tries it next. Only for events that are `waiting`.",
    procedure: "parked.retryNow",
  }),
  route({
    ...parkedOrder,
    path: "/ops/parked/dead-letter-now",
    operationId: "deadLetterParkedNow",
    summary: "Give a parked event up",
    description:
      "202 means that it is dead-lettered without another attempt by whoever consumes its partition; the next event of its order goes on.",
    procedure: "parked.deadLetterNow",
  }),
  route({
    ...common,
    method: "POST",
    path: "/ops/partitions/skip",
    operationId: "skipPartition",
    summary: "Read on past records that cannot be read",
    description:
      "Only for a partition that this instance's `/health/detail` names as stalled, from exactly the offset named there. The records before `toOffset` never have an effect and are no dead letters. 202 means that the new offset is committed. A batch can only be read as a whole: a partition that stands still again at `toOffset` has more of it.",
    procedure: "partitions.skip",
    from: "body",
    request: skipPartitionSchema.meta({ id: "SkipPartition" }),
    toInput: (command) => command,
    status: 202,
    answer: partitionSkipSchema.meta({ id: "PartitionSkip" }),
    toAnswer: (skip) => skip,
    errors: ["not_found"],
    examples: { request: exampleSkip, answer: { auditId: 7, ...exampleTarget } },
  }),
  route({
    ...common,
    method: "GET",
    path: "/ops/audit",
    operationId: "listAudit",
    summary: "List what operators have ordered",
    description: "Newest first, by cursor. `result` is null while an order is being carried out.",
    procedure: "audit.list",
    from: "query",
    request: z.strictObject({
      limit: integerParameter("limit", { minimum: 1, maximum: 200, fallback: 50 }),
      cursor: cursorSchema.optional(),
    }),
    toInput: (query) => query,
    status: 200,
    answer: auditPageSchema.extend({ entries: z.array(auditEntrySchema.meta({ id: "AuditEntry" })) }),
    toAnswer: (page) => page,
    errors: [],
    examples: { request: { limit: "50" }, answer: { entries: [exampleAudit] } },
  }),
];

/** These fields and no other: the event and its bytes would make a page of a thousand rows a gigabyte. */
function listed({
  originalMessage: _message,
  originalValue: _value,
  ...row
}: DeadLetter): z.output<typeof listedDeadLetterSchema> {
  return row;
}
