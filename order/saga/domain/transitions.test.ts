import { describe, expect, test } from "bun:test";
import { arrive, original, passes, place, placement, run, tell, windowMs } from "./saga-fixtures.ts";
import type { Answer, SagaEffect } from "./saga.ts";
import { maxSagaEvents } from "./time-line.ts";
import { expire, placeOrder } from "./transitions.ts";

const payment = { side: "payment" } as const;
const stock = { side: "stock" } as const;

const kindsOf = (effects: readonly SagaEffect[]) =>
  effects.map((effect) => (effect.kind === "counted" ? effect.what : effect.kind));
const lettersOf = (effects: readonly SagaEffect[]) =>
  effects.flatMap((effect) => (effect.kind === "dead-letter" ? [effect] : []));

describe("placing", () => {
  test("makes a NEW order and announces it", () => {
    const { saga, effects } = tell([place(5)]);
    expect(saga).toMatchObject({
      orderId: 7,
      order: { customerId: "CUST-1", items: placement().items, placedAtMs: 5 },
      status: "NEW",
      source: null,
      payment: null,
      stock: null,
      deadlineAtMs: null,
      history: [{ kind: "placed", atMs: 5 }],
      version: 1,
    });
    expect(effects).toEqual([{ kind: "announce" }]);
  });

  test("placed again, nothing happens", () => {
    const { saga } = tell([place(5)]);
    expect(placeOrder(saga, placement(), 9, windowMs)).toEqual({ saga, effects: [] });
    expect(placeOrder(saga, placement(), 9, windowMs).saga).toBe(saga);
  });
});

describe("the outcome", () => {
  const table: readonly (readonly [Answer, Answer, string | null, string, string | null])[] = [
    ["ACCEPT", "ACCEPT", "STOCK-7", "CONFIRMED", null],
    ["REJECT", "REJECT", "STOCK-7", "REJECTED", "STOCK-7"],
    ["REJECT", "REJECT", null, "REJECTED", "INVENTORY"],
    ["REJECT", "ACCEPT", "STOCK-7", "ROLLBACK", "PAYMENT"],
    ["ACCEPT", "REJECT", "STOCK-7", "ROLLBACK", "INVENTORY"],
  ];
  for (const [paid, stocked, stockSource, status, source] of table) {
    test(`payment ${paid} and stock ${stocked} (source ${stockSource}) is ${status} by ${source}, whoever is first`, () => {
      const first = arrive(1, { ...payment, answer: paid, source: "PAY-1" });
      const second = arrive(2, { ...stock, answer: stocked, source: stockSource });
      for (const steps of [
        [place(), first, second],
        [place(), second, first],
        [first, place(), second],
        [second, first, place()],
      ]) {
        const { saga, effects } = tell(steps);
        expect(saga).toMatchObject({
          status,
          source,
          payment: { state: "joined", original: null },
          stock: { state: "joined", original: null },
          deadlineAtMs: null,
          settledAtMs: steps.at(-1)?.atMs ?? Number.NaN,
        });
        expect(saga.history.at(-1)).toMatchObject({ kind: "settled", status, source });
        expect(kindsOf(effects).filter((kind) => kind === "announce" || kind === "result")).toEqual([
          "announce",
          "result",
        ]);
        expect(kindsOf(effects)).toContain("joined");
      }
    });
  }
});

describe("the window", () => {
  test("is about event times and includes its ends, whichever comes first", () => {
    for (const [left, right] of [
      [0, windowMs],
      [windowMs, 0],
    ] as const) {
      const joined = tell([
        place(),
        arrive(1, { eventTimeMs: left }),
        arrive(2, { ...stock, eventTimeMs: right }),
      ]);
      expect(joined.saga.status).toBe("CONFIRMED");
      const apart = tell([
        place(),
        arrive(1, { eventTimeMs: left }),
        arrive(2, { ...stock, eventTimeMs: right + Math.sign(right - left) }),
      ]);
      expect(apart.saga).toMatchObject({
        status: "NEW",
        payment: { state: "pending" },
        stock: { state: "late" },
      });
    }
  });

  test("a decision outside it is a dead letter at once and is kept; its partner waits on and expires", () => {
    const { saga, effects } = tell([place(), arrive(0), arrive(60_000, { ...stock, eventTimeMs: 60_000 })]);
    expect(lettersOf(effects)).toEqual([
      {
        kind: "dead-letter",
        side: "stock",
        reason: "outside_window",
        message:
          "The stock decision about order 7 and the payment decision are 60000 ms apart, and the window is 10000 ms",
        original: original(1, "stock-orders"),
        groupId: "sagas-stock",
      },
    ]);
    expect(kindsOf(effects)).toEqual(["announce", "dead-letter", "late"]);
    expect(saga).toMatchObject({
      status: "NEW",
      stock: { state: "late", original: null },
      deadlineAtMs: windowMs,
    });
    const later = expire(saga, windowMs);
    expect(later.saga.payment?.state).toBe("expired");
    expect(lettersOf(later.effects)).toMatchObject([
      {
        reason: "partner_missing",
        message: "The stock decision about order 7 did not come within the window",
      },
    ]);
  });

  test("a consumer that is behind does not close it: event times decide, also after the deadline", () => {
    const { saga, effects } = tell([
      place(),
      arrive(0),
      passes(windowMs),
      arrive(3_600_000, { ...stock, eventTimeMs: 9 }),
    ]);
    expect(saga.status).toBe("CONFIRMED");
    expect(lettersOf(effects).map(({ reason }) => reason)).toEqual(["partner_missing"]);
  });
});

describe("the deadline", () => {
  test("is the arrival and the window, and closes a half with a dead letter of its bytes", () => {
    const { saga } = tell([place(), arrive(500, { eventTimeMs: -1 })]);
    expect(saga.deadlineAtMs).toBe(500 + windowMs);
    const early = expire(saga, 499 + windowMs);
    expect(early).toEqual({ saga, effects: [] });
    expect(early.saga).toBe(saga);
    const { saga: expired, effects } = expire(saga, 500 + windowMs);
    expect(expired).toMatchObject({
      status: "NEW",
      deadlineAtMs: null,
      payment: { state: "expired", original: null, deadlineAtMs: null },
      version: 3,
    });
    expect(effects).toEqual([
      {
        kind: "dead-letter",
        side: "payment",
        reason: "partner_missing",
        message: "No stock decision about order 7 came in time",
        original: original(1),
        groupId: "sagas-payment",
      },
      { kind: "counted", what: "expired" },
    ]);
    expect(expire(expired, 1e9)).toEqual({ saga: expired, effects: [] });
  });

  test("of decisions without their order is each one's own, and their reason says so", () => {
    const { saga } = tell([arrive(0), arrive(400, stock)]);
    expect(saga).toMatchObject({ order: null, status: "NEW", deadlineAtMs: windowMs });
    const first = expire(saga, windowMs);
    expect(first.saga).toMatchObject({
      deadlineAtMs: windowMs + 400,
      payment: { state: "expired" },
      stock: { state: "pending" },
    });
    const both = expire(saga, windowMs + 400);
    expect(lettersOf(both.effects)).toMatchObject([
      { side: "payment", reason: "unknown_order", message: "Order 7 is not known" },
      { side: "stock", reason: "unknown_order" },
    ]);
  });
});

describe("decisions before their order", () => {
  test("are counted early, and settle it as it is placed: NEW first, then the result", () => {
    const { perStep, saga } = tell([arrive(0, stock), arrive(1), place(2)]);
    expect(perStep.map(kindsOf)).toEqual([["early"], ["early"], ["announce", "result", "joined"]]);
    expect(saga.version).toBe(3);
  });

  test("one that waits joins one that has expired when the order is placed", () => {
    const { saga } = tell([
      arrive(0),
      passes(windowMs),
      arrive(windowMs, { ...stock, eventTimeMs: 1 }),
      place(windowMs),
    ]);
    expect(saga.status).toBe("CONFIRMED");
  });

  test("two that have expired do not settle an order that gets their id later; a replay does", () => {
    const story = tell([arrive(0), arrive(0, stock), passes(windowMs), place(1e9)]);
    expect(story.saga).toMatchObject({
      status: "NEW",
      payment: { state: "expired" },
      stock: { state: "expired" },
    });
    const replayed = run([arrive(1e9, { replayOf: "letter-1" })], story.saga);
    expect(replayed.saga?.status).toBe("CONFIRMED");
    expect(kindsOf(replayed.effects)).toEqual(["result", "joined", "replayed"]);
  });

  test("outside the window of one another are late before the order is known, and stay so", () => {
    const { saga, effects } = tell([arrive(0), arrive(1, { ...stock, eventTimeMs: 99_999 }), place(2)]);
    expect(saga).toMatchObject({ status: "NEW", payment: { state: "pending" }, stock: { state: "late" } });
    expect(kindsOf(effects)).toEqual(["early", "dead-letter", "late", "early", "announce"]);
  });
});

describe("a second decision of a side", () => {
  test("with the same answer is a duplicate, waiting, expired or settled", () => {
    for (const steps of [
      [place(), arrive(0)],
      [place(), arrive(0), passes(windowMs)],
      [place(), arrive(0), arrive(1, stock)],
      [arrive(0)],
    ]) {
      const before = tell(steps).saga;
      const { saga, effects } = run([arrive(99, { source: "other", eventTimeMs: 5 })], before);
      expect(effects).toEqual([{ kind: "counted", what: "duplicate" }]);
      expect(saga).toEqual({
        ...before,
        version: before.version + 1,
        history: [
          ...before.history,
          {
            kind: "duplicate",
            atMs: 99,
            side: "payment",
            answer: "ACCEPT",
            source: "other",
            eventTimeMs: 5,
            reason: null,
          },
        ],
      });
    }
  });

  test("with another answer is a dead letter, also after the order is settled, also by replay; the first stays", () => {
    for (const steps of [
      [place(), arrive(0)],
      [place(), arrive(0), passes(windowMs)],
      [place(), arrive(0), arrive(1, stock)],
    ]) {
      for (const replayOf of [null, "letter-1"]) {
        const before = tell(steps).saga;
        const { saga, effects } = run(
          [arrive(99, { answer: "REJECT", replayOf, original: original(42) })],
          before,
        );
        expect(effects).toEqual([
          {
            kind: "dead-letter",
            side: "payment",
            reason: "contradictory_decision",
            message: "The payment decision REJECT about order 7 contradicts the earlier ACCEPT",
            original: original(42),
            groupId: "sagas-payment",
          },
          { kind: "counted", what: "contradictory" },
        ]);
        expect(saga).toMatchObject({ status: before.status, payment: { ...before.payment } });
      }
    }
  });
});

describe("a replay", () => {
  test("of a late decision settles the order", () => {
    const steps = [
      place(),
      arrive(0),
      arrive(60_000, stock),
      arrive(70_000, { ...stock, replayOf: "letter-1" }),
    ];
    const { saga, perStep } = tell(steps);
    expect(saga).toMatchObject({ status: "CONFIRMED", stock: { eventTimeMs: 60_000, receivedAtMs: 60_000 } });
    expect(perStep.at(-1)?.map(({ kind }) => kind)).toEqual(["result", "counted", "counted"]);
  });

  test("of the half that expired settles it too, with the late one as it is", () => {
    const { saga } = tell([
      place(),
      arrive(0),
      passes(windowMs),
      arrive(60_000, stock),
      arrive(70_000, { replayOf: "letter-1", eventTimeMs: 0 }),
    ]);
    expect(saga).toMatchObject({
      status: "CONFIRMED",
      payment: { state: "joined" },
      stock: { state: "joined" },
    });
  });

  test("counts for a side that has none, whatever the time between the two", () => {
    const { saga } = tell([
      place(),
      arrive(0, { replayOf: "letter-1" }),
      arrive(1, { ...stock, eventTimeMs: 1e12 }),
    ]);
    expect(saga.status).toBe("CONFIRMED");
  });

  test("that cannot help is a dead letter again, and its partner still joins it whenever it comes", () => {
    const expired = tell([
      place(),
      arrive(0),
      passes(windowMs),
      arrive(50_000, { replayOf: "letter-1", original: original(2), eventTimeMs: 0 }),
    ]);
    expect(expired.saga).toMatchObject({
      deadlineAtMs: 60_000,
      payment: { state: "pending", replayed: true },
    });
    const again = expire(expired.saga, 60_000);
    expect(lettersOf(again.effects)).toMatchObject([{ reason: "partner_missing", original: original(2) }]);
    expect(run([arrive(1e9, stock)], again.saga).saga?.status).toBe("CONFIRMED");
  });

  test("given twice, or after the order is settled, is a duplicate", () => {
    const once = [place(), arrive(0), passes(windowMs), arrive(50_000, { replayOf: "letter-1" })];
    const { perStep } = tell([
      ...once,
      arrive(50_001, { replayOf: "letter-1" }),
      arrive(50_002, stock),
      arrive(50_003, { replayOf: "letter-1" }),
      arrive(50_004, { ...stock, replayOf: "letter-2" }),
    ]);
    expect(perStep.slice(4).map(kindsOf)).toEqual([
      ["duplicate"],
      ["result", "joined"],
      ["duplicate"],
      ["duplicate"],
    ]);
  });

  test("of a decision that still waits takes the window away and loses nothing of it", () => {
    const { saga } = tell([place(), arrive(0), arrive(5, { replayOf: "forged", original: original(9) })]);
    expect(saga).toMatchObject({
      deadlineAtMs: windowMs,
      payment: { state: "pending", replayed: true, original: original(1) },
    });
  });
});

test("the time line keeps what matters however often a decision is repeated", () => {
  const repeats = Array.from({ length: 200 }, (_, index) => arrive(index + 3));
  const { saga } = tell([place(1), arrive(2), ...repeats, arrive(900, stock), ...repeats]);
  expect(saga.history).toHaveLength(maxSagaEvents);
  expect(saga.history.filter(({ kind }) => kind !== "duplicate").map(({ kind }) => kind)).toEqual([
    "placed",
    "decided",
    "decided",
    "settled",
  ]);
  expect(saga.history.at(-1)).toMatchObject({ kind: "duplicate", atMs: 202 });
  expect(saga.version).toBe(403);
});

test("the time line shows no more than the beginning of a source, and the decision all of it", () => {
  const source = "x".repeat(5000);
  const { saga } = tell([arrive(2, { source })]);
  expect(saga.payment?.source).toBe(source);
  expect(saga.history[0]).toMatchObject({ source: "x".repeat(100) });
});
