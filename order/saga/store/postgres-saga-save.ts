// One save as one transaction, at most seven statements and those of replays: the fence first, then sagas, then
// Idempotency-Keys, replays, outboxes, totals last. Every instance locks in this order, and within each kind by name or id. What is refused leaves nothing behind.
import type { SQL, TransactionSQL } from "bun";
import { settleItems } from "../../replays/store/settle-items.ts";
import { inOrder } from "../../store/in-order.ts";
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

const noSeqs: ReadonlyMap<string, number> = new Map();
const nothing = Promise.resolve();
const none: Promise<readonly never[]> = Promise.resolve([]);

export async function saveSagas(sql: SQL, batch: WritableSagas): Promise<SagaSaveOutcome> {
  try {
    return await sql.begin((tx) => write(tx, batch));
  } catch (error) {
    if (error instanceof RefusedSave) return error.outcome;
    throw error;
  }
}

/**
 * Rejects with `RefusedSave`, which ends the transaction. What needs no answer of the statements before is sent with them:
 * a connection works on them in the order in which they are sent, and what is refused is undone with the rest.
 */
async function write(tx: TransactionSQL, batch: WritableSagas): Promise<SagaSaveOutcome> {
  const [, written] = await inOrder([passFence(tx, batch), writeSagas(tx, batch)]);
  const { requests, outbox } = batch;
  if (requests.length > 0) refuseTakenKeys(requests, await insertRequests(tx, requests));
  if (batch.settle.length > 0) {
    const items = await runPostgresScript(tx, settleItems(postgresDialect, batch.settle));
    if (items.length > 0) throw new RefusedSave({ kind: "settled", items });
  }
  const mails = routeMessages(outbox, batch.messages, written.away);
  const firstSeqs = mails.length === 0 ? noSeqs : await reserveSeqs(tx, mails);
  const own = mails.find((mail) => mail.outbox === outbox);
  const firstSeq = firstSeqs.get(outbox);
  const homes = own === undefined || firstSeq === undefined ? [] : homesOf(own, firstSeq, written.homeless);
  await inOrder([
    mails.length === 0 ? nothing : insertMessages(tx, mails, firstSeqs),
    homes.length === 0 ? nothing : setHomes(tx, outbox, homes),
    addToSagaCounts(tx, tallyOf(written.moves, batch.counted)),
  ]);
  const lastSeq = own === undefined || firstSeq === undefined ? null : firstSeq + own.messages.length - 1;
  return savedOutcome(lastSeq, batch.messages, written.away);
}

async function passFence(tx: TransactionSQL, { progress }: WritableSagas): Promise<void> {
  if (progress.length === 0) return;
  const held = new Set(await advanceClaims(tx, progress));
  const fenced = progress.filter(({ source }) => !held.has(source));
  if (fenced.length > 0) throw new RefusedSave({ kind: "fenced", sources: fenced.map(({ name }) => name) });
}

async function writeSagas(
  tx: TransactionSQL,
  { creates, updates, outbox }: WritableSagas,
): Promise<WrittenSagas> {
  const [createdIds, updatedRows] = await inOrder([
    creates.length === 0 ? none : insertSagas(tx, creates),
    updates.length === 0 ? none : updateSagas(tx, updates),
  ]);
  const created = new Set(createdIds);
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
