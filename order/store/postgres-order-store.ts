// Orders in PostgreSQL, shared by any number of instances. Writers of the same order are told apart by the version
// guard; rows are locked in one order everywhere, and whatever still goes wrong between transactions is answered as
// `StoreUnavailable`, never as a bug of the event.
import type { SQL } from "bun";
import { createOrderChanges } from "../changes/create-order-changes.ts";
import { createLetterFates } from "../replays/store/create-letter-fates.ts";
import { createReplayStore } from "../replays/store/create-replay-store.ts";
import { createPostgresSagaStore } from "../saga/store/postgres-saga-store.ts";
import { readMigrations } from "./migrations.ts";
import { readOrderRow, readStateRow } from "./order-row.ts";
import type { OrderChange, OrderStore } from "./order-store.ts";
import { isRefusal } from "./postgres-failure.ts";
import { migratePostgres } from "./postgres-migrate.ts";
import { byKeys, type PostgresPoolOptions, openPostgresPool } from "./postgres-pool.ts";
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
import { type PostgresTexts, toPostgresTexts } from "./postgres-texts.ts";
import { postgresDialect, runPostgresScript, type Script } from "./sql-script.ts";
import { isStorableText } from "./storable.ts";
import { isNothing, prepareChanges, prepareRows, type WritableChanges } from "./writable-batch.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

/** Changes that the worker has told of before their batch's turn. */
interface StagedChanges {
  readonly prepared: WritableChanges;
  readonly texts?: PostgresTexts;
}

/** One for the batch that is written, one for looking up what the next one is decided on. */
const keyedConnections = 2;

/**
 * Resolves also while the server is away: the tables are then made by the first operation that reaches it. Rejects when
 * waiting cannot help: wrong user, password or database, or a migration that was changed.
 */
export async function openPostgresOrderStore(url: string, options: PostgresPoolOptions): Promise<OrderStore> {
  const pool = openPostgresPool(url, options);
  // The worker's own: what others read, a scan of every order among it, takes it no connection.
  const keyed = openPostgresPool(url, {
    ...options,
    maxConnections: Math.min(keyedConnections, options.maxConnections),
    session: byKeys,
  });
  const migrations = readMigrations("postgres");
  let migrating: Promise<void> | undefined;

  /** Runs on a database that has its tables; makes them first when that has not succeeded yet. */
  async function runOn<Answer>(chosen: typeof pool, work: (sql: SQL) => Promise<Answer>): Promise<Answer> {
    migrating ??= pool
      .run((sql) => migratePostgres(sql, migrations))
      .catch((error: unknown) => {
        migrating = undefined;
        throw error;
      });
    await migrating;
    return chosen.run(work);
  }

  const run = <Answer>(work: (sql: SQL) => Promise<Answer>) => runOn(pool, work);
  const runKeyed = <Answer>(work: (sql: SQL) => Promise<Answer>) => runOn(keyed, work);
  const closePools = async () => {
    await Promise.all([pool.close(), keyed.close()]);
  };
  const save = createPostgresSaver(runKeyed);
  const staged = new WeakMap<readonly OrderChange[], StagedChanges>();
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
      const rows = await runKeyed((sql) => selectStates(sql, storable));
      return new Map(rows.map((row) => [row.order_id, readStateRow(row)]));
    },
    stage(changes) {
      const prepared = prepareChanges(changes);
      staged.set(changes, { prepared, texts: toPostgresTexts(prepared) });
    },
    async save(batch) {
      if (isNothing(batch)) return { kind: "saved" };
      const { prepared, texts } = staged.get(batch.changes) ?? { prepared: prepareChanges(batch.changes) };
      return save({ ...prepareRows(batch), ...prepared }, texts);
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
    changes: createOrderChanges(scripts),
    audit: createPostgresAudit(run),
    sagas: createPostgresSagaStore(run),
    async ping() {
      await run((sql) => sql`select 1`);
    },
    close: closePools,
  };

  try {
    await store.ping();
  } catch (error) {
    const curable = error instanceof StoreUnavailable && !isRefusal(error.cause);
    if (!curable) {
      await closePools();
      throw error;
    }
  }
  return store;
}
