import { describe, expect, test } from "bun:test";
import { failed } from "../../../contract/result.ts";
import { silentLogger } from "../../../kafka/client-fixtures.ts";
import type { PublishOutcome } from "../../../kafka/publisher.ts";
import type { KafkaRecord, OutgoingRecord } from "../../../kafka/record.ts";
import { createTestClock } from "../../../service/test-clock.ts";
import { createBuiltInCatalog } from "../catalog/built-in-catalog.ts";
import { createParticipant, type ParticipantRules } from "./participant.ts";
import { brokeCustomer, openingCents, paymentRules, stockRules } from "./rules.ts";

const acknowledged: PublishOutcome = { ok: true, value: { partition: 0, offset: 0 } };
const away: PublishOutcome = { ok: false, failure: { kind: "unavailable", code: -1, message: "away" } };

function order(orderId: number, differences: object = {}) {
  const items = [{ productId: "P-1", quantity: 2, price: 10 }];
  return { orderId, customerId: "CUST-1", status: "NEW", source: null, items, ...differences };
}

function record(value: unknown, key: Buffer | null = Buffer.from("1")): KafkaRecord {
  const bytes = typeof value === "string" ? Buffer.from(value) : Buffer.from(JSON.stringify(value));
  return { topic: "orders", partition: 0, offset: 0, timestampMs: 0, key, value: bytes, headers: [] };
}

function setUp(rules: ParticipantRules) {
  const published: OutgoingRecord[] = [];
  const outcomes: PublishOutcome[] = [];
  const clock = createTestClock();
  const participant = createParticipant({
    rules,
    topic: "decisions",
    publish: async (outgoing) => {
      const outcome = outcomes.shift() ?? acknowledged;
      if (outcome.ok) published.push(outgoing);
      return outcome;
    },
    clock,
    logger: silentLogger,
  });
  const work = (...values: readonly unknown[]) =>
    participant.workOff(
      values.map((value) => record(value)),
      () => true,
    );
  const answers = () => published.map(({ value }) => JSON.parse(String(value)).status);
  return { participant, published, outcomes, clock, work, answers };
}

/** Lets everything happen that waits for nothing but its turn. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("the stand-in of payment", () => {
  test("tells its decision as an OrderDto of its own topic, under the order's key", async () => {
    const { participant, published } = setUp(paymentRules);
    const longKey = Buffer.from([0, 0, 0, 0, 0, 0, 0, 1]);
    await participant.workOff([record(order(1), longKey), record(order(2), null)], () => true);
    expect(published.map(({ topic, key }) => [topic, key])).toEqual([
      ["decisions", longKey],
      ["decisions", Buffer.from("2")],
    ]);
    expect(JSON.parse(String(published[0]?.value))).toEqual({
      ...order(1),
      status: "ACCEPT",
      source: "PAYMENT",
    });
  });

  test("accepts as long as the customer's money lasts, to the cent", async () => {
    const { work, answers, participant } = setUp(paymentRules);
    const price = (amount: number) => ({ items: [{ productId: "P-1", quantity: 1, price: amount }] });
    await work(order(1, price(9999.99)), order(2, price(0.02)), order(3, price(0.01)), order(4, price(0.01)));
    expect(answers()).toEqual(["ACCEPT", "REJECT", "ACCEPT", "REJECT"]);
    expect(participant.balances().get("CUST-1")).toEqual({
      available: 0,
      reserved: openingCents,
      booked: 0,
    });
  });

  test(`refuses ${brokeCustomer}, and gives it nothing when the order is rolled back`, async () => {
    const { work, answers, participant } = setUp(paymentRules);
    await work(order(1, { customerId: brokeCustomer }));
    await work(order(1, { customerId: brokeCustomer, status: "ROLLBACK", source: "PAYMENT" }));
    expect(answers()).toEqual(["REJECT"]);
    expect(participant.balances().get(brokeCustomer)).toEqual({ available: 0, reserved: 0, booked: 0 });
  });

  test("answers each order once, however often its records come", async () => {
    const { work, answers, participant } = setUp(paymentRules);
    const confirmed = order(1, { status: "CONFIRMED" });
    await work(order(1), order(1));
    await work(order(1));
    await work(confirmed, confirmed, order(1), order(1, { status: "ROLLBACK", source: "INVENTORY" }));
    expect(answers()).toEqual(["ACCEPT"]);
    expect(participant.balances().get("CUST-1")).toMatchObject({ reserved: 0, booked: 2000 });
  });

  test("tells the same decision again after a publish whose end is not known", async () => {
    const { participant, outcomes, answers, work } = setUp(paymentRules);
    outcomes.push({ ok: false, failure: { kind: "unknown", code: -1, message: "no answer" } });
    // Its partition goes to somebody else meanwhile.
    expect(await participant.workOff([record(order(1))], () => false)).toBe(false);
    expect(await work(order(1))).toBe(true);
    expect(answers()).toEqual(["ACCEPT"]);
    expect(participant.balances().get("CUST-1")).toMatchObject({ reserved: 2000 });
  });

  test("waits for a broker that is away, and is done only when it has the decision", async () => {
    const { outcomes, clock, work, answers } = setUp(paymentRules);
    outcomes.push(away, away, away);
    let isDone = false;
    const working = work(order(1)).then(() => (isDone = true));
    for (let round = 0; round < 3; round += 1) {
      await settle();
      expect(isDone).toBe(false);
      clock.advance(5000);
    }
    await working;
    expect(answers()).toEqual(["ACCEPT"]);
  });

  test.each([
    "",
    "{",
    "null",
    "[]",
    '{"orderId":1}',
    JSON.stringify(order(0)),
    JSON.stringify(order(1, { status: "new" })),
  ])("passes over %p, and decides what follows", async (noise) => {
    const { work, answers } = setUp(paymentRules);
    expect(await work(noise, order(1))).toBe(true);
    expect(answers()).toEqual(["ACCEPT"]);
  });
});

describe("the stand-in of stock", () => {
  test("accepts what the catalog has in stock, counted over all lines of a product", async () => {
    const { work, answers, participant } = setUp(stockRules(createBuiltInCatalog()));
    const lines = (...items: readonly [productId: string, quantity: number][]) => ({
      items: items.map(([productId, quantity]) => ({ productId, quantity, price: 1 })),
    });
    await work(
      order(1, lines(["P-9", 6])),
      order(2, lines(["P-9", 2], ["P-9", 3])),
      order(3, lines(["P-9", 2], ["P-9", 2])),
      order(4, lines(["P-10", 1])),
      order(5, lines(["P-1", 1], ["P-10", 1])),
      order(6, lines(["unknown", 1])),
    );
    expect(answers()).toEqual(["ACCEPT", "REJECT", "ACCEPT", "REJECT", "REJECT", "REJECT"]);
    expect(participant.balances().get("P-9")).toEqual({ available: 0, reserved: 10, booked: 0 });
    expect(participant.balances().get("P-1")).toEqual({ available: 1000, reserved: 0, booked: 0 });
  });

  test("waits while the catalog is away, rather than refuse for it", async () => {
    const catalog = createBuiltInCatalog();
    let isAway = true;
    const { work, clock, answers } = setUp(
      stockRules({
        lookUp: async (ids) =>
          isAway ? failed({ code: "unavailable", message: "away" }) : await catalog.lookUp(ids),
      }),
    );
    const working = work(order(1));
    await settle();
    expect(answers()).toEqual([]);
    isAway = false;
    clock.advance(5000);
    await working;
    expect(answers()).toEqual(["ACCEPT"]);
  });
});
