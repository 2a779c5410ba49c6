// The statements about parked records, one a function. Batches travel as one JSON parameter, bytes in base64.
import type { SQL } from "bun";
import { chunkByBytes } from "./chunk-by-bytes.ts";
import type {
  DueRow,
  ParkedKeyRow,
  ParkedProgressRow,
  ParkedRow,
  ParkedSummaryRow,
  ParkedTally,
} from "./parked-row.ts";
import type { ParkedState } from "./parked-records.ts";

const summaryColumns = `source, "offset"::float8 as "offset", lane_key, long_lane, state, due_at_ms::float8 as due_at_ms`;
const rowColumns = `${summaryColumns}, progress, document, key, value`;

/** Answers the states of those that it wrote: one that is parked already stays as it is. */
export async function insertParked(sql: SQL, rows: readonly ParkedRow[]): Promise<readonly ParkedState[]> {
  const text = `insert into parked_records
      (source, "offset", lane_key, long_lane, state, due_at_ms, progress, document, key, value)
    select source, "offset", lane_key, long_lane, state, due_at_ms, progress, document,
      decode(key, 'base64'), decode(value, 'base64')
    from json_to_recordset($1::text::json) as record (source text, "offset" bigint, lane_key text, long_lane text,
      state text, due_at_ms bigint, progress text, document text, key text, value text)
    on conflict (source, "offset") do nothing returning state`;
  const written: ParkedState[] = [];
  for (const chunk of chunkByBytes(rows, sizeOf)) {
    const records = chunk.map((row) => ({ ...row, key: toBase64(row.key), value: toBase64(row.value) }));
    const states = await sql.unsafe<{ state: ParkedState }[]>(text, [JSON.stringify(records)]);
    written.push(...states.map(({ state }) => state));
  }
  return written;
}

/**
 * Answers the states that those it wrote were in and are in. An operator's order is carried out when its record is dead;
 * until then it stays, also when the owner's attempt was under way as it was given.
 */
export async function updateParked(
  sql: SQL,
  rows: readonly ParkedProgressRow[],
): Promise<readonly { readonly before: ParkedState; readonly after: ParkedState }[]> {
  const text = `with held as (
      select parked.source, parked."offset", parked.state as before, record.state, record.due_at_ms, record.progress
      from json_to_recordset($1::text::json)
        as record (source text, "offset" bigint, state text, due_at_ms bigint, progress text)
      join parked_records as parked on parked.source = record.source and parked."offset" = record."offset"
      order by parked.source, parked."offset" for update of parked
    )
    update parked_records as parked set state = held.state, due_at_ms = held.due_at_ms, progress = held.progress,
      operator_order = case when held.state = 'dead' then null else parked.operator_order end
    from held where parked.source = held.source and parked."offset" = held."offset"
    returning held.before, held.state as after`;
  return sql.unsafe<{ before: ParkedState; after: ParkedState }[]>(text, [JSON.stringify(rows)]);
}

/** Answers the states of those that it removed. */
export async function deleteParked(sql: SQL, rows: readonly ParkedKeyRow[]): Promise<readonly ParkedState[]> {
  const text = `delete from parked_records as parked
    using json_to_recordset($1::text::json) as record (source text, "offset" bigint)
    where parked.source = record.source and parked."offset" = record."offset" returning parked.state`;
  const removed = await sql.unsafe<{ state: ParkedState }[]>(text, [JSON.stringify(rows)]);
  return removed.map(({ state }) => state);
}

/** The last statement of a transaction, like `addToCount`. */
export async function addToParkedCounts(sql: SQL, { waiting, behind, dead }: ParkedTally): Promise<void> {
  await sql`update parked_counts set waiting = waiting + ${waiting}::bigint, behind = behind + ${behind}::bigint,
    dead = dead + ${dead}::bigint where slot = pg_backend_pid() % 16`;
}

export async function selectParkedCounts(sql: SQL): Promise<ParkedTally> {
  const rows = await sql<ParkedTally[]>`select sum(waiting)::float8 as waiting, sum(behind)::float8 as behind,
    sum(dead)::float8 as dead from parked_counts`;
  return rows[0] ?? { waiting: 0, behind: 0, dead: 0 };
}

export async function selectParkedOfSources(
  sql: SQL,
  sources: readonly string[],
): Promise<readonly ParkedSummaryRow[]> {
  const text = `select ${summaryColumns} from parked_records where source = any($1)
    order by parked_records.source, parked_records."offset"`;
  return sql.unsafe<ParkedSummaryRow[]>(text, [sql.array([...sources], "TEXT")]);
}

export async function selectParked(sql: SQL, keys: readonly ParkedKeyRow[]): Promise<readonly ParkedRow[]> {
  const text = `select ${rowColumns} from parked_records where (source, "offset") in
    (select source, "offset" from json_to_recordset($1::text::json) as record (source text, "offset" bigint))
    order by parked_records.source, parked_records."offset"`;
  return sql.unsafe<ParkedRow[]>(text, [JSON.stringify(keys)]);
}

/** What operators gave an order about comes first; each source's part is read from an index and no further than `limit`. */
export async function selectDue(
  sql: SQL,
  sources: readonly string[],
  nowMs: number,
  limit: number,
): Promise<readonly DueRow[]> {
  const columns = `source, "offset", lane_key, long_lane, state, due_at_ms, operator_order`;
  const text = `select ${summaryColumns}, operator_order
    from unnest($1::text[]) as wanted (name) cross join lateral (
      (select ${columns} from parked_records where source = name and operator_order is not null
        order by source, "offset" limit $3)
      union all
      (select ${columns} from parked_records
        where source = name and state = 'waiting' and due_at_ms <= $2 and operator_order is null
        order by source, due_at_ms, "offset" limit $3)
    ) as due
    order by operator_order is null, due.due_at_ms nulls first, due.source, due."offset" limit $3`;
  return sql.unsafe<DueRow[]>(text, [sql.array([...sources], "TEXT"), nowMs, limit]);
}

export async function selectParkedPage(
  sql: SQL,
  after: ParkedKeyRow,
  laneKey: string | undefined,
  limit: number,
): Promise<readonly ParkedRow[]> {
  const text = `select ${rowColumns} from parked_records
    where (source, "offset") > ($1, $2::bigint) ${laneKey === undefined ? "" : "and lane_key = $4"}
    order by parked_records.source, parked_records."offset" limit $3`;
  const values = [after.source, after.offset, limit];
  return sql.unsafe<ParkedRow[]>(text, laneKey === undefined ? values : [...values, laneKey]);
}

/** Whether there is such a waiting record. */
export async function bringForward(
  sql: SQL,
  { source, offset }: ParkedKeyRow,
  nowMs: number,
): Promise<boolean> {
  const rows = await sql`update parked_records set due_at_ms = least(due_at_ms, ${nowMs}::bigint)
    where source = ${source} and "offset" = ${offset}::bigint and state = 'waiting' returning true`;
  return rows.length === 1;
}

/** Whether there is such a record; one that is dead already needs no order. */
export async function setOperatorOrder(
  sql: SQL,
  { source, offset }: ParkedKeyRow,
  order: string,
): Promise<boolean> {
  const rows = await sql`update parked_records
    set operator_order = case when state = 'dead' then null else ${order}::text end
    where source = ${source} and "offset" = ${offset}::bigint returning true`;
  return rows.length === 1;
}

function toBase64(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString("base64");
}

function sizeOf({ document, key, value }: ParkedRow): number {
  return document.length + (key?.length ?? 0) + (value?.length ?? 0);
}
