import { describe, expect, test } from "bun:test";
import { outcomeOf } from "../../order/saga/domain/outcome.ts";
import { createResultCheck } from "./result-check.ts";
import { decisionValue, resultOf } from "./saga-decisions.ts";

const orders = 12;
const ids = Array.from({ length: orders }, (_, index) => index + 1);

function faultsOf(results: readonly object[]): readonly string[] {
  const check = createResultCheck(orders);
  for (const result of results) check.take(Buffer.from(JSON.stringify(result)));
  return check.faults();
}

const right = ids.map((orderId) => ({ orderId, ...resultOf(orderId) }));

describe("the check of a benchmark's results", () => {
  test("one right result for each order has no fault", () => {
    expect(faultsOf(right)).toEqual([]);
  });

  test("a lost, a doubled, a wrong and a foreign result are each a fault", () => {
    const confused = { orderId: 2, status: "REJECTED", source: null };
    const foreign = { orderId: orders + 1, status: "CONFIRMED", source: null };
    expect(
      faultsOf([...right.slice(0, 1), confused, ...right.slice(3), ...right.slice(0, 1), foreign]),
    ).toEqual([
      "order 2 is REJECTED by null, not CONFIRMED by null",
      "order 1 has a second result",
      "there is no order 13",
      "order 3 has no result",
    ]);
  });

  test("what it expects is what the domain makes of the decisions that are sent", () => {
    for (const orderId of ids) {
      const decisionOf = (side: "payment" | "stock") => {
        const { status, source } = JSON.parse(decisionValue(orderId, side).toString());
        return { answer: status, source };
      };
      expect(outcomeOf(decisionOf("payment"), decisionOf("stock"))).toEqual(resultOf(orderId));
    }
  });
});
