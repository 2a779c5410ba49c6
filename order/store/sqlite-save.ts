// One batch as one transaction: the fence first, then orders, then parked records. What is refused leaves nothing behind.
import { announceChanges } from "../changes/create-order-changes.ts";
import { settleItems } from "../replays/store/settle-items.ts";
import type { SaveOutcome } from "./order-store.ts";
import type { ParkedState } from "./parked-records.ts";
import { type ParkedKeyRow, type ParkedRow, tallyOf } from "./parked-row.ts";
import { RolledBack } from "./rolled-back.ts";
import { runSqliteScript, sqliteDialect } from "./sql-script.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import {
  createIdAt,
  createWidth,
  idsOf,
  type RowValue,
  type SqliteRows,
  updateIdAt,
  updateWidth,
} from "./sqlite-rows.ts";
import { inTransaction } from "./sqlite-transaction.ts";
import type { WritableRows } from "./writable-batch.ts";

export type SqliteBatch = WritableRows & SqliteRows;

export function saveBatch(connection: SqliteConnection, batch: SqliteBatch): SaveOutcome {
  try {
    inTransaction(connection.database, () => write(connection, batch));
    return { kind: "saved" };
  } catch (error) {
    if (error instanceof RolledBack) return error.outcome;
    throw error;
  }
}

/** Throws `RolledBack`, which ends the transaction. */
function write(connection: SqliteConnection, batch: SqliteBatch): void {
  const { parking, addToCount } = connection;
  const fenced = batch.progress.filter(
    ({ source, epoch, next_offset }) => parking.advanceClaim.run(next_offset, source, epoch).changes === 0,
  );
  if (fenced.length > 0) throw new RolledBack({ kind: "fenced", sources: fenced.map(({ name }) => name) });

  const orderIds = [...insertAll(connection, batch.creates), ...updateAll(connection, batch.updates)];
  if (orderIds.length > 0) throw new RolledBack({ kind: "conflicts", orderIds });
  if (batch.creates.length > 0) addToCount.run(batch.creates.length / createWidth);
  const changed = batch.announce ? idsOf(batch) : [];
  if (changed.length > 0) runSqliteScript(connection.database, announceChanges(changed));
  writeParked(connection, batch);
  if (batch.settle.length === 0) return;
  const items = runSqliteScript(connection.database, settleItems(sqliteDialect, batch.settle));
  if (items.length > 0) throw new RolledBack({ kind: "settled", items });
}

function writeParked({ parking }: SqliteConnection, { park, repark, unpark }: SqliteBatch): void {
  if (park.length + repark.length + unpark.length === 0) return;
  const stateOf = ({ source, offset }: ParkedKeyRow): ParkedState | null =>
    parking.selectParkedState.get(source, offset)?.state ?? null;
  const moves: { readonly before: ParkedState | null; readonly after: ParkedState | null }[] = [];
  for (const row of unpark) {
    moves.push({ before: stateOf(row), after: null });
    parking.deleteParked.run(row.source, row.offset);
  }
  for (const row of repark) {
    const before = stateOf(row);
    if (before !== null) moves.push({ before, after: row.state });
    parking.updateParked.run(row.state, row.due_at_ms, row.progress, row.source, row.offset);
  }
  for (const row of park) {
    if (insertParked(parking, row)) moves.push({ before: null, after: row.state });
  }
  const { waiting, behind, dead } = tallyOf(moves);
  parking.addToParkedCounts.run(waiting, behind, dead);
}

function insertParked({ insertParked }: SqliteConnection["parking"], row: ParkedRow): boolean {
  const { changes } = insertParked.run(
    row.source,
    row.offset,
    row.lane_key,
    row.long_lane,
    row.state,
    row.due_at_ms,
    row.progress,
    row.document,
    row.key,
    row.value,
  );
  return changes === 1;
}

/** Answers the ids of those that are there already. */
function insertAll({ insertOrder }: SqliteConnection, values: readonly RowValue[]): string[] {
  const conflicts: string[] = [];
  for (let at = 0; at < values.length; at += createWidth) {
    const { changes } = insertOrder.run(...values.slice(at, at + createWidth));
    if (changes !== 1) conflicts.push(String(values[at + createIdAt]));
  }
  return conflicts;
}

/** Answers the ids of those that are not at the version that they were decided on. */
function updateAll({ updateOrder }: SqliteConnection, values: readonly RowValue[]): string[] {
  const conflicts: string[] = [];
  for (let at = 0; at < values.length; at += updateWidth) {
    const { changes } = updateOrder.run(...values.slice(at, at + updateWidth));
    if (changes !== 1) conflicts.push(String(values[at + updateIdAt]));
  }
  return conflicts;
}
