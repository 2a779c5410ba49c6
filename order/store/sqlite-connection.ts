// One SQLite database with its settings, its tables and its prepared statements.
import { Database } from "bun:sqlite";
import { prepareSagaStatements } from "../saga/store/sqlite-saga-statements.ts";
import { type AppliedMigration, type Migration, pendingMigrations } from "./migrations.ts";
import { type OrderRow, type OrderStateRow, orderColumns, stateColumns } from "./order-row.ts";
import { prepareDeadLetterStatements } from "./sqlite-dead-letter-statements.ts";
import { prepareParkingStatements } from "./sqlite-parking-statements.ts";
import type { RowValue } from "./sqlite-rows.ts";
import { inTransaction } from "./sqlite-transaction.ts";

/** How long a statement waits for another process's transaction. The whole thread stands still meanwhile. */
const busyTimeoutMs = 500;
/**
 * Of a new file; one that exists keeps its own. What a batch changes lies scattered, a row here and an entry of the key's index
 * there, and goes to the disk twice by whole pages: half of SQLite's own 4,096 is half the bytes. Rows of orders still fit.
 */
const pageBytes = 2048;
/**
 * What the write-ahead log holds before its pages are copied into the file: a page that many batches change is then copied
 * once for all of them. With SQLite's own 1,000 pages a batch of 4,000 orders would be copied at once.
 */
const logBytes = 128 * 2 ** 20;

/**
 * Opens or creates the file (`:memory:` for none) and brings it to `migrations`. Throws SQLite's own errors, a
 * `SQLITE_BUSY` included when another process holds the file.
 */
export function openSqliteConnection(path: string, migrations: readonly Migration[], cacheKb = 2048) {
  const database = new Database(path, { create: true, readwrite: true });
  try {
    database.run(`pragma busy_timeout = ${busyTimeoutMs}`);
    database.run(`pragma page_size = ${pageBytes}`);
    // Readers of other processes go on while one writes. FULL syncs the log at every commit: NORMAL would be faster,
    // and a power cut could take back orders whose offsets Kafka has already been told.
    database.run("pragma journal_mode = wal");
    database.run("pragma synchronous = full");
    database.run(`pragma wal_autocheckpoint = ${Math.round(logBytes / readPageBytes(database))}`);
    database.run(`pragma cache_size = -${cacheKb}`);
    migrate(database, migrations);
    return {
      database,
      ...prepareOrderStatements(database),
      parking: prepareParkingStatements(database),
      deadLetters: prepareDeadLetterStatements(database),
      sagas: prepareSagaStatements(database),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

export type SqliteConnection = ReturnType<typeof openSqliteConnection>;

function readPageBytes(database: Database): number {
  return database.query<{ page_size: number }, []>("pragma page_size").get()?.page_size ?? pageBytes;
}

function migrate(database: Database, migrations: readonly Migration[]): void {
  inTransaction(database, () => {
    database.run(`create table if not exists order_migrations (
      number integer primary key not null,
      name text not null,
      checksum text not null,
      applied_at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
    ) strict`);
    const applied = database
      .query<AppliedMigration, []>("select number, name, checksum from order_migrations")
      .all();
    for (const { number, name, checksum, sql } of pendingMigrations(migrations, applied)) {
      database.run(sql);
      database.run("insert into order_migrations (number, name, checksum) values (?, ?, ?)", [
        number,
        name,
        checksum,
      ]);
    }
  });
}

function prepareOrderStatements(database: Database) {
  return {
    selectStates: database.prepare<OrderStateRow, [idsJson: string]>(
      `select ${stateColumns}, created_offset, applied from orders
       where order_id in (select value from json_each(?))`,
    ),
    selectOrder: database.prepare<OrderRow, [orderId: string]>(
      `select ${orderColumns} from orders where order_id = ?`,
    ),
    selectPage: database.prepare<OrderRow, [afterOrderId: string, limit: number]>(
      `select ${orderColumns} from orders where order_id > ? order by order_id limit ?`,
    ),
    selectIdsOfTopic: database.prepare<{ order_id: string }, [first: string, later: string]>(
      `select order_id from orders where instr(applied, ?) > 0 or instr(applied, ?) > 0 order by order_id`,
    ),
    selectCount: database.prepare<{ orders: number }, []>("select sum(orders) as orders from order_counts"),
    insertOrder: database.prepare<never, RowValue[]>(
      `insert into orders (${orderColumns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       on conflict (order_id) do nothing`,
    ),
    updateOrder: database.prepare<never, RowValue[]>(
      "update orders set status = ?, applied = ?, version = ? where order_id = ? and version = ?",
    ),
    addToCount: database.prepare<never, [created: number]>("update order_counts set orders = orders + ?"),
  };
}
