import { describe, expect, test } from "bun:test";
import { createAt, createsAmong, eventsUntil, type IdOrder, orderEventAt } from "./order-events.ts";

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

  test("are the same but for their ids, which come in the order of time or in none", () => {
    const created = (idOrder: IdOrder) =>
      Array.from({ length: 1000 }, (_, order) => orderEventAt(createAt(order), idOrder).orderId);
    const [byTime, inNoOrder] = [created("time"), created("none")];
    expect(byTime).toEqual(byTime.toSorted());
    expect(inNoOrder).not.toEqual(inNoOrder.toSorted());
    for (let index = 0; index < 1000; index += 1) {
      const { orderId, ...event } = orderEventAt(index, "time");
      expect(orderEventAt(index)).toMatchObject(event);
      expect(byTime.indexOf(orderId)).toBe(inNoOrder.indexOf(orderEventAt(index).orderId));
    }
  });

  test("after any number of stored orders go on with creates of others", () => {
    for (let orders = 0; orders < 100; orders += 1) {
      expect(createsAmong(eventsUntil(orders))).toBe(orders);
      expect(orderEventAt(createAt(orders)).eventType).toBe("CREATE");
      expect(createsAmong(createAt(orders))).toBe(orders);
    }
  });
});
