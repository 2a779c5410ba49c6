// The statements of the PostgreSQL store, one a function. Batches travel as one parameter or one COPY, never as one
// statement an order.
import type { SQL } from "bun";
import { inOrder } from "./in-order.ts";
import {
  type OrderRow,
  type OrderStateRow,
  appliedMarkers,
  orderColumns,
  stateColumns,
} from "./order-row.ts";
import type { OrderPageRequest } from "./order-store.ts";

// int8 would arrive as text; double precision holds every safe integer exactly, and no other is ever written.
const selectedColumns = `order_id, customer_id, order_date, items::text as items, total_cents::float8 as total_cents,
  shipping_cents::float8 as shipping_cents, currency, status, created_topic, created_partition,
  created_offset::float8 as created_offset, created_event_id, applied::text as applied, version`;

export async function selectStates(sql: SQL, orderIds: readonly string[]): Promise<readonly OrderStateRow[]> {
  const text = `select ${stateColumns}, created_offset::float8 as created_offset, applied::text as applied
    from orders where order_id = any($1)`;
  return sql.unsafe<OrderStateRow[]>(text, [sql.array([...orderIds], "TEXT")]);
}

export async function selectOrder(sql: SQL, orderId: string): Promise<OrderRow | undefined> {
  const text = `select ${selectedColumns} from orders where order_id = $1`;
  const [row] = await sql.unsafe<OrderRow[]>(text, [orderId]);
  return row;
}

/** Of the orders that exist. */
export async function selectVersions(
  sql: SQL,
  orderIds: readonly string[],
): Promise<readonly { readonly order_id: string; readonly version: number }[]> {
  const text = "select order_id, version from orders where order_id = any($1)";
  return sql.unsafe(text, [sql.array([...orderIds], "TEXT")]);
}

export async function selectPage(
  sql: SQL,
  { limit, afterOrderId = "" }: OrderPageRequest,
): Promise<readonly OrderRow[]> {
  const text = `select ${selectedColumns} from orders where order_id > $1 order by order_id limit $2`;
  return sql.unsafe<OrderRow[]>(text, [afterOrderId, limit]);
}

export async function selectIdsOfTopic(sql: SQL, topic: string): Promise<readonly string[]> {
  const [first, later] = appliedMarkers(topic);
  const rows = await sql<{ order_id: string }[]>`select order_id from orders
    where strpos(applied::text, ${first}) > 0 or strpos(applied::text, ${later}) > 0 order by order_id`;
  return rows.map((row) => row.order_id);
}

export async function selectCount(sql: SQL): Promise<number> {
  const rows = await sql<{ orders: number }[]>`select sum(orders)::float8 as orders from order_counts`;
  return rows[0]?.orders ?? 0;
}

/** The fast way in: twice the rate of any INSERT. Rejects with a unique violation when any of the orders exists. */
export async function copyOrders(sql: SQL, copyText: string): Promise<void> {
  const writer = sql.unsafe(`copy orders (${orderColumns}) from stdin`).writable().getWriter();
  await writer.write(copyText);
  await writer.close();
}

/**
 * Answers the ids of the orders it wrote: those that still have the expected version.
 *
 * `updateRecords` is a JSON list, as postgres-texts.ts makes it. The rows are locked in its order only when the list is the outer side of a nested loop over the primary
 * key. The planner picks that by itself for a large table; for a small one it may hash, and two transactions could
 * lock the same rows in different orders. So the other plans are taken away for this transaction.
 */
export async function updateOrders(sql: SQL, updateRecords: string): Promise<readonly string[]> {
  const plans = sql`select set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
    set_config('enable_seqscan', 'off', true)`;
  const text = `update orders set status = record.status, applied = record.applied, version = record.version
    from json_to_recordset($1::text::json)
      as record (order_id text, status text, applied json, version integer, expected_version integer)
    where orders.order_id = record.order_id and orders.version = record.expected_version
    returning orders.order_id`;
  const [, written] = await inOrder([plans, sql.unsafe<{ order_id: string }[]>(text, [updateRecords])]);
  return written.map((row) => row.order_id);
}

/** Last in a transaction, so that the slot is locked for no longer than the commit takes. */
export async function addToCount(sql: SQL, created: number): Promise<void> {
  await sql`update order_counts set orders = orders + ${created}::bigint where slot = pg_backend_pid() % 16`;
}
