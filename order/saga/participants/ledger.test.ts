import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Answer, createLedger, type Outcome } from "./ledger.ts";

const accounts = ["a", "b", "c"];

function openLedger(amount: number, options = {}) {
  const ledger = createLedger(options);
  for (const account of accounts) ledger.open(account, amount);
  return ledger;
}

const demand = (...wanted: readonly (readonly [string, number])[]) => new Map(wanted);

describe("a ledger", () => {
  test("accepts up to the last piece, and not one more", () => {
    const ledger = openLedger(10);
    expect(ledger.decide(1, demand(["a", 10]))).toBe("ACCEPT");
    expect(ledger.decide(2, demand(["a", 1]))).toBe("REJECT");
    expect(ledger.decide(3, demand(["a", 0]))).toBe("ACCEPT");
    expect(ledger.balances().get("a")).toEqual({ available: 0, reserved: 10, booked: 0 });
  });

  test("reserves nothing of an order that one account cannot cover", () => {
    const ledger = openLedger(10);
    expect(ledger.decide(1, demand(["a", 5], ["b", 11]))).toBe("REJECT");
    expect(ledger.decide(2, demand(["nobody's", 1]))).toBe("REJECT");
    expect(ledger.balances().get("a")).toEqual({ available: 10, reserved: 0, booked: 0 });
  });

  test("books what is confirmed, and gives back what is rolled back", () => {
    const ledger = openLedger(10);
    ledger.decide(1, demand(["a", 4]));
    ledger.decide(2, demand(["a", 5]));
    ledger.settle(1, "CONFIRMED");
    ledger.settle(2, "ROLLBACK");
    expect(ledger.balances().get("a")).toEqual({ available: 6, reserved: 0, booked: 4 });
  });

  test("gives nothing to the side that refused when an order is rolled back", () => {
    const ledger = openLedger(10);
    ledger.decide(1, demand(["a", 11]));
    ledger.settle(1, "ROLLBACK");
    expect(ledger.balances().get("a")).toEqual({ available: 10, reserved: 0, booked: 0 });
  });

  test("reserves nothing for an order whose result has come already", () => {
    const ledger = openLedger(10);
    ledger.settle(1, "REJECTED");
    expect(ledger.decide(1, demand(["a", 4]))).toBeUndefined();
    expect(ledger.balances().get("a")).toEqual({ available: 10, reserved: 0, booked: 0 });
  });

  test("forgets the oldest settled orders, and no open one", () => {
    const ledger = openLedger(100, { maxSettled: 2 });
    ledger.decide(9, demand(["a", 1]));
    for (const orderId of [1, 2, 3]) ledger.settle(orderId, "REJECTED");
    expect([1, 2, 3].map((orderId) => ledger.decide(orderId, demand(["b", 1])))).toEqual([
      "ACCEPT",
      undefined,
      undefined,
    ]);
    ledger.settle(9, "CONFIRMED");
    expect(ledger.balances().get("a")).toEqual({ available: 99, reserved: 0, booked: 1 });
  });

  type Step =
    | { readonly orderId: number; readonly demand: ReadonlyMap<string, number> }
    | { readonly orderId: number; readonly outcome: Outcome };
  const orderId = fc.integer({ min: 1, max: 6 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({
      orderId,
      demand: fc
        .dictionary(fc.constantFrom(...accounts, "not open"), fc.nat(12), { minKeys: 1 })
        .map((wanted) => new Map(Object.entries(wanted))),
    }),
    fc.record({ orderId, outcome: fc.constantFrom<Outcome[]>("CONFIRMED", "REJECTED", "ROLLBACK") }),
  );

  test("conserves every account, never goes below nothing, and each order has one effect, whatever comes and comes again", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(30), (steps, amount) => {
        const ledger = openLedger(amount);
        const answers = new Map<number, Answer>();
        const over = new Set<number>();
        for (const each of steps) {
          if ("outcome" in each) {
            ledger.settle(each.orderId, each.outcome);
            over.add(each.orderId);
          } else {
            const answer = ledger.decide(each.orderId, each.demand);
            expect(answer === undefined).toBe(over.has(each.orderId));
            if (answer !== undefined) {
              expect(answer).toBe(answers.get(each.orderId) ?? answer);
              answers.set(each.orderId, answer);
            }
          }
          const before = ledger.balances();
          // The same once more changes nothing.
          if ("outcome" in each) ledger.settle(each.orderId, each.outcome);
          else ledger.decide(each.orderId, each.demand);
          expect(ledger.balances()).toEqual(before);
          for (const { available, reserved, booked } of before.values()) {
            expect(Math.min(available, reserved, booked)).toBeGreaterThanOrEqual(0);
            expect(available + reserved + booked).toBe(amount);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("has nothing reserved when every order is settled, and has booked exactly what was accepted and confirmed", () => {
    const order = fc.record({
      demand: fc.dictionary(fc.constantFrom(...accounts), fc.nat(9), { minKeys: 1 }),
      outcome: fc.constantFrom<Outcome[]>("CONFIRMED", "ROLLBACK"),
    });
    fc.assert(
      fc.property(fc.array(order, { maxLength: 20 }), (orders) => {
        const ledger = openLedger(40);
        const booked = new Map(accounts.map((account) => [account, 0]));
        const answers = orders.map((each, id) => ledger.decide(id, new Map(Object.entries(each.demand))));
        orders.forEach(({ demand: wanted, outcome }, id) => {
          ledger.settle(id, outcome);
          if (answers[id] !== "ACCEPT" || outcome !== "CONFIRMED") return;
          for (const [account, amount] of Object.entries(wanted)) {
            booked.set(account, (booked.get(account) ?? 0) + amount);
          }
        });
        for (const [account, balance] of ledger.balances()) {
          const gone = booked.get(account) ?? 0;
          expect(balance).toEqual({ available: 40 - gone, reserved: 0, booked: gone });
        }
      }),
    );
  });
});
