import { describe, expect, test } from "bun:test";
import { createAt, createsAmong, eventsUntil, orderEventAt } from "./order-events.ts";

describe("a benchmark's events", () => {
  test("are seven creates of their own orders to three updates of orders that were created before", () => {
    const created = new Set<string>();
    for (let index = 0; index < 5000; index += 1) {
      const { eventType, orderId } = orderEventAt(index);
      expect(created.has(orderId)).toBe(eventType === "UPDATE");
      created.add(orderId);
      expect(created.size).toBe(createsAmong(index + 1));
    }
    expect(created.size).toBe(3500);
  });

  test("after any number of stored orders go on with creates of others", () => {
    for (let orders = 0; orders < 100; orders += 1) {
      expect(createsAmong(eventsUntil(orders))).toBe(orders);
      expect(orderEventAt(createAt(orders)).eventType).toBe("CREATE");
      expect(createsAmong(createAt(orders))).toBe(orders);
    }
  });
});
