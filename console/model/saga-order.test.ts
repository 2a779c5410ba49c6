import { expect, test } from "bun:test";
import { readOrderNumber, sagaOrderOf } from "./saga-order.ts";

test("an event of system C names its order by a number", () => {
  expect(sagaOrderOf({ orderId: 12, status: "ACCEPT" })).toBe(12);
});

test.each([
  { orderId: "12" },
  { orderId: 0 },
  { orderId: 1.5 },
  { orderId: 2 ** 53 },
  {},
  "12",
  null,
  undefined,
])("no other event is about one of its orders: %p", (event) => {
  expect(sagaOrderOf(event)).toBeUndefined();
});

test("what is typed is a number of an order, or it is not", () => {
  expect(readOrderNumber("12")).toBe(12);
  for (const typed of ["", "0", "012", "1.5", "-1", "ORD-1", "9007199254740993"]) {
    expect(readOrderNumber(typed)).toBeUndefined();
  }
});
