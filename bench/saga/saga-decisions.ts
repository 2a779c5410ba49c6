// The orders of the saga benchmark and the two decisions about each, from the order's id alone, with the result that system
// C's table has for them: seven of ten are accepted by both, the others refused by payment, by stock, or by both.
import type { Answer, Placement, SettledStatus, Side } from "../../order/saga/domain/saga.ts";

export interface Result {
  readonly status: SettledStatus;
  readonly source: string | null;
}

interface Plan extends Result, Readonly<Record<Side, Answer>> {}

const accepted: Plan = { payment: "ACCEPT", stock: "ACCEPT", status: "CONFIRMED", source: null };
/** By the last digit of the order's id. */
const refused: Readonly<Record<number, Plan>> = {
  3: { payment: "REJECT", stock: "ACCEPT", status: "ROLLBACK", source: "PAYMENT" },
  6: { payment: "ACCEPT", stock: "REJECT", status: "ROLLBACK", source: "INVENTORY" },
  9: { payment: "REJECT", stock: "REJECT", status: "REJECTED", source: "WAREHOUSE" },
};
const sources: Readonly<Record<Side, string>> = { payment: "BANK", stock: "WAREHOUSE" };

export function placementOf(orderId: number): Placement {
  const line = (products: number, quantity: number, unitPriceCents: number) => ({
    productId: `SKU-${orderId % products}`,
    quantity,
    unitPriceCents,
  });
  return {
    orderId,
    customerId: `CUST-${orderId % 50_000}`,
    items: [line(997, 1, 500 + (orderId % 9_000)), line(499, 2, 895)],
  };
}

export function resultOf(orderId: number): Result {
  const { status, source } = planOf(orderId);
  return { status, source };
}

/** An OrderDto as JSON, as payment and stock send it. */
export function decisionValue(orderId: number, side: Side): Buffer {
  const { customerId, items } = placementOf(orderId);
  const lines = items.map(({ productId, quantity, unitPriceCents }) => ({
    productId,
    quantity,
    price: unitPriceCents / 100,
  }));
  const decision = {
    orderId,
    customerId,
    status: planOf(orderId)[side],
    source: sources[side],
    items: lines,
  };
  return Buffer.from(JSON.stringify(decision));
}

function planOf(orderId: number): Plan {
  return refused[orderId % 10] ?? accepted;
}
