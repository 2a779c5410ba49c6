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

describe("an update that came before its order was created", () => {
  test("has its effect, at its own place, and is known again", () => {
    const order = orderAfter([create, at(9)]);
    const first = decideReplay(order, update("shipped"), at(5));
    if (first.kind !== "apply") throw new Error("not applied");
    expect(first.order).toMatchObject({
      status: "shipped",
      version: 2,
      applied: { "order-events/0@life": 9 },
    });
    expect(decideReplay(first.order, update("shipped"), at(5))).toEqual({ kind: "already-applied" });
    expect(decideReplay(first.order, create, at(9))).toEqual({ kind: "already-applied" });
    // The topic is read again from the beginning: what had its effect has no second one.
    expect(decide(first.order, update("shipped"), at(5))).toEqual({ kind: "already-applied" });
    expect(decide(first.order, create, at(9))).toEqual({ kind: "already-applied" });
  });

  test("is stale after a later one like it, and after any update that followed the create", () => {
    const order = orderAfter([create, at(9)]);
    const later = decideReplay(order, update("delivered"), at(7));
    if (later.kind !== "apply") throw new Error("not applied");
    expect(decideReplay(later.order, update("shipped"), at(5))).toEqual({ kind: "stale" });
    const followed = orderAfter([create, at(9)], [update("paid"), at(12)]);
    expect(decideReplay(followed, update("shipped"), at(5))).toEqual({ kind: "stale" });
  });
});

test("updates from both sides of their create, live and replayed in any order: each has one effect, and the latest that had one stands", () => {
  const createdAt = 5;
  const steps = fc.array(fc.record({ offset: fc.nat(10), live: fc.boolean() }), { maxLength: 30 });
  fc.assert(
    fc.property(steps, (drawn) => {
      let order = orderAfter([create, at(createdAt)]);
      const applied: number[] = [];
      let nextLive = createdAt + 1;
      for (const { offset, live } of drawn) {
        // Live ones come in the topic's order, and any that has not come may have failed and be replayed.
        const own = live ? nextLive : offset;
        if (own === createdAt || own > 10) continue;
        if (live) nextLive += 1;
        const event = update(`status-${own}`);
        const decision = live ? decide(order, event, at(own)) : decideReplay(order, event, at(own));
        if (decision.kind === "apply") {
          applied.push(own);
          order = decision.order;
          continue;
        }
        // What has no effect had it before, or would have undone a later update.
        if (decision.kind === "stale") expect(Math.max(...applied)).toBeGreaterThan(own);
        else if (!live) expect(applied).toContain(own);
      }
      expect(applied).toEqual([...new Set(applied)].toSorted((left, right) => left - right));
      expect(order.version).toBe(1 + applied.length);
      expect(order.status).toBe(applied.length === 0 ? "new" : `status-${Math.max(...applied)}`);
      expect(order.applied["order-events/0@life"]).toBe(Math.max(createdAt, ...applied));
    }),
    { numRuns: 500 },
  );
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
