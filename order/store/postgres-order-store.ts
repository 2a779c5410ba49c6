// Orders in PostgreSQL, shared by any number of instances. Writers of the same order are told apart by the version
// guard; rows are locked in one order everywhere, and whatever still goes wrong between transactions is answered as
// `StoreUnavailable`, never as a bug of the event.
import type { SQL } from "bun";
import { readMigrations } from "./migrations.ts";
import { readOrderRow, toOrderRow } from "./order-row.ts";
import type { OrderStore, StoredOrder } from "./order-store.ts";
import { isRefusal, isUniqueViolation } from "./postgres-failure.ts";
import { migratePostgres } from "./postgres-migrate.ts";
import { type PostgresPoolOptions, openPostgresPool } from "./postgres-pool.ts";
import {
  addToCount,
  copyOrders,
  insertMissingOrders,
  selectCount,
  selectIdsOfTopic,
  selectOrders,
  selectPage,
  updateOrders,
} from "./postgres-statements.ts";
import { type WritableBatch, isStorableText, prepareBatch } from "./storable.ts";
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

  async function load(orderIds: readonly string[]): Promise<Map<string, StoredOrder>> {
    const storable = orderIds.filter(isStorableText);
    if (storable.length === 0) return new Map();
    const rows = await run((sql) => selectOrders(sql, storable));
    return new Map(rows.map((row) => [row.order_id, readOrderRow(row)]));
  }

  const store: OrderStore = {
    load,
    async save(changes) {
      if (changes.length === 0) return { conflicts: [] };
      const batch = prepareBatch(changes);
      try {
        return await run((sql) => writeNew(sql, batch));
      } catch (error) {
        // Another instance created one of them since they were loaded: nothing was written, so do it row by row.
        if (!isUniqueViolation(error)) throw error;
        return await run((sql) => writeMissing(sql, batch));
      }
    },
    async readDetails(orderId) {
      return (await load([orderId])).get(orderId);
    },
    async list(page) {
      if (!isStorableText(page.afterOrderId ?? "")) return [];
      return (await run((sql) => selectPage(sql, page))).map(readOrderRow);
    },
    async idsFromTopic(topic) {
      return isStorableText(topic) ? run((sql) => selectIdsOfTopic(sql, topic)) : [];
    },
    count: () => run(selectCount),
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

/** Writes a batch in which every create is expected to be new; rejects with a unique violation when one is not. */
function writeNew(sql: SQL, { creates, updates }: WritableBatch) {
  return sql.begin(async (tx) => {
    if (creates.length > 0) {
      await copyOrders(
        tx,
        creates.map(({ order }) => toOrderRow(order)),
      );
    }
    const updated = updates.length > 0 ? await updateOrders(tx, updates) : [];
    if (creates.length > 0) await addToCount(tx, creates.length);
    return { conflicts: idsNotIn(updates, updated) };
  });
}

/** The same for a batch with creates of orders that exist: these are conflicts. */
function writeMissing(sql: SQL, { creates, updates }: WritableBatch) {
  return sql.begin(async (tx) => {
    const created = await insertMissingOrders(
      tx,
      creates.map(({ order }) => toOrderRow(order)),
    );
    const updated = updates.length > 0 ? await updateOrders(tx, updates) : [];
    await addToCount(tx, created.length);
    return { conflicts: [...idsNotIn(creates, created), ...idsNotIn(updates, updated)] };
  });
}

function idsNotIn(changes: WritableBatch["creates"], written: readonly string[]): readonly string[] {
  if (written.length === changes.length) return [];
  const writtenIds = new Set(written);
  return changes.map(({ order }) => order.orderId).filter((orderId) => !writtenIds.has(orderId));
}
