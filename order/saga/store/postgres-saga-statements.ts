// The statements about sagas, one a function. Batches travel as one JSON parameter.
import type { SQL } from "bun";
import { chunkByBytes } from "../../store/chunk-by-bytes.ts";
import type { SagaRow } from "./saga-row.ts";
import { isNothing, type SagaTally, tallyColumns, tallyValues } from "./saga-tally.ts";
import type { ExpectedSagaRow } from "./writable-sagas.ts";
import type { HomeRow } from "./outbox-row.ts";
import type { CountedSagaRow } from "./saga-row.ts";

// int8 would arrive as text; double precision holds every safe integer exactly, and no other is ever written.
const columns = `sagas.order_id::float8 as order_id, version, status, payment_state, stock_state,
  deadline_at_ms::float8 as deadline_at_ms, placed, state, home_outbox, home_seq::float8 as home_seq`;

const recordColumns = `order_id bigint, version integer, status text, payment_state text, stock_state text,
  deadline_at_ms bigint, placed text, state text, expected_version integer`;

export async function takeOrderIds(sql: SQL, count: number): Promise<readonly number[]> {
  const rows = await sql<{ order_id: number }[]>`select nextval('saga_order_ids')::float8 as order_id
    from generate_series(1, ${count}::integer)`;
  return rows.map(({ order_id }) => order_id);
}

export async function selectSagas(sql: SQL, orderIds: readonly number[]): Promise<readonly SagaRow[]> {
  const text = `select ${columns} from sagas where order_id = any($1::text::bigint[])`;
  return sql.unsafe<SagaRow[]>(text, [`{${orderIds.join(",")}}`]);
}

export async function selectDueSagas(sql: SQL, nowMs: number, limit: number): Promise<readonly SagaRow[]> {
  const text = `select ${columns} from sagas where deadline_at_ms <= $1::bigint
    order by sagas.deadline_at_ms, sagas.order_id limit $2::bigint`;
  return sql.unsafe<SagaRow[]>(text, [nowMs, limit]);
}

/** The ids of the page are found in an index alone, however far it lies behind. */
export async function selectSagaPage(sql: SQL, offset: number, limit: number): Promise<readonly SagaRow[]> {
  const text = `select ${columns} from sagas join (
      select order_id from sagas where placed is not null order by order_id offset $1::bigint limit $2::bigint
    ) as page using (order_id) order by sagas.order_id`;
  return sql.unsafe<SagaRow[]>(text, [offset, limit]);
}

/** Answers the ids of those that it wrote: those that were not there. */
export async function insertSagas(sql: SQL, rows: readonly ExpectedSagaRow[]): Promise<readonly number[]> {
  const text = `insert into sagas
      (order_id, version, status, payment_state, stock_state, deadline_at_ms, placed, state)
    select order_id, version, status, payment_state, stock_state, deadline_at_ms, placed, state
    from json_to_recordset($1::text::json) as record (${recordColumns})
    on conflict (order_id) do nothing returning order_id::float8 as order_id`;
  const written: number[] = [];
  for (const chunk of chunkByBytes(rows, sizeOf)) {
    const inserted = await sql.unsafe<{ order_id: number }[]>(text, [JSON.stringify(chunk)]);
    written.push(...inserted.map(({ order_id }) => order_id));
  }
  return written;
}

export interface UpdatedSagaRow extends CountedSagaRow {
  readonly order_id: number;
  readonly was_placed: boolean;
  readonly home_outbox: string | null;
  /** Whether its home has not published its NEW yet. */
  readonly home_waits: boolean;
}

/**
 * Answers those that it wrote, which still had the expected version, as they were before. Rows are locked in the order of
 * their ids, by the inner query, whatever the planner makes of the rest.
 */
export async function updateSagas(
  sql: SQL,
  rows: readonly ExpectedSagaRow[],
): Promise<readonly UpdatedSagaRow[]> {
  const text = `with held as (
      select sagas.order_id, sagas.status as old_status, sagas.payment_state as old_payment_state,
        sagas.stock_state as old_stock_state, sagas.placed is not null as was_placed, sagas.home_outbox,
        coalesce(sagas.home_seq > boxes.published_seq, false) as home_waits,
        record.version, record.status, record.payment_state, record.stock_state, record.deadline_at_ms,
        record.placed, record.state
      from json_to_recordset($1::text::json) as record (${recordColumns})
      join sagas on sagas.order_id = record.order_id and sagas.version = record.expected_version
      left join saga_outboxes as boxes on boxes.id = sagas.home_outbox
      order by sagas.order_id for update of sagas
    )
    update sagas set version = held.version, status = held.status, payment_state = held.payment_state,
      stock_state = held.stock_state, deadline_at_ms = held.deadline_at_ms,
      placed = coalesce(sagas.placed, held.placed), state = held.state
    from held where sagas.order_id = held.order_id
    returning held.order_id::float8 as order_id, held.old_status as status,
      held.old_payment_state as payment_state, held.old_stock_state as stock_state, held.was_placed,
      held.home_outbox, held.home_waits`;
  const written: UpdatedSagaRow[] = [];
  for (const chunk of chunkByBytes(rows, sizeOf)) {
    written.push(...(await sql.unsafe<UpdatedSagaRow[]>(text, [JSON.stringify(chunk)])));
  }
  return written;
}

/** To rows that this transaction has written. */
export async function setHomes(sql: SQL, outbox: string, homes: readonly HomeRow[]): Promise<void> {
  const text = `update sagas set home_outbox = $1, home_seq = record.home_seq
    from json_to_recordset($2::text::json) as record (order_id bigint, home_seq bigint)
    where sagas.order_id = record.order_id`;
  await sql.unsafe(text, [outbox, JSON.stringify(homes)]);
}

/** Last in a transaction, so that the slot is locked for no longer than the commit takes. */
export async function addToSagaCounts(sql: SQL, tally: SagaTally): Promise<void> {
  if (isNothing(tally)) return;
  const sums = tallyColumns.map((column, index) => `${column} = ${column} + $${index + 1}::bigint`);
  const text = `update saga_counts set ${sums.join(", ")} where slot = pg_backend_pid() % 16`;
  await sql.unsafe(text, tallyValues(tally));
}

export async function selectSagaCounts(sql: SQL): Promise<SagaTally | undefined> {
  const sums = tallyColumns.map((column) => `sum(${column})::float8 as ${column}`);
  const rows = await sql.unsafe<SagaTally[]>(`select ${sums.join(", ")} from saga_counts`);
  return rows[0];
}

function sizeOf({ placed, state }: ExpectedSagaRow): number {
  return state.length + (placed?.length ?? 0);
}
