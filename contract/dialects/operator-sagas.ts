// What operators read of system C: one order with everything that happened to it, and the counts of all.
import type { OrderProcedures } from "../procedures.ts";
import { pendingHalvesSchema, sagaSchema, sagaStatsSchema, type Saga } from "../sagas.ts";
import { defineRoute, type Route } from "./route.ts";
import { systemBErrors } from "./system-b.ts";
import { exampleSagaOrder, sagaOrderIdParametersSchema, wireSagaOrderSchema } from "./system-c.ts";
import { noParametersSchema } from "./wire-order.ts";

const route = defineRoute<OrderProcedures>();
const common = { tag: "Operator", errorShape: systemBErrors, method: "GET", status: 200 } as const;

const acceptance = { answer: "ACCEPT", source: null, eventAt: "2026-03-02T09:30:00.010Z" } as const;
const refusal = { answer: "REJECT", source: "PAYMENT", eventAt: "2026-03-02T09:30:00.012Z" } as const;
const joined = { state: "joined", replayed: false } as const;

const exampleSaga: Saga = {
  orderId: 42,
  order: { ...exampleSagaOrder, status: "ROLLBACK", source: "PAYMENT" },
  placedAt: "2026-03-02T09:30:00.000Z",
  settledAt: "2026-03-02T09:30:00.019Z",
  payment: { ...refusal, ...joined, receivedAt: "2026-03-02T09:30:00.019Z" },
  stock: { ...acceptance, ...joined, receivedAt: "2026-03-02T09:30:00.016Z" },
  deadlineAt: null,
  timeline: [
    { kind: "placed", at: "2026-03-02T09:30:00.000Z" },
    { kind: "decided", at: "2026-03-02T09:30:00.016Z", side: "stock", ...acceptance, reason: null },
    { kind: "decided", at: "2026-03-02T09:30:00.019Z", side: "payment", ...refusal, reason: null },
    { kind: "settled", at: "2026-03-02T09:30:00.019Z", status: "ROLLBACK", source: "PAYMENT" },
  ],
};

export const operatorSagaRoutes: readonly Route<OrderProcedures>[] = [
  route({
    ...common,
    path: "/ops/sagas/{orderId}",
    operationId: "getSaga",
    summary: "Read one of system C's orders with its time line",
    description:
      "The order, what payment and stock decided, and everything that happened, duplicates, late and contradictory decisions included. `order` is null when decisions came for an order that is not placed.",
    procedure: "sagas.get",
    from: "path",
    request: sagaOrderIdParametersSchema,
    toInput: (path) => path,
    answer: sagaSchema.extend({ order: wireSagaOrderSchema.nullable() }).meta({ id: "Saga" }),
    toAnswer: (saga) => saga,
    errors: ["not_found"],
    examples: { request: { orderId: "42" }, answer: exampleSaga },
  }),
  route({
    ...common,
    path: "/ops/saga-stats",
    operationId: "getSagaStats",
    summary: "Count system C's orders and decisions",
    description:
      "Orders by status, decisions that wait for their partner, and how many ever came late, twice, alone, too early or contradicted the first.",
    procedure: "sagas.stats",
    from: "query",
    request: noParametersSchema,
    toInput: () => undefined,
    answer: sagaStatsSchema.meta({ id: "SagaStats" }),
    toAnswer: (stats) => stats,
    errors: [],
    examples: {
      request: {},
      answer: {
        orders: { NEW: 1, CONFIRMED: 7, REJECTED: 1, ROLLBACK: 2 },
        withoutOrder: 0,
        halves: { pending: 1, late: 0, expired: 0 },
        counted: { joins: 10, early: 0, duplicates: 1, contradictory: 0, late: 0, expired: 0, replayed: 0 },
        unpublished: 0,
      },
    },
  }),
  route({
    ...common,
    path: "/ops/saga-halves",
    operationId: "listPendingHalves",
    summary: "List decisions that wait for their partner",
    description:
      "The one whose time is over soonest first; 200 at most. Beyond its deadline a decision is a dead letter, which can be replayed.",
    procedure: "sagas.pending",
    from: "query",
    request: noParametersSchema,
    toInput: () => undefined,
    answer: pendingHalvesSchema.meta({ id: "PendingHalves" }),
    toAnswer: (pending) => pending,
    errors: [],
    examples: {
      request: {},
      answer: {
        halves: [
          {
            orderId: 43,
            side: "payment",
            answer: "ACCEPT",
            receivedAt: "2026-03-02T09:30:00.016Z",
            deadlineAt: "2026-03-02T09:30:10.016Z",
            isPlaced: true,
          },
        ],
      },
    },
  }),
];
