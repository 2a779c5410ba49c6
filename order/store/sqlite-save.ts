// One batch as one transaction: the fence first, then orders, then parked records. What is refused leaves nothing behind.
import { announceChanges } from "../changes/create-order-changes.ts";
import { settleItems } from "../replays/store/settle-items.ts";
import { toOrderRow } from "./order-row.ts";
import type { OrderChange, SaveOutcome } from "./order-store.ts";
import type { ParkedState } from "./parked-records.ts";
import { type ParkedKeyRow, type ParkedRow, tallyOf } from "./parked-row.ts";
import { RolledBack } from "./rolled-back.ts";
import { runSqliteScript, sqliteDialect } from "./sql-script.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { inTransaction } from "./sqlite-transaction.ts";
import { changedIds, type OrderCreation, type WritableBatch } from "./writable-batch.ts";

export function saveBatch(connection: SqliteConnection, batch: WritableBatch): SaveOutcome {
  try {
    inTransaction(connection.database, () => write(connection, batch));
    return { kind: "saved" };
  } catch (error) {
    if (error instanceof RolledBack) return error.outcome;
    throw error;
  }
}

/** Throws `RolledBack`, which ends the transaction. */
function write(connection: SqliteConnection, batch: WritableBatch): void {
  const { parking, addToCount } = connection;
  const fenced = batch.progress.filter(
    ({ source, epoch, next_offset }) => parking.advanceClaim.run(next_offset, source, epoch).changes === 0,
  );
  if (fenced.length > 0) throw new RolledBack({ kind: "fenced", sources: fenced.map(({ name }) => name) });

  const conflicts = [
    ...batch.creates.filter((change) => !insert(connection, change)),
    ...batch.updates.filter((change) => !update(connection, change)),
  ];
  if (conflicts.length > 0) {
    throw new RolledBack({ kind: "conflicts", orderIds: conflicts.map(({ order }) => order.orderId) });
  }
  if (batch.creates.length > 0) addToCount.run(batch.creates.length);
  const changed = batch.announce ? changedIds(batch) : [];
  if (changed.length > 0) runSqliteScript(connection.database, announceChanges(changed));
  writeParked(connection, batch);
  if (batch.settle.length === 0) return;
  const items = runSqliteScript(connection.database, settleItems(sqliteDialect, batch.settle));
  if (items.length > 0) throw new RolledBack({ kind: "settled", items });
}

function writeParked({ parking }: SqliteConnection, { park, repark, unpark }: WritableBatch): void {
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

function insert({ insertOrder }: SqliteConnection, { order }: OrderCreation): boolean {
  const row = toOrderRow(order);
  const { changes } = insertOrder.run(
    row.order_id,
    row.customer_id,
    row.order_date,
    row.items,
    row.total_cents,
    row.shipping_cents,
    row.currency,
    row.status,
    row.created_topic,
    row.created_partition,
    row.created_offset,
    row.created_event_id,
    row.applied,
    row.version,
  );
  return changes === 1;
}

function update({ updateOrder }: SqliteConnection, { order, expectedVersion }: OrderChange): boolean {
  const { changes } = updateOrder.run(
    order.status,
    JSON.stringify(order.applied),
    order.version,
    order.orderId,
    expectedVersion,
  );
  return changes === 1;
}
