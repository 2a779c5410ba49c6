// Claims and parked records in PostgreSQL.
import type { SQL } from "bun";
import { nameSources, readClaims, readProgressRows } from "./claim-row.ts";
import { toKeyText } from "./key-text.ts";
import type { Parking } from "./order-store.ts";
import { readDueRow, readParkedRow, toParkedKeyRow } from "./parked-row.ts";
import { selectProgress, takeClaims } from "./postgres-claim-statements.ts";
import {
  bringForward,
  selectDue,
  selectParked,
  selectParkedCounts,
  selectParkedOfSources,
  selectParkedPage,
  setOperatorOrder,
} from "./postgres-parked-statements.ts";

/** `run` gives work a pool of connections on a database that has its tables. */
export function createPostgresParking(
  run: <Answer>(work: (sql: SQL) => Promise<Answer>) => Promise<Answer>,
): Parking {
  return {
    async claim(sources) {
      const names = nameSources(sources);
      if (names.size === 0) return [];
      const keys = [...names.keys()];
      return run((sql) =>
        sql.begin(async (tx) => {
          const claims = await takeClaims(tx, keys);
          return readClaims(names, claims, await selectParkedOfSources(tx, keys));
        }),
      );
    },
    async readProgress(sources) {
      const names = nameSources(sources);
      if (names.size === 0) return new Map();
      return readProgressRows(names, await run((sql) => selectProgress(sql, [...names.keys()])));
    },
    async loadParked(ids) {
      if (ids.length === 0) return [];
      return (await run((sql) => selectParked(sql, ids.map(toParkedKeyRow)))).map(readParkedRow);
    },
    async listDue(sources, nowMs, limit) {
      const names = nameSources(sources);
      if (names.size === 0) return [];
      const rows = await run((sql) => selectDue(sql, [...names.keys()], Math.floor(nowMs), limit));
      return rows.map((row) => readDueRow(row, names));
    },
    async listParked({ limit, after = { source: "", offset: 0 }, orderId }) {
      const laneKey = orderId === undefined ? undefined : toKeyText(orderId);
      const rows = await run((sql) => selectParkedPage(sql, toParkedKeyRow(after), laneKey, limit));
      return rows.map(readParkedRow);
    },
    retryNow: (id, nowMs) => run((sql) => bringForward(sql, toParkedKeyRow(id), Math.floor(nowMs))),
    orderDeath: (id) => run((sql) => setOperatorOrder(sql, toParkedKeyRow(id), "dead-letter")),
    countParked: () => run(selectParkedCounts),
  };
}
