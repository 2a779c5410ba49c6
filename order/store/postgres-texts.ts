// A batch's orders as the two texts that PostgreSQL is sent: COPY's lines for new ones, JSON for what changes. Made ahead of the
// batch's turn where there is time (`stage`), so that the server has nothing to wait for.
import type { OrderChange, StoredOrder } from "./order-store.ts";
import type { WritableChanges } from "./writable-batch.ts";

export interface PostgresTexts {
  /** A line a create, in the order of `orderColumns`. */
  readonly copy: string;
  /** A list for `json_to_recordset`. */
  readonly updates: string;
}

export function toPostgresTexts({ creates, updates }: WritableChanges): PostgresTexts {
  return {
    copy: `${creates.map(({ order }) => toCopyLine(order)).join("\n")}\n`,
    updates: JSON.stringify(updates.map(toUpdateRecord)),
  };
}

function toUpdateRecord({ order, expectedVersion }: OrderChange) {
  return {
    order_id: order.orderId,
    status: order.status,
    applied: order.applied,
    version: order.version,
    expected_version: expectedVersion,
  };
}

const copyEscapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
const needsEscape = /[\\\n\r\t]/;

/** COPY's text format: tab between columns, `\N` for null, a backslash before what would be either. */
function toCopyField(text: string): string {
  if (!needsEscape.test(text)) return text;
  return text.replaceAll(/[\\\n\r\t]/g, (character) => copyEscapes[character] ?? character);
}

/** A list that is joined takes half the time of one text put together, which is a chain of short texts until it is read. */
function toCopyLine(order: StoredOrder): string {
  const { topic, partition, offset, eventId } = order.createdBy;
  return [
    toCopyField(order.orderId),
    toCopyField(order.customerId),
    toCopyField(order.orderDate),
    toCopyField(JSON.stringify(order.items)),
    order.totalCents,
    order.shippingCents,
    toCopyField(order.currency),
    toCopyField(order.status),
    toCopyField(topic),
    partition,
    offset,
    eventId === null ? "\\N" : toCopyField(eventId),
    toCopyField(JSON.stringify(order.applied)),
    order.version,
  ].join("\t");
}
