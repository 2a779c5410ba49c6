// A pool of connections on which nothing waits for ever. Three bounds, each for what the one before cannot see:
// the server's lock timeout (another transaction), its statement timeout (a slow statement), and our own deadline
// (a server, network or pool that does not answer at all). Lost connections are replaced by Bun's pool on next use.
import { SQL } from "bun";
import { translatePostgresError } from "./postgres-failure.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

export interface PostgresPoolOptions {
  /** Connections a process opens at most. */
  readonly maxConnections: number;
  /** Milliseconds after which an operation is given up, whatever it waits for. At least 1,000. */
  readonly deadlineMs: number;
  /** Settings of every session, on top of the bounds. */
  readonly session?: Readonly<Record<string, string>>;
}

/**
 * For connections that look rows up by their keys and by nothing else. A statement keeps the plan it was given first, and on a
 * table that was nearly empty then it would be a scan: until the server looks at the table again, a minute and many orders later.
 */
export const byKeys = { enable_seqscan: "off", enable_hashjoin: "off", enable_mergejoin: "off" };

export interface PostgresPool {
  /** Runs `work`, which uses queries and `begin()` only. Rejects with `StoreUnavailable` at the deadline or for a failure of the server. */
  run<Answer>(work: (sql: SQL) => Promise<Answer>): Promise<Answer>;
  close(): Promise<void>;
}

function connect(url: URL, { maxConnections, deadlineMs, session }: PostgresPoolOptions): SQL {
  const database = decodeURIComponent(url.pathname.slice(1));
  return new SQL(url, {
    max: maxConnections,
    connectionTimeout: Math.ceil(deadlineMs / 2000),
    // A connection that nobody used for a while may be dead without our knowing (firewalls drop silent ones).
    idleTimeout: 60,
    // Given here because Bun lets the environment's PGDATABASE overrule the one in the URL.
    ...(database === "" ? {} : { database }),
    connection: {
      application_name: "orderwire-order",
      lock_timeout: Math.floor(deadlineMs / 4),
      statement_timeout: Math.floor((deadlineMs * 3) / 4),
      // Frees the rows of a process that was frozen in the middle of a transaction.
      idle_in_transaction_session_timeout: deadlineMs,
      // A hundred thousand narrow rows are sorted in memory; with the server's usual 4 MB they would go over the disk.
      work_mem: "32MB",
      // Rows are looked up by their ids, in memory or on SSD. With the server's usual 4, made for disks that seek, a batch of two
      // reads a table of 5,000 rows from end to end.
      random_page_cost: 1.1,
      ...session,
    },
  });
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  // Never the text itself: it may carry a password.
  if (url === null) throw new Error("the database URL of PostgreSQL cannot be parsed");
  return url;
}

/** Connects on first use. Throws when `connectionUrl` is not a URL. */
export function openPostgresPool(connectionUrl: string, options: PostgresPoolOptions): PostgresPool {
  const url = readUrl(connectionUrl);
  let current: SQL | undefined = connect(url, options);
  const retiring = new Set<Promise<void>>();

  /**
   * Something on this pool did not answer in time, so its connections are not trusted any more: new work gets new ones,
   * running work gets as long again before its connection is closed under it.
   */
  function retire(pool: SQL): void {
    if (pool !== current) return;
    current = connect(url, options);
    const retired: Promise<void> = pool
      .close({ timeout: options.deadlineMs / 1000 })
      .catch(() => undefined)
      .finally(() => retiring.delete(retired));
    retiring.add(retired);
  }

  return {
    async run(work) {
      const pool = current;
      if (pool === undefined) throw new StoreUnavailable("the store is closed");
      let timer: ReturnType<typeof setTimeout> | undefined;
      const deadline = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          retire(pool);
          reject(new StoreUnavailable(`PostgreSQL did not answer within ${options.deadlineMs} ms`));
        }, options.deadlineMs);
      });
      try {
        return await Promise.race([work(pool), deadline]);
      } catch (error) {
        throw translatePostgresError(error);
      } finally {
        clearTimeout(timer);
      }
    },
    async close() {
      const pool = current;
      current = undefined;
      await pool?.close({ timeout: options.deadlineMs / 1000 });
      await Promise.all(retiring);
    },
  };
}
