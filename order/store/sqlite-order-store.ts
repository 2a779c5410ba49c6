// Orders in SQLite, in memory or in a file. On bun:sqlite and not on Bun.SQL: an operation is one synchronous call, so
// no transaction is ever open across an await, and prepared statements write three times as fast.
import { createLetterFates } from "../replays/store/create-letter-fates.ts";
import { createReplayStore } from "../replays/store/create-replay-store.ts";
import { readMigrations } from "./migrations.ts";
import { appliedMarkers, readOrderRow } from "./order-row.ts";
import type { OrderStore } from "./order-store.ts";
import { type SqliteConnection, openSqliteConnection } from "./sqlite-connection.ts";
import { isLocked, translateSqliteError } from "./sqlite-failure.ts";
import { runSqliteScript, type Script, sqliteDialect } from "./sql-script.ts";
import { isStorableText } from "./storable.ts";
import { createSqliteAudit } from "./sqlite-audit.ts";
import { createSqliteDeadLetterIndex } from "./sqlite-dead-letter-index.ts";
import { createSqliteParking } from "./sqlite-parking.ts";
import { saveBatch } from "./sqlite-save.ts";
import { inTransaction } from "./sqlite-transaction.ts";
import { StoreUnavailable } from "./store-unavailable.ts";
import { isEmpty, prepareBatch } from "./writable-batch.ts";

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

  const scripts = {
    dialect: sqliteDialect,
    run: <Answer>(script: () => Script<Answer>) =>
      run(({ database }) => inTransaction(database, () => runSqliteScript(database, script()))),
    joinBodies: `left join dead_letters on dead_letters.id = items.letter_id
      left join dead_letter_bodies on dead_letter_bodies.number = dead_letters.number`,
  };
  const store: OrderStore = {
    load,
    async save(write) {
      const batch = prepareBatch(write);
      return isEmpty(batch) ? { kind: "saved" } : run((open) => saveBatch(open, batch));
    },
    ...createSqliteParking(run),
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
    deadLetters: createSqliteDeadLetterIndex(run),
    letterFates: createLetterFates(scripts),
    replays: createReplayStore(scripts),
    audit: createSqliteAudit(run),
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
