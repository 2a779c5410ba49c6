// Orders as SQLite is given them: every value of every row in one list, so that a batch of ten thousand is one short text between
// two threads, and the thread that writes it has nothing left to do but write.
import { toOrderRow } from "./order-row.ts";
import type { WritableChanges } from "./writable-batch.ts";

export type RowValue = string | number | null;

export interface SqliteRows {
  /** `createWidth` values an order, in the order of `orderColumns`. */
  readonly creates: readonly RowValue[];
  /** `updateWidth` values an order, in the order of the statement's parameters. */
  readonly updates: readonly RowValue[];
}

/** The same rows on their way between two threads. */
export interface SqliteRowsText {
  readonly creates: string;
  readonly updates: string;
}

export const createWidth = 14;
export const updateWidth = 5;

export function toSqliteRows({ creates, updates }: WritableChanges): SqliteRows {
  const created: RowValue[] = [];
  for (const { order } of creates) {
    const row = toOrderRow(order);
    created.push(
      row.order_id,
      row.customer_id,
      row.order_date,
      row.items,
      row.total_cents,
      row.shipping_cents,
      row.currency,
      row.status,
      row.created_topic,
      row.created_partition,
      row.created_offset,
      row.created_event_id,
      row.applied,
      row.version,
    );
  }
  const updated: RowValue[] = [];
  for (const { order, expectedVersion } of updates) {
    updated.push(order.status, JSON.stringify(order.applied), order.version, order.orderId, expectedVersion);
  }
  return { creates: created, updates: updated };
}

/** Between two values: no storable text has a NUL, and JSON escapes it. */
const separator = "\0";
/** Stands for null: a lone surrogate, which no storable text has either. */
const none = "\ud800";

/**
 * One text of all values: writing and reading it takes less than half of what JSON does. Numbers become their digits, of which SQLite
 * makes numbers again, since their columns are integers.
 */
export function toRowsText({ creates, updates }: SqliteRows): SqliteRowsText {
  return { creates: writeValues(creates), updates: writeValues(updates) };
}

export function readRowsText({ creates, updates }: SqliteRowsText): SqliteRows {
  return { creates: readValues(creates), updates: readValues(updates) };
}

function writeValues(values: readonly RowValue[]): string {
  const texts = values.includes(null) ? values.map((value) => value ?? none) : values;
  return texts.join(separator);
}

function readValues(text: string): readonly RowValue[] {
  if (text === "") return [];
  const values = text.split(separator);
  return text.includes(none) ? values.map((value) => (value === none ? null : value)) : values;
}

/** Where the order's id is in a row. */
export const createIdAt = 0;
export const updateIdAt = 3;

export function idsOf({ creates, updates }: SqliteRows): readonly string[] {
  const ids: string[] = [];
  for (let at = createIdAt; at < creates.length; at += createWidth) ids.push(String(creates[at]));
  for (let at = updateIdAt; at < updates.length; at += updateWidth) ids.push(String(updates[at]));
  return ids;
}
