// How far the store is behind the topics: ends by the broker, progress by plain SQL, both on connections of their own.
import { SQL } from "bun";
import type { Settings } from "../../service/settings.ts";
import { createBrokerEnds } from "./broker-ends.ts";
import type { Position } from "./stage.ts";

export interface PositionReader {
  /** `topic/partition` → the next offset to be written; undefined while the broker does not answer. */
  ends(): Promise<ReadonlyMap<string, number> | undefined>;
  /** The same → the next offset that the store has to read; undefined while it does not answer. */
  read(): Promise<ReadonlyMap<string, number> | undefined>;
  position(): Promise<Position | undefined>;
  close(): Promise<void>;
}

const partitions = 3;
const answersWithinMs = 2000;

export function openPositionReader(
  brokers: string,
  databaseUrl: string,
  { KAFKA_ORDER_TOPIC, KAFKA_STATUS_UPDATE_TOPIC }: Settings,
): PositionReader {
  const broker = createBrokerEnds(brokers, [KAFKA_ORDER_TOPIC, KAFKA_STATUS_UPDATE_TOPIC], partitions);
  let sql = connect();

  function connect(): SQL {
    return new SQL(databaseUrl, { max: 2, connectionTimeout: answersWithinMs / 1000 });
  }

  /** Undefined also when a server that is frozen lets a question wait: then the next one gets a new connection. */
  async function ask<Row>(
    question: (sql: SQL) => Promise<readonly Row[]>,
  ): Promise<readonly Row[] | undefined> {
    const asked = sql;
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => {
      if (asked === sql) sql = connect();
      void asked.close({ timeout: 0 }).catch(() => undefined);
      resolve(undefined);
    }, answersWithinMs);
    try {
      return await Promise.race([question(asked), late]);
    } catch (error) {
      // Before the first start there is no table; while the server is stopped there is no answer.
      if (error instanceof SQL.SQLError) return undefined;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async function read(): Promise<ReadonlyMap<string, number> | undefined> {
    const rows = await ask<{ source: string; next: string }>(
      (now) =>
        now`SELECT source, cast(next_offset AS text) AS next FROM source_claims WHERE next_offset IS NOT NULL`,
    );
    return rows && new Map(rows.map(({ source, next }) => [source.replace(/@.*$/, ""), Number(next)]));
  }

  async function ends(): Promise<ReadonlyMap<string, number> | undefined> {
    return await broker.read().catch(() => undefined);
  }

  return {
    ends,
    read,
    async position() {
      const [there, store, counts] = await Promise.all([
        ends(),
        read(),
        ask<{ parked: string }>(
          (now) =>
            now`SELECT cast(coalesce(sum(waiting + behind + dead), 0) AS text) AS parked FROM parked_counts`,
        ),
      ]);
      if (there === undefined || store === undefined || counts === undefined) return undefined;
      let published = 0;
      let settled = 0;
      for (const [source, end] of there) {
        published += end;
        settled += Math.min(end, store.get(source) ?? 0);
      }
      return { published, read: settled, parked: Number(counts[0]?.parked ?? 0) };
    },
    async close() {
      broker.close();
      await sql.close({ timeout: 1 });
    },
  };
}

/** Whether the store has read everything below these ends. */
export function hasReached(
  ends: ReadonlyMap<string, number>,
  store: ReadonlyMap<string, number> | undefined,
): boolean {
  return store !== undefined && [...ends].every(([source, end]) => end <= (store.get(source) ?? 0));
}
