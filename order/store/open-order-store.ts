import type { OrderStore } from "./order-store.ts";
import { openPostgresOrderStore } from "./postgres-order-store.ts";
import { openSqliteOrderStore } from "./sqlite-order-store.ts";

export interface OrderStoreOptions {
  /** PostgreSQL: connections this process opens at most. Default 8. */
  readonly maxConnections?: number;
  /** PostgreSQL: milliseconds after which an operation is given up as `StoreUnavailable`. Default 10,000. */
  readonly deadlineMs?: number;
}

/**
 * Opens the store that `url` names: nothing is SQLite in memory; `sqlite:orders.sqlite`, `sqlite:///var/lib/orders.sqlite`
 * and `sqlite::memory:` are SQLite; `postgres://…` and `postgresql://…` are PostgreSQL. Makes or updates its tables.
 *
 * Resolves also while the store is away, so that a service can start, say so and answer: its operations reject with
 * `StoreUnavailable` until the store is back, and the first one that succeeds has made the tables. Rejects when waiting
 * cannot help (a wrong URL, user, password, database or folder, a changed migration). Takes at most `deadlineMs`.
 */
export async function openOrderStore(
  url: string | undefined,
  { maxConnections = 8, deadlineMs = 10_000 }: OrderStoreOptions = {},
): Promise<OrderStore> {
  if (url === undefined || url === "") return openSqliteOrderStore(":memory:");
  const scheme = url.slice(0, url.indexOf(":") + 1);
  switch (scheme) {
    case "postgres:":
    case "postgresql:":
      return openPostgresOrderStore(url, { maxConnections, deadlineMs });
    case "sqlite:":
      return openSqliteOrderStore(readSqlitePath(url));
    default:
      // Never the URL itself: it may carry a password.
      throw new Error(
        `the database URL must start with postgres:, postgresql: or sqlite:, got ${JSON.stringify(scheme)}`,
      );
  }
}

/** `sqlite:a` and `sqlite://a` are relative, `sqlite:/a` and `sqlite:///a` absolute; taken as written, nothing is decoded. */
function readSqlitePath(url: string): string {
  const path = url.slice("sqlite:".length).replace(/^\/\//, "");
  if (path === "") throw new Error("the database URL sqlite: needs a path, or :memory:");
  return path;
}
