// Claims and parked records in SQLite.
import { nameSources, readClaims, readProgressRows } from "./claim-row.ts";
import { toKeyText } from "./key-text.ts";
import type { Parking } from "./order-store.ts";
import { type DueRow, readDueRow, readParkedRow, toParkedKeyRow } from "./parked-row.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { inTransaction } from "./sqlite-transaction.ts";

type Run = <Answer>(work: (connection: SqliteConnection) => Answer) => Promise<Answer>;

/** Both give work the open database; `write` when nobody else writes. */
export function createSqliteParking(run: Run, write: Run): Parking {
  return {
    async claim(sources) {
      const names = nameSources(sources);
      if (names.size === 0) return [];
      const keys = [...names.keys()];
      return write(({ database, parking }) =>
        inTransaction(database, () => {
          const claims = keys.flatMap((key) => parking.takeClaim.all(key));
          const parked = keys.flatMap((key) => parking.selectParkedOfSource.all(key));
          return readClaims(names, claims, parked);
        }),
      );
    },
    async readProgress(sources) {
      const names = nameSources(sources);
      return run(({ parking }) =>
        readProgressRows(
          names,
          [...names.keys()].flatMap((key) => parking.selectProgress.all(key)),
        ),
      );
    },
    async loadParked(ids) {
      const keys = new Map(ids.map((id) => [`${id.offset} ${id.source}`, toParkedKeyRow(id)]));
      const sorted = [...keys.values()].sort(
        (left, right) => compareText(left.source, right.source) || left.offset - right.offset,
      );
      return run(({ database, parking }) =>
        // One snapshot, as a single statement would have.
        database
          .transaction(() => sorted.flatMap(({ source, offset }) => parking.selectParked.all(source, offset)))
          .deferred()
          .map(readParkedRow),
      );
    },
    async listDue(sources, nowMs, limit) {
      const names = nameSources(sources);
      const keys = [...names.keys()];
      return run(({ parking }) => {
        const ordered = keys.flatMap((key) => parking.selectOrdered.all(key, limit));
        const due = keys.flatMap((key) => parking.selectDue.all(key, Math.floor(nowMs), limit));
        return [...ordered, ...due]
          .sort(compareDue)
          .slice(0, limit)
          .map((row) => readDueRow(row, names));
      });
    },
    async listParked({ limit, after = { source: "", offset: 0 }, orderId }) {
      const { source, offset } = toParkedKeyRow(after);
      const rows = await run(({ parking }) =>
        orderId === undefined
          ? parking.selectParkedPage.all(source, offset, limit)
          : parking.selectParkedPageOfLane.all(toKeyText(orderId), source, offset, limit),
      );
      return rows.map(readParkedRow);
    },
    async retryNow(id, nowMs) {
      const { source, offset } = toParkedKeyRow(id);
      return write(
        ({ parking }) => parking.bringForward.run(Math.floor(nowMs), source, offset).changes === 1,
      );
    },
    async orderDeath(id) {
      const { source, offset } = toParkedKeyRow(id);
      return write(
        ({ parking }) => parking.setOperatorOrder.run("dead-letter", source, offset).changes === 1,
      );
    },
    countParked: () =>
      run(({ parking }) => parking.selectParkedCounts.get() ?? { waiting: 0, behind: 0, dead: 0 }),
  };
}

/** Orders first, then by due time; ties by source and offset. */
function compareDue(left: DueRow, right: DueRow): number {
  return (
    Number(left.operator_order === null) - Number(right.operator_order === null) ||
    (left.due_at_ms ?? Number.NEGATIVE_INFINITY) - (right.due_at_ms ?? Number.NEGATIVE_INFINITY) ||
    compareText(left.source, right.source) ||
    left.offset - right.offset
  );
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
