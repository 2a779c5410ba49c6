// How far the store has come with all that it reads, over a connection of its own.
import { SQL } from "bun";

export interface Progress {
  /** Records that the store has settled or parked, over all partitions. */
  readonly settled: number;
  readonly parked: number;
}

export interface ProgressReader {
  read(): Promise<Progress>;
  close(): Promise<void>;
}

/** A connection of its own; what is not there yet counts as nothing. */
export function openProgressReader(databaseUrl: string): ProgressReader {
  const sql = new SQL(databaseUrl, { max: 1 });
  return {
    async read() {
      try {
        const rows: readonly { settled: string; parked: string }[] = await sql`
          SELECT (SELECT coalesce(sum(next_offset), 0) FROM source_claims)::text AS settled,
                 (SELECT count(*) FROM parked_records)::text AS parked`;
        return { settled: Number(rows[0]?.settled), parked: Number(rows[0]?.parked) };
      } catch (error) {
        // Before the first start there is no table; while the server is stopped there is no answer.
        if (error instanceof SQL.SQLError) return { settled: 0, parked: 0 };
        throw error;
      }
    },
    close: () => sql.close(),
  };
}
