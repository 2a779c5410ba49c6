import { describe, expect, test } from "bun:test";
import { sagaEventSchema, sagaSchema, sagaStatsSchema } from "../../contract/sagas.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import type { Answer, Decision, Saga, SagaEvent, Side } from "./domain/saga.ts";
import { decide, expire, placeOrder } from "./domain/transitions.ts";
import { createSagaViews, type SagaViewsOptions } from "./saga-views.ts";

const startMs = Date.parse("2026-03-02T09:30:00.000Z");
const windowMs = 10_000;
const at = (seconds: number) => new Date(startMs + seconds * 1000).toISOString();

function decision(side: Side, answer: Answer, seconds: number, replayOf: string | null = null): Decision {
  return {
    orderId: 42,
    side,
    answer,
    source: answer === "REJECT" ? side.toUpperCase() : null,
    eventTimeMs: startMs + seconds * 1000,
    replayOf,
    original: {
      topic: `${side}-orders`,
      partition: 0,
      offset: 1,
      key: null,
      value: Buffer.from("{}"),
      headers: [],
      timestampMs: startMs,
    },
    groupId: "order-service-group",
  };
}

/** What comes in, each by its second. */
type Arrival = (saga: Saga | undefined) => Saga;
const placed =
  (seconds: number): Arrival =>
  (saga) => {
    const items = [{ productId: "P-1", quantity: 2, unitPriceCents: 1005 }];
    const placement = { orderId: 42, customerId: "CUST-1", items };
    return placeOrder(saga, placement, startMs + seconds * 1000, windowMs).saga;
  };
const decided =
  (seconds: number, ...[side, answer, eventSeconds, replayOf]: Parameters<typeof decision>): Arrival =>
  (saga) =>
    decide(saga, decision(side, answer, eventSeconds, replayOf), startMs + seconds * 1000, windowMs).saga;
const expired =
  (seconds: number): Arrival =>
  (saga) => {
    if (saga === undefined) throw new Error("there is nothing to expire");
    return expire(saga, startMs + seconds * 1000).saga;
  };

function sagaAfter(first: Arrival, ...others: readonly Arrival[]): Saga {
  return others.reduce((saga, arrive) => arrive(saga), first(undefined));
}

const nothing: SagaViewsOptions["store"] = {
  list: async () => ({ sagas: [], total: 0 }),
  read: async () => undefined,
  stats: () => Promise.reject(new Error("not asked")),
  listDue: async () => [],
};

async function told(saga: Saga) {
  const views = createSagaViews({ store: { ...nothing, read: async () => saga } });
  const answer = await views.get(42);
  if (!answer.ok) throw new Error(answer.failure.message);
  expect(sagaSchema.parse(answer.value)).toEqual(answer.value);
  return answer.value;
}

describe("an order's time line", () => {
  test("tells placing, both decisions and the result, and the order as it is now", async () => {
    const saga = sagaAfter(
      placed(0),
      decided(1.5, "stock", "ACCEPT", 1),
      decided(2.5, "payment", "REJECT", 2),
    );
    expect(await told(saga)).toEqual({
      orderId: 42,
      order: {
        orderId: 42,
        customerId: "CUST-1",
        status: "ROLLBACK",
        source: "PAYMENT",
        items: [{ productId: "P-1", quantity: 2, price: 10.05 }],
      },
      placedAt: at(0),
      settledAt: at(2.5),
      payment: {
        answer: "REJECT",
        source: "PAYMENT",
        eventAt: at(2),
        receivedAt: at(2.5),
        state: "joined",
        replayed: false,
      },
      stock: {
        answer: "ACCEPT",
        source: null,
        eventAt: at(1),
        receivedAt: at(1.5),
        state: "joined",
        replayed: false,
      },
      deadlineAt: null,
      timeline: [
        { kind: "placed", at: at(0) },
        {
          kind: "decided",
          at: at(1.5),
          side: "stock",
          answer: "ACCEPT",
          source: null,
          eventAt: at(1),
          reason: null,
        },
        {
          kind: "decided",
          at: at(2.5),
          side: "payment",
          answer: "REJECT",
          source: "PAYMENT",
          eventAt: at(2),
          reason: null,
        },
        { kind: "settled", at: at(2.5), status: "ROLLBACK", source: "PAYMENT" },
      ],
    });
  });

  test("tells duplicates and contradictions", async () => {
    const { timeline } = await told(
      sagaAfter(
        placed(0),
        decided(1, "stock", "ACCEPT", 1),
        decided(2, "stock", "ACCEPT", 1),
        decided(3, "stock", "REJECT", 3),
      ),
    );
    expect(timeline).toMatchObject([
      { kind: "placed" },
      { kind: "decided", answer: "ACCEPT" },
      { kind: "duplicate", at: at(2), answer: "ACCEPT", reason: null },
      { kind: "contradictory", at: at(3), answer: "REJECT", reason: "contradictory_decision" },
    ]);
  });

  test("tells a half that waits, that expired, its late partner, and the replay that settles", async () => {
    const waiting = sagaAfter(placed(0), decided(1, "stock", "ACCEPT", 1));
    expect(await told(waiting)).toMatchObject({ deadlineAt: at(11), stock: { state: "pending" } });

    const late = sagaAfter(() => waiting, expired(11), decided(61, "payment", "ACCEPT", 61));
    expect(await told(late)).toMatchObject({
      order: { status: "NEW" },
      deadlineAt: null,
      stock: { state: "expired" },
      payment: { state: "late" },
      timeline: [
        { kind: "placed" },
        { kind: "decided", side: "stock" },
        { kind: "expired", side: "stock", at: at(11), reason: "partner_missing" },
        { kind: "late", side: "payment", at: at(61), eventAt: at(61), reason: "outside_window" },
      ],
    });

    const replayed = sagaAfter(() => late, decided(90, "payment", "ACCEPT", 61, "payment-orders/0/1"));
    expect(await told(replayed)).toMatchObject({
      order: { status: "CONFIRMED", source: null },
      payment: { state: "joined", replayed: true },
      timeline: [
        { kind: "placed" },
        { kind: "decided" },
        { kind: "expired" },
        { kind: "late" },
        { kind: "replayed", side: "payment", at: at(90) },
        { kind: "settled", status: "CONFIRMED" },
      ],
    });
  });

  test("tells decisions about an order that nobody has placed", async () => {
    expect(await told(sagaAfter(decided(1, "stock", "ACCEPT", 1), expired(11)))).toMatchObject({
      order: null,
      placedAt: null,
      stock: { state: "expired" },
      timeline: [{ kind: "decided" }, { kind: "expired", reason: "unknown_order" }],
    });
  });

  test("has the kinds of the contract, all of them and no other", () => {
    const kinds: Record<SagaEvent["kind"], true> = {
      placed: true,
      decided: true,
      duplicate: true,
      late: true,
      expired: true,
      contradictory: true,
      replayed: true,
      settled: true,
    };
    const told: readonly string[] = sagaEventSchema.options.flatMap(({ shape: { kind } }) =>
      "options" in kind ? kind.options : [kind.value],
    );
    expect(new Set(told)).toEqual(new Set(Object.keys(kinds)));
  });

  test("an event time that no calendar has is null", async () => {
    const endOfTime = (Number.MAX_SAFE_INTEGER - startMs) / 1000;
    const { stock, timeline } = await told(sagaAfter(decided(1, "stock", "ACCEPT", endOfTime)));
    expect(stock).toMatchObject({ eventAt: null, receivedAt: at(1) });
    expect(timeline).toMatchObject([{ eventAt: null }]);
  });
});

test("a page asks the store for exactly its rows", async () => {
  const asked: unknown[] = [];
  const saga = sagaAfter(placed(0));
  const views = createSagaViews({
    store: {
      ...nothing,
      list: async (page) => {
        asked.push(page);
        return { sagas: [saga], total: 31 };
      },
    },
  });
  expect(await views.list({ pageNo: 3, pageSize: 10 })).toEqual({
    ok: true,
    value: {
      orders: [
        {
          orderId: 42,
          customerId: "CUST-1",
          status: "NEW",
          source: null,
          items: [{ productId: "P-1", quantity: 2, price: 10.05 }],
          placedAt: at(0),
          settledAt: null,
        },
      ],
      total: 31,
    },
  });
  expect(asked).toEqual([{ offset: 30, limit: 10 }]);
});

test("the counts are the store's", async () => {
  const orders = { NEW: 1, CONFIRMED: 2, REJECTED: 3, ROLLBACK: 4 };
  const counted = {
    joined: 9,
    early: 8,
    duplicate: 7,
    contradictory: 6,
    late: 5,
    expired: 4,
    replayed: 3,
  };
  const decisions = { pending: 1, joined: 18, late: 2, expired: 3 };
  const stats = { orders, withoutOrder: 5, decisions, counted, unpublished: 11 };
  const views = createSagaViews({ store: { ...nothing, stats: async () => stats } });
  const answer = await views.stats();
  if (!answer.ok) throw new Error("no stats");
  expect(sagaStatsSchema.parse(answer.value)).toEqual({
    orders,
    withoutOrder: 5,
    halves: { pending: 1, late: 2, expired: 3 },
    counted: {
      joins: 9,
      early: 8,
      duplicates: 7,
      contradictory: 6,
      late: 5,
      expired: 4,
      replayed: 3,
    },
    unpublished: 11,
  });
});

test("an order that is not there is not found", async () => {
  expect(await createSagaViews({ store: nothing }).get(7)).toMatchObject({
    ok: false,
    failure: { code: "not_found", message: "Order '7' not found" },
  });
});

test("while the store is away every view says so, and when to ask again", async () => {
  const away = () => Promise.reject(new StoreUnavailable("no connection"));
  const views = createSagaViews({ store: { list: away, read: away, stats: away, listDue: away } });
  for (const answer of await Promise.all([
    views.list({ pageNo: 0, pageSize: 10 }),
    views.get(1),
    views.stats(),
    views.pending(),
  ])) {
    expect(answer).toMatchObject({ ok: false, failure: { code: "unavailable", retryAfterSeconds: 2 } });
  }
});

test("halves that wait are told with their side, their age and until when they wait; what is decided is not", async () => {
  const half = sagaAfter(decided(1, "payment", "ACCEPT", 1));
  const whole = sagaAfter(placed(0), decided(1, "payment", "ACCEPT", 1), decided(2, "stock", "ACCEPT", 2));
  const views = createSagaViews({ store: { ...nothing, listDue: async () => [half, whole] } });
  const answer = await views.pending();
  if (!answer.ok) throw new Error(answer.failure.message);
  expect(answer.value.halves).toMatchObject([
    { side: "payment", answer: "ACCEPT", receivedAt: at(1), isPlaced: false },
  ]);
  expect(answer.value.halves[0]?.deadlineAt).not.toBeNull();
});
