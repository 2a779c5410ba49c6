// One save as one transaction, at most seven statements and those of replays: the fence first, then sagas, then
// Idempotency-Keys, replays, outboxes, totals last. Every instance locks in this order, and within each kind by name or id. What is refused leaves nothing behind.
import type { SQL, TransactionSQL } from "bun";
import { settleItems } from "../../replays/store/settle-items.ts";
import { advanceClaims } from "../../store/postgres-claim-statements.ts";
import { postgresDialect, runPostgresScript } from "../../store/sql-script.ts";
import { homesOf, routeMessages, savedOutcome } from "./outbox-row.ts";
import { insertMessages, reserveSeqs } from "./postgres-outbox-statements.ts";
import { addToSagaCounts, insertSagas, setHomes, updateSagas } from "./postgres-saga-statements.ts";
import { insertRequests } from "./postgres-request-statements.ts";
import { RefusedSave, refuseTakenKeys } from "./refused-save.ts";
import type { SagaSaveOutcome } from "./saga-store.ts";
import { type SagaMove, tallyOf } from "./saga-tally.ts";
import { toCounted, type WritableSagas } from "./writable-sagas.ts";

/** What writing the sagas has shown. */
interface WrittenSagas {
  readonly moves: readonly SagaMove[];
  /** Outboxes, other than the save's, that have not published the order's NEW. */
  readonly away: ReadonlyMap<number, string>;
  /** Placed, and without a home. */
  readonly homeless: ReadonlySet<number>;
}

export async function saveSagas(sql: SQL, batch: WritableSagas): Promise<SagaSaveOutcome> {
  try {
    return await sql.begin((tx) => write(tx, batch));
  } catch (error) {
    if (error instanceof RefusedSave) return error.outcome;
    throw error;
  }
}

/** Rejects with `RefusedSave`, which ends the transaction. */
async function write(tx: TransactionSQL, batch: WritableSagas): Promise<SagaSaveOutcome> {
  const { progress } = batch;
  if (progress.length > 0) {
    const held = new Set(await advanceClaims(tx, progress));
    const fenced = progress.filter(({ source }) => !held.has(source));
    if (fenced.length > 0) throw new RefusedSave({ kind: "fenced", sources: fenced.map(({ name }) => name) });
  }
  const written = await writeSagas(tx, batch);
  const { requests } = batch;
  if (requests.length > 0) refuseTakenKeys(requests, await insertRequests(tx, requests));
  if (batch.settle.length > 0) {
    const items = await runPostgresScript(tx, settleItems(postgresDialect, batch.settle));
    if (items.length > 0) throw new RefusedSave({ kind: "settled", items });
  }
  const lastSeq = await writeMessages(tx, batch, written);
  await addToSagaCounts(tx, tallyOf(written.moves, batch.counted));
  return savedOutcome(lastSeq, batch.messages, written.away);
}

async function writeSagas(
  tx: TransactionSQL,
  { creates, updates, outbox }: WritableSagas,
): Promise<WrittenSagas> {
  const created = new Set(creates.length === 0 ? [] : await insertSagas(tx, creates));
  const updatedRows = updates.length === 0 ? [] : await updateSagas(tx, updates);
  const updated = new Map(updatedRows.map((row) => [row.order_id, row]));
  if (created.size < creates.length || updated.size < updates.length) {
    const refused = [
      ...creates.filter(({ order_id }) => !created.has(order_id)),
      ...updates.filter(({ order_id }) => !updated.has(order_id)),
    ];
    throw new RefusedSave({ kind: "conflicts", orderIds: refused.map(({ order_id }) => order_id) });
  }

  const moves: SagaMove[] = [];
  const away = new Map<number, string>();
  const homeless = new Set<number>();
  for (const row of [...creates, ...updates]) {
    const before = updated.get(row.order_id);
    const home = before?.home_outbox ?? null;
    if (row.isPlaced && home === null) homeless.add(row.order_id);
    if (home !== null && home !== outbox && before?.home_waits === true) away.set(row.order_id, home);
    moves.push({
      before: before === undefined ? null : toCounted(before, before.was_placed),
      after: toCounted(row, row.isPlaced),
    });
  }
  return { moves, away, homeless };
}

async function writeMessages(
  tx: TransactionSQL,
  { messages, outbox }: WritableSagas,
  { away, homeless }: WrittenSagas,
): Promise<number | null> {
  if (messages.length === 0) return null;
  const mails = routeMessages(outbox, messages, away);
  const firstSeqs = await reserveSeqs(tx, mails);
  await insertMessages(tx, mails, firstSeqs);
  const own = mails.find((mail) => mail.outbox === outbox);
  const firstSeq = firstSeqs.get(outbox);
  if (own === undefined || firstSeq === undefined) return null;
  const homes = homesOf(own, firstSeq, homeless);
  if (homes.length > 0) await setHomes(tx, outbox, homes);
  return firstSeq + own.messages.length - 1;
}
