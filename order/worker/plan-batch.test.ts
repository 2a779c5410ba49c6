import { describe, expect, test } from "bun:test";
import type { EventType, Order, OrderEvent } from "../domain/order.ts";
import { retryPolicies } from "../domain/verdict.ts";
import { createAssignedPartition } from "./partition.ts";
import { type BatchPlan, planBatch, type PlanOptions } from "./plan-batch.ts";
import type { Reading } from "./record-reader.ts";
import type { WorkItem } from "./work-item.ts";

const policies = retryPolicies({ maxRetries: 3, backoffMs: 1000, maxBackoffMs: 30_000 });
const partition = createAssignedPartition({ topic: "order-events", partition: 0 }, "group", "order-events/0");

function create(orderId: string, eventType: EventType = "OrderEvent"): OrderEvent {
  return {
    kind: "create",
    eventType,
    orderId,
    customerId: "CUST-1",
    orderDate: "2026-01-02T03:04:05.678Z",
    items: [{ itemId: "TEA", quantity: 1, priceCents: 895 }],
    totalCents: 895,
    currency: "USD",
    status: "new",
  };
}
const update = (orderId: string, status: string, eventType: EventType = "OrderEvent"): OrderEvent => ({
  kind: "status",
  eventType,
  orderId,
  status,
});

function reading(event: OrderEvent): WorkItem["reading"] {
  // Only its name matters for the verdict; the codec's own shape is tested where records are read.
  const decoded = { name: event.eventType, event: {}, schemaId: 1 } as Extract<
    Reading,
    { kind: "event" }
  >["decoded"];
  return { kind: "event", event, eventId: null, decoded };
}

function item(offset: number, event: OrderEvent, more: Partial<WorkItem> = {}): WorkItem {
  const key = Buffer.from(event.orderId);
  return {
    partition,
    record: {
      topic: "order-events",
      partition: 0,
      offset,
      timestampMs: 0,
      key,
      value: Buffer.from("x"),
      headers: [],
    },
    reading: reading(event),
    lane: event.orderId,
    delivery: { offset, settled: false, partition },
    parked: null,
    deathOrdered: false,
    ...more,
  };
}

function plan(
  items: readonly WorkItem[],
  orders: readonly Order[] = [],
  more: Partial<PlanOptions> = {},
): BatchPlan {
  return planBatch(items, new Map(orders.map((order) => [order.orderId, order])), {
    policies,
    nowMs: 100,
    isHeld: () => false,
    failureOf: () => undefined,
    ...more,
  });
}
const kinds = ({ ends }: BatchPlan) => ends.map(({ kind }) => kind);

describe("a batch", () => {
  test("of a create and its updates is one change of one order", () => {
    const planned = plan([
      item(0, create("A")),
      item(1, update("A", "packed")),
      item(2, update("A", "shipped")),
    ]);
    expect(planned.changes).toHaveLength(1);
    expect(planned.changes[0]).toMatchObject({
      expectedVersion: 0,
      order: { status: "shipped", version: 3 },
    });
    expect(kinds(planned)).toEqual(["done", "done", "done"]);
  });

  test("in which system B repeats a create dead-letters the repeat at once and goes on with the order", () => {
    const planned = plan([item(0, create("A")), item(1, create("A")), item(2, update("A", "shipped"))]);
    expect(kinds(planned)).toEqual(["done", "dead", "done"]);
    expect(planned.changes[0]?.order.status).toBe("shipped");
    expect(planned.park).toHaveLength(1);
    expect(planned.park[0]).toMatchObject({
      offset: 1,
      state: "dead",
      death: { category: "NO_RETRY_DLQ", reason: "duplicate_create" },
      attempts: [{ attempt: 1, failedAtMs: 100 }],
    });
  });

  test("in which system A repeats a create parks the repeat, and the order's later events behind it", () => {
    const planned = plan([
      item(0, create("A", "Order")),
      item(1, create("A", "Order")),
      item(2, update("A", "shipped")),
      item(3, create("B", "Order")),
    ]);
    expect(kinds(planned)).toEqual(["done", "waiting", "behind", "done"]);
    expect(planned.park.map(({ offset, state, dueAtMs }) => [offset, state, dueAtMs])).toEqual([
      [1, "waiting", 1100],
      [2, "behind", null],
    ]);
  });

  test("parks a new event behind its lane when the lane is parked already, and other orders go on", () => {
    const planned = plan([item(5, update("A", "x")), item(6, create("B"))], [], {
      isHeld: ({ lane }) => lane === "A",
    });
    expect(kinds(planned)).toEqual(["behind", "done"]);
  });

  test("counts attempts on from what was parked, and dead-letters after the last one", () => {
    const attempts = [1, 2, 3].map((attempt) => ({
      attempt,
      failedAtMs: attempt,
      errorType: "ValueError",
      errorMessage: "m",
    }));
    const parked = { attempts } as unknown as NonNullable<WorkItem["parked"]>;
    const planned = plan([item(5, update("A", "x", "OrderStatusUpdate"), { delivery: null, parked })]);
    expect(planned.repark).toHaveLength(1);
    expect(planned.repark[0]).toMatchObject({
      offset: 5,
      state: "dead",
      death: { category: "RETRY_THEN_DLQ" },
    });
    expect(planned.repark[0]?.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
  });

  test("lets a retried event that succeeds go, and those behind it follow in order", () => {
    const parked = { attempts: [] } as unknown as NonNullable<WorkItem["parked"]>;
    const planned = plan([
      item(1, create("A"), { delivery: null, parked }),
      item(2, update("A", "packed"), { delivery: null, parked }),
      item(9, update("A", "shipped")),
    ]);
    expect(kinds(planned)).toEqual(["done", "done", "done"]);
    expect(planned.unpark.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(planned.changes[0]?.order.status).toBe("shipped");
  });

  test("leaves what is parked behind as it is when the event before it fails again", () => {
    const parked = { attempts: [] } as unknown as NonNullable<WorkItem["parked"]>;
    const planned = plan([
      item(1, update("A", "x", "Order"), { delivery: null, parked }),
      item(2, update("A", "y", "Order"), { delivery: null, parked }),
    ]);
    expect(kinds(planned)).toEqual(["waiting", "behind"]);
    expect(planned.repark.map(({ offset }) => offset)).toEqual([1]);
    expect([planned.park, planned.unpark]).toEqual([[], []]);
  });

  test("ends a record that an operator has given up, without another attempt", () => {
    const attempts = [{ attempt: 1, failedAtMs: 7, errorType: "ValueError", errorMessage: "m" }];
    const parked = { attempts } as unknown as NonNullable<WorkItem["parked"]>;
    const planned = plan([item(1, create("A"), { delivery: null, parked, deathOrdered: true })]);
    expect(planned.changes).toEqual([]);
    expect(planned.repark[0]).toMatchObject({
      state: "dead",
      attempts,
      death: { reason: "operator_request" },
    });
  });

  test("dead-letters bytes that are no event at once, also behind a parked lane", () => {
    const noEvent = { kind: "unreadable", reason: "truncated", message: "Cut off.", decoded: null } as const;
    const planned = plan([item(1, create("A"), { reading: noEvent })], [], { isHeld: () => true });
    expect(planned.park[0]).toMatchObject({
      state: "dead",
      death: { category: "NO_RETRY_DLQ", reason: "truncated" },
    });
  });

  test("keeps the first attempt and the newest ones of an event that is tried very often", () => {
    const attempts = Array.from({ length: 20 }, (_, index) => ({
      attempt: index + 1,
      failedAtMs: index,
      errorType: "E",
      errorMessage: "m",
    }));
    const parked = { attempts } as unknown as NonNullable<WorkItem["parked"]>;
    const planned = plan([item(1, update("A", "x", "Order"), { delivery: null, parked })]);
    expect(planned.repark[0]?.attempts.map(({ attempt }) => attempt)).toEqual([
      1,
      ...Array.from({ length: 19 }, (_, n) => n + 3),
    ]);
  });
});
