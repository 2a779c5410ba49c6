import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  type CreateEvent,
  decide,
  type EventOrigin,
  type EventType,
  type Order,
  shippingCentsFor,
  type StatusEvent,
} from "./order.ts";

const create = (eventType: EventType = "OrderEvent"): CreateEvent => ({
  kind: "create",
  eventType,
  orderId: "ORD-1",
  customerId: "CUST-1",
  orderDate: "2026-01-02T03:04:05.678Z",
  items: [{ itemId: "TEA", quantity: 2, priceCents: 895 }],
  totalCents: 1790,
  currency: "USD",
  status: "new",
});
const update = (status: string, eventType: EventType = "OrderEvent"): StatusEvent => ({
  kind: "status",
  eventType,
  orderId: "ORD-1",
  status,
});
const at = (offset: number, topic = "order-events", eventId: string | null = null): EventOrigin => ({
  source: `${topic}/0`,
  topic,
  partition: 0,
  offset,
  eventId,
});

function created(origin: EventOrigin = at(10)): Order {
  const decision = decide<Order>(undefined, create(), origin);
  if (decision.kind !== "apply") throw new Error("a create was not applied");
  return decision.order;
}

describe("given no order", () => {
  test("a create makes it, with shipping of 2 % and version 1", () => {
    expect(created()).toMatchObject({
      orderId: "ORD-1",
      status: "new",
      totalCents: 1790,
      shippingCents: 36,
      version: 1,
    });
  });

  test("an update is rejected in the words of its system", () => {
    expect(decide(undefined, update("shipped", "OrderStatusUpdate"), at(1))).toEqual({
      kind: "reject",
      rejection: {
        reason: "unknown_order",
        message: "Order ORD-1 not found. Cannot update status. Sending to DLQ.",
      },
    });
    expect(decide(undefined, update("shipped"), at(1))).toMatchObject({
      rejection: { reason: "unknown_order" },
    });
  });
});

describe("given an order", () => {
  test("another create is rejected as a duplicate in the words of its system", () => {
    expect(decide(created(), create("Order"), at(11))).toEqual({
      kind: "reject",
      rejection: {
        reason: "duplicate_create",
        message: "Duplicate order ID: ORD-1 already exists. Cannot create duplicate order.",
      },
    });
    expect(decide(created(), create(), at(11))).toMatchObject({
      rejection: { message: "Duplicate CREATE request: Order with ID 'ORD-1' already exists" },
    });
  });

  test("its own create, redelivered, is no duplicate", () => {
    expect(decide(created(at(10)), create(), at(10))).toEqual({ kind: "already-applied" });
  });

  test("a client's repeat of its create under one event id is no duplicate", () => {
    const order = created(at(10, "order-events", "event-1"));
    expect(decide(order, create(), at(12, "order-events", "event-1"))).toEqual({ kind: "already-applied" });
    expect(decide(order, create(), at(12, "order-events", "event-2"))).toMatchObject({ kind: "reject" });
  });

  test("an update changes its status and nothing else that a client sees", () => {
    const order = created();
    expect(decide(order, update("shipped"), at(11))).toEqual({
      kind: "apply",
      order: { ...order, status: "shipped", version: 2, applied: { "order-events/0": 11 } },
    });
  });

  test("a redelivered older update cannot overwrite a newer one", () => {
    const decision = decide(created(), update("delivered"), at(12));
    if (decision.kind !== "apply") throw new Error("not applied");
    expect(decide(decision.order, update("shipped"), at(11))).toEqual({ kind: "already-applied" });
  });

  test("an update that failed before the create came is not applied when it is read again", () => {
    expect(decide(created(at(10)), update("shipped"), at(9))).toEqual({ kind: "already-applied" });
  });

  test("offsets of different sources do not shadow each other", () => {
    expect(
      decide(created(at(10)), update("shipped", "OrderStatusUpdate"), at(3, "order-status-updates")),
    ).toMatchObject({
      kind: "apply",
      order: { applied: { "order-events/0": 10, "order-status-updates/0": 3 } },
    });
  });
});

test("reading any suffix of a source again, any number of times, changes nothing", () => {
  const event = fc.oneof(
    fc.constant(create()),
    fc.constantFrom("a", "b", "c").map((status) => update(status)),
  );
  fc.assert(
    fc.property(
      fc.array(event, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(11), { maxLength: 4 }),
      (events, restarts) => {
        const fold = (order: Order | undefined, from: number) =>
          events.slice(from).reduce((state, next, index) => {
            const decision = decide(state, next, at(from + index));
            return decision.kind === "apply" ? decision.order : state;
          }, order);
        const once = fold(undefined, 0);
        const again = restarts.reduce((state, from) => fold(state, Math.min(from, events.length)), once);
        // An order that no record has created yet may still be created by a later pass: there is nothing to protect.
        if (once !== undefined) expect(again).toEqual(once);
      },
    ),
  );
});

test("shipping is 2 % rounded half up to cents", () => {
  expect([0, 24, 25, 26, 100, 1790, 2_500_025].map(shippingCentsFor)).toEqual([0, 0, 1, 1, 2, 36, 50_001]);
});
