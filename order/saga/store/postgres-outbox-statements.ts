// The statements about outboxes, one a function.
import type { SQL } from "bun";
import { chunkByBytes } from "../../store/chunk-by-bytes.ts";
import { type Mail, type OutboxMessageRow, type OutboxStateRow, toHeadersText } from "./outbox-row.ts";
import type { OutgoingMessage } from "./saga-store.ts";

const stateColumns = `next_seq::float8 as next_seq, published_seq::float8 as published_seq, ends`;

/**
 * Reserves sequence numbers for these mails, and holds the outboxes until the transaction ends: what becomes visible of an
 * outbox does so in the order of its numbers. Answers the first number of each. An outbox that is missing is made.
 */
export async function reserveSeqs(sql: SQL, mails: readonly Mail[]): Promise<ReadonlyMap<string, number>> {
  const text = `insert into saga_outboxes as boxes (id, next_seq)
    select id, messages + 1 from json_to_recordset($1::text::json) as record (id text, messages bigint) order by id
    on conflict (id) do update set next_seq = boxes.next_seq + excluded.next_seq - 1
    returning id, next_seq::float8 as next_seq`;
  const records = mails.map(({ outbox, messages }) => ({ id: outbox, messages: messages.length }));
  const rows = await sql.unsafe<{ id: string; next_seq: number }[]>(text, [JSON.stringify(records)]);
  const nextSeqs = new Map(rows.map(({ id, next_seq }) => [id, next_seq]));
  return new Map(
    mails.map(({ outbox, messages }) => [outbox, (nextSeqs.get(outbox) ?? Number.NaN) - messages.length]),
  );
}

export async function insertMessages(
  sql: SQL,
  mails: readonly Mail[],
  firstSeqs: ReadonlyMap<string, number>,
): Promise<void> {
  const text = `insert into saga_outbox (outbox_id, seq, order_id, topic, key, value, headers, created_at_ms)
    select outbox_id, seq, order_id, topic, decode(key, 'base64'), decode(value, 'base64'), headers,
      (extract(epoch from clock_timestamp()) * 1000)::bigint
    from json_to_recordset($1::text::json) as record (outbox_id text, seq bigint, order_id bigint, topic text,
      key text, value text, headers text)`;
  const rows = mails.flatMap(({ outbox, messages }) =>
    messages.map((message, index) => ({
      outbox,
      seq: (firstSeqs.get(outbox) ?? Number.NaN) + index,
      message,
    })),
  );
  for (const chunk of chunkByBytes(rows, ({ message }) => sizeOf(message))) {
    const records = chunk.map(({ outbox, seq, message }) => ({
      outbox_id: outbox,
      seq,
      order_id: message.orderId,
      topic: message.topic,
      key: message.key.toString("base64"),
      value: message.value.toString("base64"),
      headers: toHeadersText(message.headers),
    }));
    await sql.unsafe(text, [JSON.stringify(records)]);
  }
}

export async function selectMessages(
  sql: SQL,
  id: string,
  afterSeq: number,
  limit: number,
): Promise<readonly OutboxMessageRow[]> {
  const text = `select seq::float8 as seq, order_id::float8 as order_id, topic, key, value, headers,
      created_at_ms::float8 as created_at_ms
    from saga_outbox where outbox_id = $1 and saga_outbox.seq > $2::bigint order by saga_outbox.seq limit $3::bigint`;
  return sql.unsafe<OutboxMessageRow[]>(text, [id, afterSeq, limit]);
}

/** Undefined when another one has it. */
export async function takeLease(
  sql: SQL,
  id: string,
  owner: string,
  nowMs: number,
  untilMs: number,
): Promise<OutboxStateRow | undefined> {
  const text = `insert into saga_outboxes as boxes (id, lease_owner, lease_until_ms) values ($1, $2, $3::bigint)
    on conflict (id) do update set lease_owner = excluded.lease_owner, lease_until_ms = excluded.lease_until_ms
    where boxes.lease_owner is null or boxes.lease_owner = excluded.lease_owner or boxes.lease_until_ms <= $4::bigint
    returning ${stateColumns}`;
  const rows = await sql.unsafe<OutboxStateRow[]>(text, [id, owner, untilMs, nowMs]);
  return rows[0];
}

export async function dropLease(sql: SQL, id: string, owner: string): Promise<void> {
  await sql`update saga_outboxes set lease_owner = null, lease_until_ms = null
    where id = ${id} and lease_owner = ${owner}`;
}

export async function selectAbandoned(sql: SQL, nowMs: number): Promise<readonly string[]> {
  const text = `select id from saga_outboxes where next_seq - 1 > published_seq
    and (lease_owner is null or lease_until_ms <= $1::bigint) order by id`;
  const rows = await sql.unsafe<{ id: string }[]>(text, [nowMs]);
  return rows.map(({ id }) => id);
}

/**
 * Never goes back. Numbers that the topics have had are not given again, also by a database that was restored. What was
 * removed before is left out by its number: until a vacuum the index still holds all of it.
 */
export async function movePublished(sql: SQL, id: string, publishedSeq: number, ends: string): Promise<void> {
  const text = `with held as (
      select id, published_seq from saga_outboxes where id = $1 and published_seq <= $2::bigint for update
    ), moved as (
      update saga_outboxes as boxes
      set published_seq = $2::bigint, ends = $3, next_seq = greatest(boxes.next_seq, $2::bigint + 1)
      from held where boxes.id = held.id
    )
    delete from saga_outbox using held
    where outbox_id = held.id and seq > held.published_seq and seq <= $2::bigint`;
  await sql.unsafe(text, [id, publishedSeq, ends]);
}

export async function selectUnpublished(sql: SQL): Promise<number> {
  const rows = await sql<{ messages: number }[]>`
    select coalesce(sum(next_seq - 1 - published_seq), 0)::float8 as messages from saga_outboxes`;
  return rows[0]?.messages ?? 0;
}

function sizeOf({ key, value, headers }: OutgoingMessage): number {
  return headers.reduce((sum, [name, bytes]) => sum + name.length + bytes.length, key.length + value.length);
}
