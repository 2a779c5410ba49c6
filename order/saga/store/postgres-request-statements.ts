// The statements about Idempotency-Keys, one a function.
import type { SQL } from "bun";
import type { RequestRow } from "./writable-requests.ts";

/** Answers the keys that it wrote: those that were free. Waits for another transaction that is about to take one of them. */
export async function insertRequests(sql: SQL, rows: readonly RequestRow[]): Promise<readonly string[]> {
  const text = `insert into saga_requests (idempotency_key, fingerprint, order_id, requested_at_ms)
    select idempotency_key, fingerprint, order_id, requested_at_ms
    from json_to_recordset($1::text::json) as record (idempotency_key text, fingerprint text, order_id bigint,
      requested_at_ms bigint)
    order by idempotency_key collate "C"
    on conflict (idempotency_key) do nothing returning idempotency_key`;
  const inserted = await sql.unsafe<{ idempotency_key: string }[]>(text, [JSON.stringify(rows)]);
  return inserted.map(({ idempotency_key }) => idempotency_key);
}

export async function selectRequest(
  sql: SQL,
  key: string,
): Promise<Pick<RequestRow, "fingerprint" | "order_id"> | undefined> {
  const rows = await sql<{ fingerprint: string; order_id: number }[]>`
    select fingerprint, order_id::float8 as order_id from saga_requests where idempotency_key = ${key}`;
  return rows[0];
}

/** Rows that another instance is removing are left to it. */
export async function deleteRequests(sql: SQL, beforeMs: number, limit: number): Promise<number> {
  const text = `delete from saga_requests where idempotency_key in (
      select idempotency_key from saga_requests where requested_at_ms < $1::bigint
      order by requested_at_ms limit $2::bigint for update skip locked
    ) returning 1`;
  const rows = await sql.unsafe<unknown[]>(text, [beforeMs, limit]);
  return rows.length;
}
