// Who may write for a source: claims, and the fence that every batch passes. One statement a function.
import type { SQL } from "bun";
import type { ClaimRow, ProgressOfSourceRow } from "./claim-row.ts";
import type { ProgressRow } from "./writable-batch.ts";

/**
 * Makes every older epoch of these sources worthless. Waits for transactions that have passed the fence with one, so what
 * it answers, and what is read after it, is what they have left. `sources` in the order of `prepareProgress`.
 */
export async function takeClaims(sql: SQL, sources: readonly string[]): Promise<readonly ClaimRow[]> {
  const text = `insert into source_claims as claims (source, epoch)
    select source, 1 from unnest($1::text[]) with ordinality as wanted (source, place) order by place
    on conflict (source) do update set epoch = claims.epoch + 1
    returning source, epoch::float8 as epoch, next_offset::float8 as next_offset`;
  return sql.unsafe<ClaimRow[]>(text, [sql.array([...sources], "TEXT")]);
}

export async function selectProgress(
  sql: SQL,
  sources: readonly string[],
): Promise<readonly ProgressOfSourceRow[]> {
  const text = `select source, next_offset::float8 as next_offset from source_claims
    where source = any($1::text[]) and next_offset is not null`;
  return sql.unsafe<ProgressOfSourceRow[]>(text, [sql.array([...sources], "TEXT")]);
}

/**
 * The fence: moves the sources whose claim is still the newest, holds it until the transaction ends, and answers them. The
 * rows are locked in the order of their names, by the inner query, whatever the planner makes of the rest.
 */
export async function advanceClaims(sql: SQL, progress: readonly ProgressRow[]): Promise<readonly string[]> {
  const text = `with held as (
      select claims.source, record.next_offset
      from json_to_recordset($1::text::json) as record (source text, epoch bigint, next_offset bigint)
      join source_claims as claims on claims.source = record.source and claims.epoch = record.epoch
      order by claims.source for update of claims
    )
    update source_claims as claims set next_offset = greatest(claims.next_offset, held.next_offset)
    from held where claims.source = held.source
    returning claims.source`;
  const records = progress.map(({ source, epoch, next_offset }) => ({ source, epoch, next_offset }));
  const rows = await sql.unsafe<{ source: string }[]>(text, [JSON.stringify(records)]);
  return rows.map(({ source }) => source);
}
