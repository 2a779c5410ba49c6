// What every store can hold and give back unchanged. PostgreSQL has no NUL in text, UTF-8 has no lone surrogates (they
// would become U+FFFD, and two ids one), and numbers are exact only as safe integers. The domain refuses such events
// long before; should one come through, it is named here and does not take its batch's neighbours down unnamed.
import type { OrderState } from "../domain/order.ts";
import type { StoredOrder } from "./order-store.ts";

/** A bug upstream: this order holds a value that no store can keep. Nothing of its batch was written. */
export class UnstorableOrder extends Error {
  override readonly name = "UnstorableOrder";
  readonly orderId: string;
  readonly reason: string;

  constructor(orderId: string, reason: string) {
    super(`order ${JSON.stringify(orderId.slice(0, 200))} cannot be stored: ${reason}`);
    this.orderId = orderId;
    this.reason = reason;
  }
}

export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

function requireText(order: OrderState, name: string, text: string): void {
  if (!isStorableText(text))
    throw new UnstorableOrder(order.orderId, `${name} has a NUL or a lone surrogate`);
}

function requireInteger(order: OrderState, name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new UnstorableOrder(
    order.orderId,
    `${name} must be an integer from ${least} to ${most}, got ${value}`,
  );
}

const mostInt32 = 2 ** 31 - 1;

/** Bytes that an entry of PostgreSQL's index has room for, a little below its limit. */
const mostIdBytes = 2600;

/** As `requireStorable`, for what is written over an order that exists. */
export function requireStorableState(order: OrderState): void {
  requireText(order, "orderId", order.orderId);
  requireText(order, "status", order.status);
  requireInteger(order, "version", order.version, 1, mostInt32);
}

/**
 * Throws `UnstorableOrder` for the first order that cannot be kept. Items and `applied` are stored as JSON, in which
 * everything of theirs is expressible.
 */
export function requireStorable(order: StoredOrder): void {
  requireStorableState(order);
  if (Buffer.byteLength(order.orderId) > mostIdBytes) {
    throw new UnstorableOrder(order.orderId, `orderId is longer than ${mostIdBytes} bytes`);
  }
  requireText(order, "customerId", order.customerId);
  requireText(order, "orderDate", order.orderDate);
  requireText(order, "currency", order.currency);
  requireText(order, "createdBy.topic", order.createdBy.topic);
  requireText(order, "createdBy.eventId", order.createdBy.eventId ?? "");
  for (const name of ["totalCents", "shippingCents"] as const)
    requireInteger(order, name, order[name], -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  requireInteger(order, "createdBy.offset", order.createdBy.offset, 0, Number.MAX_SAFE_INTEGER);
  requireInteger(order, "createdBy.partition", order.createdBy.partition, 0, mostInt32);
}
