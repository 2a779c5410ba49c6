import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { orderSchema } from "../contract/models.ts";
import { catalog } from "./catalog.ts";
import { generateOrder } from "./generate-order.ts";

const orderedAt = new Date("2026-01-02T03:04:05.678Z");

test("a generated order is a valid order whose total is the exact sum of its lines", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer(), (itemCount, seed) => {
      const order = generateOrder({ orderId: "ORD-1", itemCount, seed, orderedAt });
      expect(orderSchema.parse(order)).toEqual(order);
      expect(order.items).toHaveLength(itemCount);
      const totalCents = order.items.reduce(
        (sum, item) => sum + item.quantity * Math.round(item.price * 100),
        0,
      );
      expect(Math.round(order.totalAmount * 100)).toBe(totalCents);
      expect(order.totalAmount).toBe(totalCents / 100);
      expect(order.status).toBe("new");
    }),
    { numRuns: 200 },
  );
});

test("lines are different items while the catalog lasts", () => {
  const order = generateOrder({ orderId: "ORD-1", itemCount: catalog.length, seed: 7, orderedAt });
  expect(new Set(order.items.map(({ itemId }) => itemId)).size).toBe(catalog.length);
});

test("the same seed and date give the same order, another seed another one", () => {
  const generate = (seed: number) => generateOrder({ orderId: "ORD-1", itemCount: 5, seed, orderedAt });
  expect(generate(42)).toEqual(generate(42));
  expect(generate(42)).not.toEqual(generate(43));
});
