// Orders in SQLite, in memory or in a file. On bun:sqlite and not on Bun.SQL: an operation is one synchronous call, so
// no transaction is ever open across an await, and prepared statements write three times as fast.
import { readMigrations } from "./migrations.ts";
import { appliedMarkers, readOrderRow, toOrderRow } from "./order-row.ts";
import type { OrderChange, OrderStore } from "./order-store.ts";
import { type SqliteConnection, inTransaction, openSqliteConnection } from "./sqlite-connection.ts";
import { isLocked, translateSqliteError } from "./sqlite-failure.ts";
import { type WritableBatch, isStorableText, prepareBatch } from "./storable.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/**
 * `path` is a file or `:memory:`. Resolves also while another process keeps the file locked: the first operation that
 * gets at it opens it. Rejects when waiting cannot help: no such folder, not a database, a migration that was changed.
 */
export async function openSqliteOrderStore(path: string): Promise<OrderStore> {
  const migrations = readMigrations("sqlite");
  let connection: SqliteConnection | undefined;
  let closed = false;

  /** One synchronous operation; its rejection is already told apart into unavailable and surprising. */
  async function run<Answer>(work: (connection: SqliteConnection) => Answer): Promise<Answer> {
    if (closed) throw new StoreUnavailable("the store is closed");
    try {
      connection ??= openSqliteConnection(path, migrations);
      return work(connection);
    } catch (error) {
      throw translateSqliteError(error);
    }
  }

  async function load(orderIds: readonly string[]) {
    const storable = orderIds.filter(isStorableText);
    const rows = await run(({ selectOrders }) => selectOrders.all(JSON.stringify(storable)));
    return new Map(rows.map((row) => [row.order_id, readOrderRow(row)]));
  }

  const store: OrderStore = {
    load,
    async save(changes) {
      if (changes.length === 0) return { conflicts: [] };
      const batch = prepareBatch(changes);
      return run((open) => inTransaction(open.database, () => ({ conflicts: write(open, batch) })));
    },
    async readDetails(orderId) {
      return (await load([orderId])).get(orderId);
    },
    async list({ limit, afterOrderId = "" }) {
      if (!isStorableText(afterOrderId)) return [];
      return run(({ selectPage }) => selectPage.all(afterOrderId, limit).map(readOrderRow));
    },
    async idsFromTopic(topic) {
      return run(({ selectIdsOfTopic }) =>
        selectIdsOfTopic.all(...appliedMarkers(topic)).map((row) => row.order_id),
      );
    },
    count: () => run(({ selectCount }) => selectCount.get()?.orders ?? 0),
    async ping() {
      await run(({ selectCount }) => selectCount.get());
    },
    async close() {
      closed = true;
      connection?.database.close();
      connection = undefined;
    },
  };

  try {
    await store.ping();
  } catch (error) {
    const curable = error instanceof StoreUnavailable && isLocked(error.cause);
    if (!curable)
      throw new Error(`cannot open the SQLite database ${path}: ${String(error)}`, { cause: error });
  }
  return store;
}

/** Answers the ids of the changes that lost. */
function write(open: SqliteConnection, { creates, updates }: WritableBatch): readonly string[] {
  const lostCreates = creates.filter((change) => !insert(open, change));
  const lostUpdates = updates.filter((change) => !update(open, change));
  const created = creates.length - lostCreates.length;
  if (created > 0) open.addToCount.run(created);
  return [...lostCreates, ...lostUpdates].map(({ order }) => order.orderId);
}

function insert({ insertOrder }: SqliteConnection, { order }: OrderChange): boolean {
  const row = toOrderRow(order);
  const { changes } = insertOrder.run(
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
  return changes === 1;
}

function update({ updateOrder }: SqliteConnection, { order, expectedVersion }: OrderChange): boolean {
  const { changes } = updateOrder.run(
    order.status,
    JSON.stringify(order.applied),
    order.version,
    order.orderId,
    expectedVersion,
  );
  return changes === 1;
}
