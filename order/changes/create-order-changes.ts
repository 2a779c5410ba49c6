// The changes in either dialect.
import { type OrderRow, readOrderRow } from "../store/order-row.ts";
import { ask, type Dialect, type Script } from "../store/sql-script.ts";
import { numbersOf, placeOf } from "./change-place.ts";
import { firstPlace, type ChangePlace, type OrderChanges } from "./order-changes.ts";

export interface OrderChangesOptions {
  readonly dialect: Dialect;
  /** Runs a script as one transaction. */
  readonly run: <Answer>(script: () => Script<Answer>) => Promise<Answer>;
  /** Runs one that writes nothing. */
  readonly read: <Answer>(script: () => Script<Answer>) => Promise<Answer>;
}

interface PlaceRow {
  readonly tx: number;
  readonly seq: number;
}

const placeColumns = "cast(tx as double precision) as tx, cast(seq as double precision) as seq";
const orderColumns = `order_id, customer_id, order_date, cast(items as text) as items,
  cast(total_cents as double precision) as total_cents, cast(shipping_cents as double precision) as shipping_cents,
  currency, status, created_topic, created_partition, cast(created_offset as double precision) as created_offset,
  created_event_id, cast(applied as text) as applied, version`;

/** Part of a batch's own transaction. */
export function* announceChanges(orderIds: readonly string[]): Script<void> {
  yield* ask("insert into order_changes (order_ids) values ($1)", [JSON.stringify(orderIds)]);
}

export function createOrderChanges({ dialect, run, read }: OrderChangesOptions): OrderChanges {
  return {
    after: (place, limit) =>
      read(function* () {
        const [tx, seq] = numbersOf(place);
        const rows = yield* ask<PlaceRow & { order_ids: string }>(
          `select ${placeColumns}, order_ids from order_changes
           where (tx, seq) > (cast($1 as bigint), cast($2 as bigint)) and ${dialect.settled("tx")}
           order by order_changes.tx, order_changes.seq limit cast($3 as integer)`,
          [tx, seq, limit],
        );
        // The store wrote this JSON itself, from a list of ids.
        return rows.map((row) => {
          const orderIds: readonly string[] = JSON.parse(row.order_ids);
          return { place: placeOf(row), orderIds };
        });
      }),
    end: () => read(() => selectPlace(dialect, "desc")).then((place) => place ?? firstPlace),
    oldest: () => read(() => selectPlace(dialect, "asc")),
    states: (orderIds) =>
      read(function* () {
        const rows = yield* ask<OrderRow>(
          `select ${orderColumns} from orders where ${dialect.isOneOf("order_id", "$1")}`,
          [JSON.stringify(orderIds)],
        );
        return rows.map(readOrderRow);
      }),
    hold: (holder, nowMs, untilMs) =>
      run(function* () {
        const [row] = yield* ask<PlaceRow & { filled_to: string | null }>(
          `update order_state_feed set holder = $1, until_ms = cast($3 as bigint)
           where holder = $1 or until_ms <= cast($2 as bigint)
           returning ${placeColumns}, filled_to`,
          [holder, nowMs, untilMs],
        );
        return row === undefined ? undefined : { published: placeOf(row), filledTo: row.filled_to };
      }),
    advance: (holder, { published, filledTo }) =>
      run(function* () {
        const [tx, seq] = numbersOf(published);
        yield* ask(
          `update order_state_feed set tx = cast($2 as bigint), seq = cast($3 as bigint), filled_to = $4
           where holder = $1`,
          [holder, tx, seq, filledTo],
        );
      }),
    trim: (keep) =>
      run(function* () {
        yield* ask(
          `delete from order_changes where seq <= (select max(seq) from order_changes) - cast($1 as bigint)
             and (tx, seq) <= (select tx, seq from order_state_feed)`,
          [keep],
        );
      }),
    reset: () =>
      run(function* () {
        yield* ask("delete from order_changes");
        yield* ask("update order_state_feed set holder = '', until_ms = 0, tx = 0, seq = 0, filled_to = ''");
      }),
  };
}

function* selectPlace(dialect: Dialect, direction: "asc" | "desc"): Script<ChangePlace | undefined> {
  const [row] = yield* ask<PlaceRow>(
    `select ${placeColumns} from order_changes where ${dialect.settled("tx")}
     order by order_changes.tx ${direction}, order_changes.seq ${direction} limit 1`,
  );
  return row === undefined ? undefined : placeOf(row);
}
