// Promises a second opinion on what order has stored: a connection of its own, plain SQL, no code of the store.
import { SQL } from "bun";

export interface StoredOrders {
  count(): Promise<number>;
  /** Every stored row's id, repeated when a row is. */
  ids(): Promise<readonly string[]>;
  /** "PostgreSQL 15.14 …" */
  version(): Promise<string>;
  close(): Promise<void>;
}

/** Sees only the orders whose id starts with `prefix`, which holds no `%` and no `_`. */
export function openStoredOrders(databaseUrl: string, prefix: string): StoredOrders {
  const sql = new SQL(databaseUrl, { max: 1 });
  const pattern = `${prefix}%`;
  return {
    async count() {
      const rows: readonly { stored: string }[] =
        await sql`SELECT count(*) AS stored FROM orders WHERE order_id LIKE ${pattern}`;
      return Number(rows[0]?.stored);
    },
    async ids() {
      const rows: readonly { order_id: string }[] =
        await sql`SELECT order_id FROM orders WHERE order_id LIKE ${pattern}`;
      return rows.map((row) => row.order_id);
    },
    async version() {
      const rows: readonly { server_version: string }[] = await sql`SHOW server_version`;
      return `PostgreSQL ${rows[0]?.server_version}`;
    },
    close: () => sql.close(),
  };
}

export interface Expected {
  readonly acknowledged: ReadonlySet<string>;
  readonly unknown: ReadonlySet<string>;
}

/** One sentence for each way in which the store differs from what the clients were told; empty when it does not. */
export function findDifferences(stored: readonly string[], expected: Expected): readonly string[] {
  const distinct = new Set(stored);
  const lost = [...expected.acknowledged].filter((id) => !distinct.has(id));
  const foreign = [...distinct].filter((id) => !expected.acknowledged.has(id) && !expected.unknown.has(id));
  return [
    ...(lost.length > 0 ? [`${lost.length} acknowledged orders are not stored: ${sample(lost)}`] : []),
    ...(foreign.length > 0
      ? [`${foreign.length} orders are stored that nobody was promised: ${sample(foreign)}`]
      : []),
    ...(stored.length > distinct.size ? [`${stored.length - distinct.size} rows repeat an order`] : []),
  ];
}

function sample(ids: readonly string[]): string {
  return ids.slice(0, 5).join(", ");
}
