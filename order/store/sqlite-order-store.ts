// Orders in SQLite, in memory or in a file. On bun:sqlite and not on Bun.SQL: an operation is one synchronous call, so
// no transaction is ever open across an await, and prepared statements write three times as fast. In a file, batches go
// through a thread of their own; reading goes on here meanwhile, and what else is written waits for its turn without
// holding up anybody.
import { createOrderChanges } from "../changes/create-order-changes.ts";
import { createLetterFates } from "../replays/store/create-letter-fates.ts";
import { createReplayStore } from "../replays/store/create-replay-store.ts";
import { createSqliteSagaStore } from "../saga/store/sqlite-saga-store.ts";
import { readMigrations } from "./migrations.ts";
import { appliedMarkers, readOrderRow, readStateRow } from "./order-row.ts";
import type { OrderStore } from "./order-store.ts";
import { type SqliteConnection, openSqliteConnection } from "./sqlite-connection.ts";
import { isLocked, translateSqliteError } from "./sqlite-failure.ts";
import { runSqliteScript, type Script, sqliteDialect } from "./sql-script.ts";
import { isStorableText } from "./storable.ts";
import { createSqliteAudit } from "./sqlite-audit.ts";
import { createSqliteDeadLetterIndex } from "./sqlite-dead-letter-index.ts";
import { createSqliteParking } from "./sqlite-parking.ts";
import { toSqliteRows } from "./sqlite-rows.ts";
import { saveBatch } from "./sqlite-save.ts";
import { openSqliteThread } from "./sqlite-thread.ts";
import { inTransaction } from "./sqlite-transaction.ts";
import { StoreUnavailable } from "./store-unavailable.ts";
import { createTurns } from "./turns.ts";
import { isNothing, prepareChanges, prepareRows } from "./writable-batch.ts";

/**
 * `path` is a file or `:memory:`. Resolves also while another process keeps the file locked: the first operation that
 * gets at it opens it. Rejects when waiting cannot help: no such folder, not a database, a migration that was changed.
 */
export async function openSqliteOrderStore(path: string): Promise<OrderStore> {
  const migrations = readMigrations("sqlite");
  let connection: SqliteConnection | undefined;
  let closed = false;

  /** One synchronous operation; its rejection is already told apart into unavailable and surprising. */
  async function perform<Answer>(work: (connection: SqliteConnection) => Answer): Promise<Answer> {
    try {
      connection ??= openSqliteConnection(path, migrations);
      return work(connection);
    } catch (error) {
      throw translateSqliteError(error);
    }
  }

  function requireOpen(): void {
    if (closed) throw new StoreUnavailable("the store is closed");
  }

  async function run<Answer>(work: (connection: SqliteConnection) => Answer): Promise<Answer> {
    requireOpen();
    return perform(work);
  }

  const thread = path === ":memory:" ? undefined : openSqliteThread(path);
  const takeTurn = createTurns();

  /** `run` for what writes: two connections that both want to write would keep each other, and this thread, waiting. */
  async function write<Answer>(work: (connection: SqliteConnection) => Answer): Promise<Answer> {
    requireOpen();
    return takeTurn(() => perform(work));
  }

  const scripts = {
    dialect: sqliteDialect,
    run: <Answer>(script: () => Script<Answer>) =>
      write(({ database }) => inTransaction(database, () => runSqliteScript(database, script()))),
    read: <Answer>(script: () => Script<Answer>) =>
      run(({ database }) => runSqliteScript(database, script())),
    joinBodies: `left join dead_letters on dead_letters.id = items.letter_id
      left join dead_letter_bodies on dead_letter_bodies.number = dead_letters.number`,
    bodiesTable: "dead_letter_bodies",
  };
  const store: OrderStore = {
    async load(orderIds) {
      const storable = orderIds.filter(isStorableText);
      const rows = await run(({ selectStates }) => selectStates.all(JSON.stringify(storable)));
      return new Map(rows.map((row) => [row.order_id, readStateRow(row)]));
    },
    stage: (changes) => thread?.stage(changes),
    async save(batch) {
      requireOpen();
      if (isNothing(batch)) return { kind: "saved" };
      if (thread === undefined)
        return perform((open) =>
          saveBatch(open, { ...prepareRows(batch), ...toSqliteRows(prepareChanges(batch.changes)) }),
        );
      return takeTurn(() => thread.save(batch));
    },
    ...createSqliteParking(run, write),
    async readDetails(orderId) {
      const row = isStorableText(orderId) ? await run(({ selectOrder }) => selectOrder.get(orderId)) : null;
      return row === null ? undefined : readOrderRow(row);
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
    deadLetters: createSqliteDeadLetterIndex(run, write),
    letterFates: createLetterFates(scripts),
    replays: createReplayStore(scripts),
    changes: createOrderChanges(scripts),
    audit: createSqliteAudit(run, write),
    sagas: createSqliteSagaStore(run, write),
    async ping() {
      await run(({ selectCount }) => selectCount.get());
    },
    async close() {
      closed = true;
      await takeTurn(async () => thread?.close());
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
