// The events of a benchmark, each from its index alone: system B's, seven creates of three lines to three updates. An update
// is of any order created before it, so the older ones are not in anybody's memory. Ids come in no order, which is the worst that
// clients can do to a store, unless those in the order of time are asked for.
import type { OrderEvent } from "../schemas/events.ts";

const creates = [0, 1, 2, 4, 5, 7, 8];
const statuses = ["processing", "shipped", "delivered"] as const;
/** How the ids of new orders follow each other: by nothing, or as a counter, ULID or UUIDv7 does. */
export type IdOrder = "none" | "time";

const startMs = Date.UTC(2026, 0, 1);

/** How many of the first `events` are creates. */
export function createsAmong(events: number): number {
  const rest = events % 10;
  return Math.floor(events / 10) * creates.length + creates.filter((place) => place < rest).length;
}

/** The first event after `orders` creates: what comes from there on is creates of new orders and updates of any before. */
export function eventsUntil(orders: number): number {
  const rest = orders % creates.length;
  return Math.floor(orders / creates.length) * 10 + (rest === 0 ? 0 : (creates[rest - 1] ?? 0) + 1);
}

/** Index of the create of the order that has `order` orders before it. */
export function createAt(order: number): number {
  return Math.floor(order / creates.length) * 10 + (creates[order % creates.length] ?? 0);
}

export function orderEventAt(index: number, idOrder: IdOrder = "none"): OrderEvent {
  const timestamp = new Date(startMs + index).toISOString();
  if (!creates.includes(index % 10)) {
    const orderId = orderIdOf(scatter(index) % createsAmong(index), idOrder);
    const status = statuses[index % 3] ?? statuses[0];
    return { eventType: "UPDATE", orderId, timestamp, payload: { status } };
  }
  const cents = 500 + (index % 9_000);
  return {
    eventType: "CREATE",
    orderId: orderIdOf(createsAmong(index), idOrder),
    timestamp,
    payload: {
      customerId: `CUST-${index % 50_000}`,
      orderDate: timestamp,
      items: [
        { itemId: `SKU-${index % 997}`, quantity: 1, price: cents / 100 },
        { itemId: `SKU-${index % 499}`, quantity: 2, price: 8.95 },
        { itemId: `SKU-${index % 251}`, quantity: 3, price: 12.5 },
      ],
      totalAmount: (cents + 5_540) / 100,
      currency: "USD",
      status: "new",
    },
  };
}

/** One to one, so no two orders share an id. */
function orderIdOf(order: number, idOrder: IdOrder): string {
  const number = idOrder === "time" ? order : scatter(order);
  return `ORD-${number.toString(16).padStart(8, "0")}`;
}

function scatter(value: number): number {
  return Math.imul(value, 0x9e3779b1) >>> 0;
}
