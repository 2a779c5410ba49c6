import { describe, expect, test } from "bun:test";
import { goldenCases } from "./golden-cases.ts";
import { schemaCatalog } from "./schema-catalog.ts";
import { compileValueCheck, describeProblem } from "./value-check.ts";

const checkOrder = compileValueCheck(schemaCatalog.Order.type);
const checkEvent = compileValueCheck(schemaCatalog.OrderEvent.type);
const checkDeadLetter = compileValueCheck(schemaCatalog.DeadLetter.type);

function problemOf(check: (value: unknown) => ReturnType<typeof checkOrder>, value: unknown): string {
  const problem = check(value);
  return problem === null ? "fits" : describeProblem(problem);
}

const item = { itemId: "I", quantity: 1, price: 1.5 };
const order = {
  orderId: "ORD-1",
  customerId: "C",
  orderDate: "2026-01-01T00:00:00Z",
  items: [item, item],
  totalAmount: 3,
  currency: "EUR",
  status: "new",
};
const deadLetter = goldenCases.find(({ name }) => name === "DeadLetter")?.event;

test("every golden value fits its schema", () => {
  for (const { name, event } of goldenCases) {
    const { type, toWire } = schemaCatalog[name];
    expect(problemOf(compileValueCheck(type), toWire(event))).toBe("fits");
  }
});

describe("an order that does not fit is refused with the field and the rule, never the value", () => {
  const wrong: [unknown, string][] = [
    [null, "the event must be an object"],
    [[], "the event must be an object"],
    ["text", "the event must be an object"],
    [{ ...order, orderId: 7 }, "orderId must be a string"],
    [{ ...order, orderId: null }, "orderId must be a string"],
    [{ ...order, orderId: undefined }, "orderId is missing"],
    [{ ...order, customerId: "\ud800" }, "customerId must be well-formed Unicode"],
    [{ ...order, items: {} }, "items must be an array"],
    [{ ...order, items: [item, null] }, "items[1] must be an object"],
    [
      { ...order, items: [item, { ...item, quantity: 1.5 }] },
      "items[1].quantity must be a whole number from -2147483648 to 2147483647",
    ],
    [
      { ...order, items: [{ ...item, quantity: 2 ** 31 }] },
      "items[0].quantity must be a whole number from -2147483648 to 2147483647",
    ],
    [
      { ...order, items: [{ ...item, quantity: 1n }] },
      "items[0].quantity must be a whole number from -2147483648 to 2147483647",
    ],
    [{ ...order, items: [{ ...item, price: NaN }] }, "items[0].price must be a finite number"],
    [{ ...order, items: [{ ...item, price: "1" }] }, "items[0].price must be a finite number"],
    [{ ...order, items: [{ ...item, colour: "red" }] }, "items[0].colour is not a field of the schema"],
    [{ ...order, totalAmount: Infinity }, "totalAmount must be a finite number"],
    [{ ...order, shippingCost: 1 }, "shippingCost is not a field of the schema"],
  ];
  test.each(wrong.map(([value, message]) => [message, value] as const))("%s", (message, value) => {
    expect(problemOf(checkOrder, value)).toBe(message);
  });
});

test("a payload of the other event type is refused by its missing or unknown field", () => {
  const { toWire } = schemaCatalog.OrderEvent;
  const head = { orderId: "O", timestamp: "t" };
  expect(problemOf(checkEvent, toWire({ ...head, eventType: "CREATE", payload: { status: "new" } }))).toBe(
    "payload.customerId is missing",
  );
  expect(
    problemOf(checkEvent, toWire({ ...head, eventType: "UPDATE", payload: { status: "s", orderId: "O" } })),
  ).toBe("payload.orderId is not a field of the schema");
  expect(problemOf(checkEvent, toWire({ ...head, eventType: "DELETE", payload: { status: "s" } }))).toBe(
    "eventType must be one of CREATE, UPDATE",
  );
  expect(problemOf(checkEvent, toWire({ ...head, eventType: "UPDATE", payload: null }))).toBe(
    "payload must be an object",
  );
  expect(problemOf(checkEvent, toWire({ ...head, eventType: "UPDATE" }))).toBe("payload is missing");
  expect(problemOf(checkEvent, toWire(null))).toBe("the event must be an object");
});

test("longs are refused beyond what avsc keeps true, and bytes that are no Buffer", () => {
  expect(problemOf(checkDeadLetter, { ...deadLetter, originalOffset: 2 ** 53 - 2 })).toBe("fits");
  expect(problemOf(checkDeadLetter, { ...deadLetter, originalOffset: 2 ** 53 - 1 })).toContain(
    "originalOffset must be a whole number",
  );
  expect(problemOf(checkDeadLetter, { ...deadLetter, originalOffset: -(2 ** 52) - 1 })).toContain(
    "originalOffset must be a whole number",
  );
  expect(problemOf(checkDeadLetter, { ...deadLetter, originalValue: "text" })).toBe(
    "originalValue must be a Buffer or null",
  );
  expect(problemOf(checkDeadLetter, { ...deadLetter, originalValue: undefined })).toBe(
    "originalValue is missing",
  );
});
