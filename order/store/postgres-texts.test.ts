// Against PostgreSQL itself, character by character: order-store.spec.ts. Here what COPY reads is read back by its own rules.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { StoredOrder } from "./order-store.ts";
import { toPostgresTexts } from "./postgres-texts.ts";

const text = fc.string({ unit: fc.constantFrom("\t", "\n", "\r", "\\", "N", ".", '"', "t", "é", "😀") });
const order = fc.record<StoredOrder>({
  orderId: text,
  customerId: text,
  orderDate: text,
  items: fc.array(fc.record({ itemId: text, quantity: fc.integer(), priceCents: fc.integer() })),
  totalCents: fc.maxSafeInteger(),
  shippingCents: fc.maxSafeInteger(),
  currency: text,
  status: text,
  createdBy: fc.record({
    topic: text,
    partition: fc.nat(),
    offset: fc.maxSafeNat(),
    eventId: fc.option(text),
  }),
  applied: fc.dictionary(text, fc.maxSafeNat()),
  version: fc.nat(),
});

const unescaped: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\" };

/** A column of COPY's text format; null for `\N`. */
function readField(field: string): string | null {
  if (field === "\\N") return null;
  return field.replaceAll(/\\(.)/g, (_, character: string) => unescaped[character] ?? character);
}

describe("the text that COPY is sent", () => {
  test("has a line an order, ended as the last one is too, and gives every column back whatever is in it", () => {
    fc.assert(
      fc.property(fc.array(order, { minLength: 1 }), (orders) => {
        const creates = orders.map((each) => ({ order: each, expectedVersion: 0 }));
        const lines = toPostgresTexts({ creates, updates: [] }).copy.split("\n");
        expect(lines.pop()).toBe("");
        expect(lines.map((line) => line.split("\t").map(readField))).toEqual(orders.map(columnsOf));
      }),
    );
  });
});

function columnsOf(each: StoredOrder): (string | null)[] {
  const { topic, partition, offset, eventId } = each.createdBy;
  return [
    each.orderId,
    each.customerId,
    each.orderDate,
    JSON.stringify(each.items),
    String(each.totalCents),
    String(each.shippingCents),
    each.currency,
    each.status,
    topic,
    String(partition),
    String(offset),
    eventId,
    JSON.stringify(each.applied),
    String(each.version),
  ];
}
