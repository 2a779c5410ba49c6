// One batch as one transaction: the fence first, then orders, then parked records, counts last. What is refused leaves
// nothing behind. A small one is a statement of its own: postgres-small-batch.ts.
import type { SQL, TransactionSQL } from "bun";
import { announceChanges } from "../changes/create-order-changes.ts";
import { settleItems } from "../replays/store/settle-items.ts";
import { inOrder } from "./in-order.ts";
import type { OrderChange, SaveOutcome } from "./order-store.ts";
import { tallyOf } from "./parked-row.ts";
import { advanceClaims } from "./postgres-claim-statements.ts";
import { addToParkedCounts, deleteParked, insertParked, updateParked } from "./postgres-parked-statements.ts";
import { addToCount, copyOrders, selectVersions, updateOrders } from "./postgres-statements.ts";
import { isUniqueViolation } from "./postgres-failure.ts";
import { isSmall, saveSmallBatch } from "./postgres-small-batch.ts";
import { type PostgresTexts, toPostgresTexts } from "./postgres-texts.ts";
import { RolledBack } from "./rolled-back.ts";
import { postgresDialect, runPostgresScript } from "./sql-script.ts";
import { StoreUnavailable } from "./store-unavailable.ts";
import { changedIds, type WritableBatch } from "./writable-batch.ts";

/** Batches that are looked through before they are written, after one whose creates were not all new. */
const waryBatches = 16;

const nothing = Promise.resolve();

/** Writes batches and remembers one thing between them: whether creates have lately met orders that exist. */
export function createPostgresSaver(run: <Answer>(work: (sql: SQL) => Promise<Answer>) => Promise<Answer>) {
  let wary = 0;

  /** Answers what stands against the batch, read outside of its transaction: an order never returns to an older version. */
  async function readConflicts({ creates, updates }: WritableBatch): Promise<SaveOutcome | undefined> {
    const orderIds = await run((sql) => findConflicts(sql, [...creates, ...updates]));
    return orderIds.length === 0 ? undefined : { kind: "conflicts", orderIds };
  }

  const writeAll = (batch: WritableBatch, texts: PostgresTexts) =>
    run((sql) => sql.begin((tx) => write(tx, batch, texts)));

  /** Updates are looked at first: of a batch that they stand against, the creates have not been tried. */
  async function wholeOutcome(batch: WritableBatch, outcome: SaveOutcome): Promise<SaveOutcome> {
    if (outcome.kind !== "conflicts" || batch.creates.length === 0) return outcome;
    return (await readConflicts(batch)) ?? outcome;
  }

  /** `texts` are those of the batch's changes, when they were made before. */
  return async function save(batch: WritableBatch, texts?: PostgresTexts): Promise<SaveOutcome> {
    if (wary > 0 && batch.creates.length > 0) {
      // Cheaper than a COPY for nothing, where duplicates come in every batch; too dear where they do not.
      const conflicts = await readConflicts(batch);
      wary = conflicts === undefined ? wary - 1 : waryBatches;
      if (conflicts !== undefined) return conflicts;
    }
    try {
      if (!isSmall(batch)) await writeAll(batch, texts ?? toPostgresTexts(batch));
      else return await wholeOutcome(batch, await run((sql) => saveSmallBatch(sql, batch)));
      return { kind: "saved" };
    } catch (error) {
      if (error instanceof RolledBack) return wholeOutcome(batch, error.outcome);
      if (!isUniqueViolation(error)) throw error;
      wary = waryBatches;
      const conflicts = await readConflicts(batch);
      if (conflicts !== undefined) return conflicts;
      // Only somebody who deletes orders by hand can bring this about.
      throw new StoreUnavailable("PostgreSQL: an order was there and has gone again", error);
    }
  };
}

/**
 * Rejects with `RolledBack`, or with a unique violation when a create is not new; both end the transaction. The fence and the
 * updates are sent together: what a batch that was overtaken has changed is undone with it.
 */
async function write(tx: TransactionSQL, batch: WritableBatch, texts: PostgresTexts): Promise<void> {
  const { progress, creates, updates } = batch;
  await inOrder([
    progress.length === 0 ? nothing : passFence(tx, progress),
    updates.length === 0 ? nothing : writeUpdates(tx, updates, texts.updates),
  ]);
  if (creates.length > 0) await copyOrders(tx, texts.copy);
  await writeParked(tx, batch);
  if (batch.settle.length > 0) {
    const items = await runPostgresScript(tx, settleItems(postgresDialect, batch.settle));
    if (items.length > 0) throw new RolledBack({ kind: "settled", items });
  }
  const changed = batch.announce ? changedIds(batch) : [];
  if (changed.length > 0) await runPostgresScript(tx, announceChanges(changed));
  if (creates.length > 0) await addToCount(tx, creates.length);
}

async function passFence(tx: TransactionSQL, progress: WritableBatch["progress"]): Promise<void> {
  const held = new Set(await advanceClaims(tx, progress));
  const fenced = progress.filter(({ source }) => !held.has(source));
  if (fenced.length > 0) throw new RolledBack({ kind: "fenced", sources: fenced.map(({ name }) => name) });
}

async function writeUpdates(
  tx: TransactionSQL,
  updates: readonly OrderChange[],
  updateRecords: string,
): Promise<void> {
  const orderIds = idsNotIn(updates, await updateOrders(tx, updateRecords));
  if (orderIds.length > 0) throw new RolledBack({ kind: "conflicts", orderIds });
}

async function writeParked(tx: TransactionSQL, { park, repark, unpark }: WritableBatch): Promise<void> {
  if (park.length + repark.length + unpark.length === 0) return;
  const removed = unpark.length === 0 ? [] : await deleteParked(tx, unpark);
  const moved = repark.length === 0 ? [] : await updateParked(tx, repark);
  const added = park.length === 0 ? [] : await insertParked(tx, park);
  await addToParkedCounts(
    tx,
    tallyOf([
      ...removed.map((before) => ({ before, after: null })),
      ...moved,
      ...added.map((after) => ({ before: null, after })),
    ]),
  );
}

/** The ids of the changes whose order is at another version than the one they were decided on. */
async function findConflicts(sql: SQL, changes: readonly OrderChange[]): Promise<readonly string[]> {
  const rows = await selectVersions(
    sql,
    changes.map(({ order }) => order.orderId),
  );
  const versions = new Map(rows.map(({ order_id, version }) => [order_id, version]));
  return changes
    .filter(({ order, expectedVersion }) => (versions.get(order.orderId) ?? 0) !== expectedVersion)
    .map(({ order }) => order.orderId);
}

function idsNotIn(changes: readonly OrderChange[], written: readonly string[]): readonly string[] {
  if (written.length === changes.length) return [];
  const writtenIds = new Set(written);
  return changes.map(({ order }) => order.orderId).filter((orderId) => !writtenIds.has(orderId));
}
