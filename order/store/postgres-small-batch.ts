// A small batch as one statement, which is its own transaction: one round trip instead of six. What it writes depends on what it
// has locked before: every claim still held, every order at its expected version; else it writes nothing and says what it found.
import type { SQL } from "bun";
import { orderColumns, toOrderRow } from "./order-row.ts";
import type { SaveOutcome } from "./order-store.ts";
import { changedIds, type WritableBatch } from "./writable-batch.ts";

/** Above it, COPY and a transaction of several statements cost less. */
const mostChanges = 200;

/** Orders and progress only: what is parked, or the outcome of a replay, is rare and wants more than one answer. */
export function isSmall({ creates, updates, park, repark, unpark, settle }: WritableBatch): boolean {
  return (
    creates.length + updates.length <= mostChanges &&
    park.length + repark.length + unpark.length + settle.length === 0
  );
}

/**
 * Locks in the order of every batch: claims by source, orders by id, new orders by id, the count last, because each part reads
 * the one before. A part that nobody reads would run too, but nobody says when.
 */
const statement = `
  with held as materialized (
    select claims.source, record.next_offset
    from json_to_recordset($1::text::json) as record (source text, epoch bigint, next_offset bigint)
    join source_claims as claims on claims.source = record.source and claims.epoch = record.epoch
    order by claims.source for update of claims
  ), standing as materialized (
    select orders.order_id
    from json_to_recordset($2::text::json) as record (order_id text, expected_version integer)
    join orders on orders.order_id = record.order_id and orders.version = record.expected_version
    where (select count(*) from held) = json_array_length($1::text::json)
    order by orders.order_id for update of orders
  ), passed as materialized (
    select 1 where (select count(*) from held) = json_array_length($1::text::json)
      and (select count(*) from standing) = json_array_length($2::text::json)
  ), moved as (
    update source_claims as claims set next_offset = greatest(claims.next_offset, held.next_offset)
    from held, passed where claims.source = held.source
  ), changed as (
    update orders set status = record.status, applied = record.applied::json, version = record.version
    from passed, json_to_recordset($2::text::json)
      as record (order_id text, status text, applied text, version integer, expected_version integer)
    where orders.order_id = record.order_id and orders.version = record.expected_version
  ), made as (
    insert into orders (${orderColumns})
    select order_id, customer_id, order_date, items::json, total_cents, shipping_cents, currency, status,
      created_topic, created_partition, created_offset, created_event_id, applied::json, version
    from passed, json_to_recordset($3::text::json) as record (order_id text, customer_id text, order_date text, items text,
      total_cents bigint, shipping_cents bigint, currency text, status text, created_topic text, created_partition integer,
      created_offset bigint, created_event_id text, applied text, version integer)
    returning 1
  ), announced as (
    insert into order_changes (order_ids) select $4::text from passed where $4::text is not null
  ), counted as (
    update order_counts set orders = orders + (select count(*) from made)
    where slot = pg_backend_pid() % 16 and (select count(*) from made) > 0
  )
  select (select coalesce(json_agg(source), '[]') from held)::text as held,
    (select coalesce(json_agg(order_id), '[]') from standing)::text as standing`;

/** Rejects with a unique violation when a create is not new; then nothing is written. */
export async function saveSmallBatch(sql: SQL, batch: WritableBatch): Promise<SaveOutcome> {
  const { progress, creates, updates } = batch;
  const changed = batch.announce ? changedIds(batch) : [];
  const [row] = await sql.unsafe<{ held: string; standing: string }[]>(statement, [
    JSON.stringify(progress.map(({ source, epoch, next_offset }) => ({ source, epoch, next_offset }))),
    JSON.stringify(
      updates.map(({ order, expectedVersion }) => ({
        order_id: order.orderId,
        status: order.status,
        applied: JSON.stringify(order.applied),
        version: order.version,
        expected_version: expectedVersion,
      })),
    ),
    JSON.stringify(creates.map(({ order }) => toOrderRow(order))),
    changed.length === 0 ? null : JSON.stringify(changed),
  ]);
  const held = readTexts(row?.held);
  const fenced = progress.filter(({ source }) => !held.has(source));
  if (fenced.length > 0) return { kind: "fenced", sources: fenced.map(({ name }) => name) };
  const standing = readTexts(row?.standing);
  const orderIds = updates.map(({ order }) => order.orderId).filter((orderId) => !standing.has(orderId));
  return orderIds.length > 0 ? { kind: "conflicts", orderIds } : { kind: "saved" };
}

function readTexts(json = "[]"): ReadonlySet<string> {
  // PostgreSQL wrote this JSON, from a column of texts.
  const texts: readonly string[] = JSON.parse(json);
  return new Set(texts);
}
