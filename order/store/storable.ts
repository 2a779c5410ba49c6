// What every store can hold and give back unchanged. PostgreSQL has no NUL in text, UTF-8 has no lone surrogates (they
// would become U+FFFD, and two ids one), and numbers are exact only as safe integers. The domain refuses such events
// long before; should one come through, it is named here and does not take its batch's neighbours down unnamed.
import type { OrderChange, StoredOrder } from "./order-store.ts";

/** A bug upstream: this order holds a value that no store can keep. Nothing of its batch was written. */
export class UnstorableOrder extends Error {
  override readonly name = "UnstorableOrder";
  readonly orderId: string;

  constructor(orderId: string, reason: string) {
    super(`order ${JSON.stringify(orderId)} cannot be stored: ${reason}`);
    this.orderId = orderId;
  }
}

export function isStorableText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}

function requireText(order: StoredOrder, name: string, text: string): void {
  if (!isStorableText(text))
    throw new UnstorableOrder(order.orderId, `${name} has a NUL or a lone surrogate`);
}

function requireInteger(order: StoredOrder, name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new UnstorableOrder(
    order.orderId,
    `${name} must be an integer from ${least} to ${most}, got ${value}`,
  );
}

const mostInt32 = 2 ** 31 - 1;

/**
 * Throws `UnstorableOrder` for the first order that cannot be kept. Items and `applied` are stored as JSON, in which
 * everything of theirs is expressible.
 */
export function requireStorable(order: StoredOrder): void {
  requireText(order, "orderId", order.orderId);
  requireText(order, "customerId", order.customerId);
  requireText(order, "orderDate", order.orderDate);
  requireText(order, "currency", order.currency);
  requireText(order, "status", order.status);
  requireText(order, "createdBy.topic", order.createdBy.topic);
  requireText(order, "createdBy.eventId", order.createdBy.eventId ?? "");
  requireInteger(order, "totalCents", order.totalCents, -Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  requireInteger(
    order,
    "shippingCents",
    order.shippingCents,
    -Number.MAX_SAFE_INTEGER,
    Number.MAX_SAFE_INTEGER,
  );
  requireInteger(order, "createdBy.offset", order.createdBy.offset, 0, Number.MAX_SAFE_INTEGER);
  requireInteger(order, "createdBy.partition", order.createdBy.partition, 0, mostInt32);
  requireInteger(order, "version", order.version, 1, mostInt32);
}

/** A batch as the stores write it: each order once, storable, in one order that every instance agrees on. */
export interface WritableBatch {
  readonly creates: readonly OrderChange[];
  readonly updates: readonly OrderChange[];
}

/**
 * Sorts by id, so that two transactions that want the same rows want them in the same order and cannot deadlock.
 * Throws on an unstorable order, on an order given twice, and on a version that does not grow.
 */
export function prepareBatch(changes: readonly OrderChange[]): WritableBatch {
  const creates: OrderChange[] = [];
  const updates: OrderChange[] = [];
  let previousId: string | undefined;
  for (const change of changes.toSorted(byOrderId)) {
    const { order, expectedVersion } = change;
    requireStorable(order);
    if (order.orderId === previousId)
      throw new Error(`order ${JSON.stringify(previousId)} is twice in one batch`);
    if (!(order.version > expectedVersion)) {
      throw new UnstorableOrder(order.orderId, `version ${order.version} does not follow ${expectedVersion}`);
    }
    previousId = order.orderId;
    (expectedVersion === 0 ? creates : updates).push(change);
  }
  return { creates, updates };
}

function byOrderId(left: OrderChange, right: OrderChange): number {
  if (left.order.orderId === right.order.orderId) return 0;
  return left.order.orderId < right.order.orderId ? -1 : 1;
}
