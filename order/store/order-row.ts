// How an order lies in a row, in both dialects: columns for what people query, JSON text for the items and for the
// offsets, which are only ever read and written whole.
import type { OrderLine, OrderState } from "../domain/order.ts";
import type { StoredOrder } from "./order-store.ts";

/** A row of `orders` as both drivers answer it. */
export interface OrderRow extends OrderStateRow {
  readonly customer_id: string;
  readonly order_date: string;
  readonly items: string;
  readonly total_cents: number;
  readonly shipping_cents: number;
  readonly currency: string;
}

/** The columns of it that later events are decided on. */
export interface OrderStateRow {
  readonly order_id: string;
  readonly status: string;
  readonly created_topic: string;
  readonly created_partition: number;
  readonly created_offset: number;
  readonly created_event_id: string | null;
  readonly applied: string;
  readonly version: number;
}

/** Those of the state, the same in both dialects; what is left of them needs a cast in PostgreSQL. */
export const stateColumns = "order_id, status, created_topic, created_partition, created_event_id, version";

/** The columns in the order in which rows are written. */
export const orderColumns = `order_id, customer_id, order_date, items, total_cents, shipping_cents, currency, status,
  created_topic, created_partition, created_offset, created_event_id, applied, version`;

export function toOrderRow(order: StoredOrder): OrderRow {
  return {
    order_id: order.orderId,
    customer_id: order.customerId,
    order_date: order.orderDate,
    items: JSON.stringify(order.items),
    total_cents: order.totalCents,
    shipping_cents: order.shippingCents,
    currency: order.currency,
    status: order.status,
    created_topic: order.createdBy.topic,
    created_partition: order.createdBy.partition,
    created_offset: order.createdBy.offset,
    created_event_id: order.createdBy.eventId,
    applied: JSON.stringify(order.applied),
    version: order.version,
  };
}

export function readOrderRow(row: OrderRow): StoredOrder {
  // The store wrote this JSON itself, from values of these types.
  const items: readonly OrderLine[] = JSON.parse(row.items);
  return {
    ...readStateRow(row),
    customerId: row.customer_id,
    orderDate: row.order_date,
    items,
    totalCents: row.total_cents,
    shippingCents: row.shipping_cents,
    currency: row.currency,
  };
}

export function readStateRow(row: OrderStateRow): OrderState {
  // As above.
  const applied: Readonly<Record<string, number>> = JSON.parse(row.applied);
  return {
    orderId: row.order_id,
    status: row.status,
    createdBy: {
      topic: row.created_topic,
      partition: row.created_partition,
      offset: row.created_offset,
      eventId: row.created_event_id,
    },
    applied,
    version: row.version,
  };
}

/**
 * The two texts of which exactly one occurs in the JSON of `applied` when an event of the topic was applied: a key is
 * `topic/partition` and follows `{` or `,`. Inside a JSON string a quote is always escaped, so nothing else matches.
 */
export function appliedMarkers(topic: string): readonly [first: string, later: string] {
  const keyStart = JSON.stringify(`${topic}/`).slice(0, -1);
  return [`{${keyStart}`, `,${keyStart}`];
}
