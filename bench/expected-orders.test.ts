import { describe, expect, test } from "bun:test";
import { expectedOrders, faultsOf } from "./expected-orders.ts";
import { createsAmong } from "./order-events.ts";

describe("what a peer's orders must be at the end", () => {
  test("every create is an order, everything else an update, and nothing failed", () => {
    expect(expectedOrders(1000)).toMatchObject({
      orders: createsAmong(1000),
      updates: 1000 - createsAmong(1000),
      duplicates: 0,
      unknown: 0,
    });
  });

  test("one status that is not the last one changes the checksum", () => {
    // Event 999 is a create, so the first 999 differ by an order; 996 is an update, so 996 and 997 by a status only.
    const [before, after] = [expectedOrders(996), expectedOrders(997)];
    expect(before.orders).toBe(after.orders);
    expect(before.checksum).not.toBe(after.checksum);
  });

  test("a lost order, a lost update and another state are each told", () => {
    const expected = expectedOrders(1000);
    expect(faultsOf(expected, expected)).toEqual([]);
    const { orders, updates, checksum } = expected;
    expect(
      faultsOf({ ...expected, orders: orders - 1, updates: updates - 1, checksum: checksum + 1 }, expected),
    ).toEqual([
      `orders: ${orders - 1}, not ${orders}`,
      `updates: ${updates - 1}, not ${updates}`,
      `checksum: ${checksum + 1}, not ${checksum}`,
    ]);
  });
});
