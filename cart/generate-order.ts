// Turns "an order of n lines" into a whole order. Pure: the same seed and date give the same order, which is what
// lets a stateless cart answer a repeated Idempotency-Key as it did before.
import type { Order, OrderItem } from "../contract/models.ts";
import { catalog } from "./catalog.ts";

export interface OrderRequest {
  readonly orderId: string;
  readonly itemCount: number;
  /** Any 32-bit number: decides customer, items and quantities. */
  readonly seed: number;
  readonly orderedAt: Date;
}

const maxQuantity = 5;

/** Lines are different items until the catalog is used up. Totals are exact: summed in cents, divided once. */
export function generateOrder({ orderId, itemCount, seed, orderedAt }: OrderRequest): Order {
  const nextBelow = createRandom(seed);
  const customerId = `CUST-${String(1 + nextBelow(99_999)).padStart(5, "0")}`;
  const firstItem = nextBelow(catalog.length);

  const items: OrderItem[] = [];
  let totalCents = 0;
  for (let line = 0; line < itemCount; line += 1) {
    // 7 has no factor in common with the catalog's length, so this walks through all of it before it repeats.
    const item = catalog[(firstItem + line * 7) % catalog.length];
    if (item === undefined) throw new Error("the catalog is empty");
    const quantity = 1 + nextBelow(maxQuantity);
    items.push({ itemId: item.itemId, quantity, price: item.unitPriceCents / 100 });
    totalCents += quantity * item.unitPriceCents;
  }
  return {
    orderId,
    customerId,
    orderDate: orderedAt.toISOString(),
    items,
    totalAmount: totalCents / 100,
    currency: "USD",
    status: "new",
  };
}

/** mulberry32: small, fast and good enough to look like a shop; never for secrets. */
function createRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}
