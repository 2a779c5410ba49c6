import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  type CreateEvent,
  decide,
  type EventOrigin,
  type Order,
  type OrderEvent,
} from "../../domain/order.ts";
import { decideReplay } from "./decide-replay.ts";

const create: CreateEvent = {
  kind: "create",
  eventType: "OrderEvent",
  orderId: "ORD-1",
  customerId: "CUST-1",
  orderDate: "2026-01-02T03:04:05.678Z",
  items: [{ itemId: "TEA", quantity: 2, priceCents: 895 }],
  totalCents: 1790,
  currency: "USD",
  status: "new",
};
const update = (status: string): OrderEvent => ({
  kind: "status",
  eventType: "OrderEvent",
  orderId: "ORD-1",
  status,
});
const at = (offset: number, eventId: string | null = null, topic = "order-events"): EventOrigin => ({
  source: `${topic}/0@life`,
  topic,
  partition: 0,
  offset,
  eventId,
});

function orderAfter(...events: readonly (readonly [OrderEvent, EventOrigin])[]): Order {
  let order: Order | undefined;
  for (const [event, origin] of events) {
    const decision = decide(order, event, origin);
    if (decision.kind === "apply") order = decision.order;
  }
  if (order === undefined) throw new Error("no order");
  return order;
}

test("a replay counts at the place of the event that failed, so that it is known again", () => {
  const decision = decideReplay(undefined, create, at(7));
  if (decision.kind !== "apply") throw new Error("not applied");
  expect(decision.order).toMatchObject({
    createdBy: { offset: 7 },
    applied: { "order-events/0@life": 7 },
    version: 1,
  });
  expect(decideReplay(decision.order, create, at(7))).toEqual({ kind: "already-applied" });
  const later = decideReplay(decision.order, update("shipped"), at(9));
  if (later.kind !== "apply") throw new Error("not applied");
  expect(decideReplay(later.order, create, at(7))).toEqual({ kind: "already-applied" });
  expect(decideReplay(later.order, update("shipped"), at(9))).toEqual({ kind: "already-applied" });
});

describe("given an order", () => {
  test("an update that is older than what its topic has brought since is stale", () => {
    const order = orderAfter([create, at(5)], [update("delivered"), at(20)]);
    expect(decideReplay(order, update("shipped"), at(11))).toEqual({ kind: "stale" });
    expect(decideReplay(order, update("shipped"), at(21))).toMatchObject({ kind: "apply" });
  });

  test("an update of another topic is not stale, because the topics are not ordered against each other", () => {
    const order = orderAfter([create, at(50)]);
    expect(decideReplay(order, update("shipped"), at(3, null, "order-status-updates"))).toMatchObject({
      kind: "apply",
      order: { status: "shipped" },
    });
  });

  test("a create of an order that somebody else created is rejected again, also when updates came since", () => {
    const order = orderAfter([create, at(5)], [update("delivered"), at(20)]);
    expect(decideReplay(order, create, at(11))).toMatchObject({ rejection: { reason: "duplicate_create" } });
  });

  test("a client's repeat of the create that made it has had its effect", () => {
    const order = orderAfter([create, at(5, "event-1")], [update("delivered"), at(20)]);
    expect(decideReplay(order, create, at(11, "event-1"))).toEqual({ kind: "already-applied" });
  });
});

test("replayed in any order and any number of times, each event has one effect and none undoes a later one", () => {
  const updates = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 6 });
  fc.assert(
    fc.property(updates, fc.array(fc.nat(9), { maxLength: 30 }), (failed, replayed) => {
      let order = orderAfter([create, at(0)]);
      const applied: number[] = [];
      for (const pick of replayed) {
        const offset = failed[pick % Math.max(1, failed.length)];
        if (offset === undefined) continue;
        const decision = decideReplay(order, update(`status-${offset}`), at(offset));
        if (decision.kind === "apply") {
          applied.push(offset);
          order = decision.order;
        }
      }
      expect(applied).toEqual([...new Set(applied)].toSorted((left, right) => left - right));
      expect(order.version).toBe(1 + applied.length);
      expect(order.status).toBe(applied.length === 0 ? "new" : `status-${Math.max(...applied)}`);
    }),
  );
});
