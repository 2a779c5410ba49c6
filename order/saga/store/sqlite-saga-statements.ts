import type { Database } from "bun:sqlite";
import type { OutboxMessageRow, OutboxStateRow } from "./outbox-row.ts";
import type { CountedSagaRow, SagaRow } from "./saga-row.ts";
import { type SagaTally, tallyColumns } from "./saga-tally.ts";
import type { RequestRow } from "./writable-requests.ts";

type Value = string | number | Uint8Array | null;

const columns = `order_id, version, status, payment_state, stock_state, deadline_at_ms, placed, state,
  home_outbox, home_seq`;

/** A saga before it is written, and whether its home has not published its NEW yet. */
export interface SagaBeforeRow extends CountedSagaRow {
  readonly version: number;
  readonly was_placed: number;
  readonly home_outbox: string | null;
  readonly home_waits: number;
}

export function prepareSagaStatements(database: Database) {
  const prepare = <Row, Values extends Value[]>(text: string) => database.prepare<Row, Values>(text);
  return {
    takeOrderIds: prepare<{ last_id: number }, [count: number]>(
      "update saga_order_ids set last_id = last_id + ? returning last_id",
    ),
    selectSagas: prepare<SagaRow, [idsJson: string]>(
      `select ${columns} from sagas where order_id in (select value from json_each(?)) order by order_id`,
    ),
    selectDue: prepare<SagaRow, [nowMs: number, limit: number]>(
      `select ${columns} from sagas where deadline_at_ms <= ? order by deadline_at_ms, order_id limit ?`,
    ),
    // The ids of the page are found in an index alone, however far it lies behind.
    selectPage: prepare<SagaRow, [limit: number, offset: number]>(
      `select ${columns} from sagas where order_id in (
         select order_id from sagas where placed is not null order by order_id limit ? offset ?
       ) order by order_id`,
    ),
    selectBefore: prepare<SagaBeforeRow, [orderId: number]>(
      `select version, status, payment_state, stock_state, placed is not null as was_placed, home_outbox,
         coalesce(home_seq > published_seq, 0) as home_waits
       from sagas left join saga_outboxes on id = home_outbox where order_id = ?`,
    ),
    insertSaga: prepare<never, Value[]>(
      `insert into sagas (order_id, version, status, payment_state, stock_state, deadline_at_ms, placed, state)
       values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (order_id) do nothing`,
    ),
    updateSaga: prepare<never, Value[]>(
      `update sagas set version = ?, status = ?, payment_state = ?, stock_state = ?, deadline_at_ms = ?,
         placed = coalesce(placed, ?), state = ? where order_id = ?`,
    ),
    setHome: prepare<never, [outbox: string, seq: number, orderId: number]>(
      "update sagas set home_outbox = ?, home_seq = ? where order_id = ?",
    ),
    addToCounts: prepare<never, number[]>(
      `update saga_counts set ${tallyColumns.map((column) => `${column} = ${column} + ?`).join(", ")}`,
    ),
    selectCounts: prepare<SagaTally, []>(`select ${tallyColumns.join(", ")} from saga_counts`),

    insertRequest: prepare<never, [key: string, fingerprint: string, orderId: number, requestedAtMs: number]>(
      `insert into saga_requests (idempotency_key, fingerprint, order_id, requested_at_ms)
       values (?, ?, ?, ?) on conflict (idempotency_key) do nothing`,
    ),
    selectRequest: prepare<Pick<RequestRow, "fingerprint" | "order_id">, [key: string]>(
      "select fingerprint, order_id from saga_requests where idempotency_key = ?",
    ),
    deleteRequests: prepare<never, [beforeMs: number, limit: number]>(
      `delete from saga_requests where idempotency_key in (
         select idempotency_key from saga_requests where requested_at_ms < ? order by requested_at_ms limit ?
       )`,
    ),

    reserveSeqs: prepare<{ next_seq: number }, [id: string, messages: number]>(
      `insert into saga_outboxes (id, next_seq) values (?, ? + 1)
       on conflict (id) do update set next_seq = next_seq + excluded.next_seq - 1 returning next_seq`,
    ),
    insertMessage: prepare<never, Value[]>(
      `insert into saga_outbox (outbox_id, seq, order_id, topic, key, value, headers, created_at_ms)
       values (?, ?, ?, ?, ?, ?, ?, cast(unixepoch('subsec') * 1000 as integer))`,
    ),
    selectMessages: prepare<OutboxMessageRow, [id: string, afterSeq: number, limit: number]>(
      `select seq, order_id, topic, key, value, headers, created_at_ms from saga_outbox
       where outbox_id = ? and seq > ? order by seq limit ?`,
    ),
    takeLease: prepare<OutboxStateRow, [id: string, owner: string, untilMs: number, nowMs: number]>(
      `insert into saga_outboxes as boxes (id, lease_owner, lease_until_ms) values (?1, ?2, ?3)
       on conflict (id) do update set lease_owner = ?2, lease_until_ms = ?3
       where boxes.lease_owner is null or boxes.lease_owner = ?2 or boxes.lease_until_ms <= ?4
       returning next_seq, published_seq, ends`,
    ),
    dropLease: prepare<never, [id: string, owner: string]>(
      `update saga_outboxes set lease_owner = null, lease_until_ms = null where id = ? and lease_owner = ?`,
    ),
    selectAbandoned: prepare<{ id: string }, [nowMs: number]>(
      `select id from saga_outboxes where next_seq - 1 > published_seq
         and (lease_owner is null or lease_until_ms <= ?) order by id`,
    ),
    movePublished: prepare<never, [id: string, publishedSeq: number, ends: string]>(
      `update saga_outboxes set published_seq = ?2, ends = ?3, next_seq = max(next_seq, ?2 + 1)
       where id = ?1 and published_seq <= ?2`,
    ),
    deleteMessages: prepare<never, [id: string, publishedSeq: number]>(
      "delete from saga_outbox where outbox_id = ? and seq <= ?",
    ),
    selectUnpublished: prepare<{ messages: number }, []>(
      "select coalesce(sum(next_seq - 1 - published_seq), 0) as messages from saga_outboxes",
    ),
  };
}
