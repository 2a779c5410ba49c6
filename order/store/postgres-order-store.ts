// Orders in PostgreSQL, shared by any number of instances. Writers of the same order are told apart by the version
// guard; rows are locked in one order everywhere, and whatever still goes wrong between transactions is answered as
// `StoreUnavailable`, never as a bug of the event.
import type { SQL } from "bun";
import { createLetterFates } from "../replays/store/create-letter-fates.ts";
import { createReplayStore } from "../replays/store/create-replay-store.ts";
import { createPostgresSagaStore } from "../saga/store/postgres-saga-store.ts";
import { readMigrations } from "./migrations.ts";
import { readOrderRow, readStateRow } from "./order-row.ts";
import type { OrderChange, OrderStore } from "./order-store.ts";
import { isRefusal } from "./postgres-failure.ts";
import { migratePostgres } from "./postgres-migrate.ts";
import { type PostgresPoolOptions, openPostgresPool } from "./postgres-pool.ts";
import { createPostgresAudit } from "./postgres-audit.ts";
import { createPostgresDeadLetterIndex } from "./postgres-dead-letter-index.ts";
import { createPostgresParking } from "./postgres-parking.ts";
import { createPostgresSaver } from "./postgres-save.ts";
import {
  selectCount,
  selectIdsOfTopic,
  selectOrder,
  selectPage,
  selectStates,
} from "./postgres-statements.ts";
import { postgresDialect, runPostgresScript, type Script } from "./sql-script.ts";
import { isStorableText } from "./storable.ts";
import { isNothing, prepareChanges, prepareRows, type WritableChanges } from "./writable-batch.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/**
 * Resolves also while the server is away: the tables are then made by the first operation that reaches it. Rejects when
 * waiting cannot help: wrong user, password or database, or a migration that was changed.
 */
export async function openPostgresOrderStore(url: string, options: PostgresPoolOptions): Promise<OrderStore> {
  const pool = openPostgresPool(url, options);
  const migrations = readMigrations("postgres");
  let migrating: Promise<void> | undefined;

  /** Runs on a database that has its tables; makes them first when that has not succeeded yet. */
  async function run<Answer>(work: (sql: SQL) => Promise<Answer>): Promise<Answer> {
    migrating ??= pool
      .run((sql) => migratePostgres(sql, migrations))
      .catch((error: unknown) => {
        migrating = undefined;
        throw error;
      });
    await migrating;
    return pool.run(work);
  }

  const save = createPostgresSaver(run);
  const staged = new WeakMap<readonly OrderChange[], WritableChanges>();
  const scripts = {
    dialect: postgresDialect,
    run: <Answer>(script: () => Script<Answer>) =>
      run((sql) => sql.begin((tx) => runPostgresScript(tx, script()))),
    read: <Answer>(script: () => Script<Answer>) => run((sql) => runPostgresScript(sql, script())),
    joinBodies: "left join dead_letters on dead_letters.id = items.letter_id",
    bodiesTable: "dead_letters",
  };
  const store: OrderStore = {
    async load(orderIds) {
      const storable = orderIds.filter(isStorableText);
      if (storable.length === 0) return new Map();
      const rows = await run((sql) => selectStates(sql, storable));
      return new Map(rows.map((row) => [row.order_id, readStateRow(row)]));
    },
    stage(changes) {
      staged.set(changes, prepareChanges(changes));
    },
    async save(batch) {
      if (isNothing(batch)) return { kind: "saved" };
      return save({ ...prepareRows(batch), ...(staged.get(batch.changes) ?? prepareChanges(batch.changes)) });
    },
    ...createPostgresParking(run),
    async readDetails(orderId) {
      const row = isStorableText(orderId) ? await run((sql) => selectOrder(sql, orderId)) : undefined;
      return row === undefined ? undefined : readOrderRow(row);
    },
    async list(page) {
      if (!isStorableText(page.afterOrderId ?? "")) return [];
      return (await run((sql) => selectPage(sql, page))).map(readOrderRow);
    },
    async idsFromTopic(topic) {
      return isStorableText(topic) ? run((sql) => selectIdsOfTopic(sql, topic)) : [];
    },
    count: () => run(selectCount),
    deadLetters: createPostgresDeadLetterIndex(run),
    letterFates: createLetterFates(scripts),
    replays: createReplayStore(scripts),
    audit: createPostgresAudit(run),
    sagas: createPostgresSagaStore(run),
    async ping() {
      await run((sql) => sql`select 1`);
    },
    close: () => pool.close(),
  };

  try {
    await store.ping();
  } catch (error) {
    const curable = error instanceof StoreUnavailable && !isRefusal(error.cause);
    if (!curable) {
      await pool.close();
      throw error;
    }
  }
  return store;
}
