// What the orders are when every event of a benchmark's topic has been applied once: the sum that a peer's own must be.
import { createsAmong, orderEventAt } from "./order-events.ts";

export interface OrdersEnd {
  readonly orders: number;
  readonly updates: number;
  readonly duplicates: number;
  readonly unknown: number;
  /** The sum of the CRC-32 of each order's id, status, cents and version: the same in any sequence. */
  readonly checksum: number;
}

export function expectedOrders(events: number): OrdersEnd {
  const orders = new Map<string, { status: string; readonly cents: number; version: number }>();
  for (let index = 0; index < events; index += 1) {
    const { eventType, orderId, payload } = orderEventAt(index);
    if (eventType === "CREATE") {
      orders.set(orderId, {
        status: payload.status,
        cents: Math.round(payload.totalAmount * 100),
        version: 1,
      });
      continue;
    }
    const order = orders.get(orderId);
    if (order === undefined) throw new Error(`event ${index} is an update of nothing`);
    order.status = payload.status;
    order.version += 1;
  }
  let checksum = 0;
  for (const [orderId, { status, cents, version }] of orders) {
    checksum += Bun.hash.crc32(`${orderId} ${status} ${cents} ${version}`);
  }
  const created = createsAmong(events);
  return { orders: orders.size, updates: events - created, duplicates: 0, unknown: 0, checksum };
}

/** A sentence for each difference; none for a peer that lost, repeated and confused nothing. */
export function faultsOf(found: OrdersEnd, expected: OrdersEnd): readonly string[] {
  const faultOf = (name: keyof OrdersEnd) =>
    found[name] === expected[name] ? [] : [`${name}: ${found[name]}, not ${expected[name]}`];
  return [
    ...faultOf("orders"),
    ...faultOf("updates"),
    ...faultOf("duplicates"),
    ...faultOf("unknown"),
    ...faultOf("checksum"),
  ];
}
