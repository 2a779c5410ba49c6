// One save as one transaction: the fence first, then sagas, Idempotency-Keys, outboxes and totals. What is refused leaves
// nothing behind.
import { settleItems } from "../../replays/store/settle-items.ts";
import { runSqliteScript, sqliteDialect } from "../../store/sql-script.ts";
import type { SqliteConnection } from "../../store/sqlite-connection.ts";
import { inTransaction } from "../../store/sqlite-transaction.ts";
import { homesOf, type Mail, routeMessages, savedOutcome, toHeadersText } from "./outbox-row.ts";
import { RefusedSave, refuseTakenKeys } from "./refused-save.ts";
import type { SagaSaveOutcome } from "./saga-store.ts";
import { isNothing, type SagaMove, tallyOf, tallyValues } from "./saga-tally.ts";
import { type ExpectedSagaRow, toCounted, type WritableSagas } from "./writable-sagas.ts";

export function saveSagas(connection: SqliteConnection, batch: WritableSagas): SagaSaveOutcome {
  try {
    return inTransaction(connection.database, () => write(connection, batch));
  } catch (error) {
    if (error instanceof RefusedSave) return error.outcome;
    throw error;
  }
}

/** Throws `RefusedSave`, which ends the transaction. */
function write(connection: SqliteConnection, batch: WritableSagas): SagaSaveOutcome {
  const { parking, sagas } = connection;
  const fenced = batch.progress.filter(
    ({ source, epoch, next_offset }) => parking.advanceClaim.run(next_offset, source, epoch).changes === 0,
  );
  if (fenced.length > 0) throw new RefusedSave({ kind: "fenced", sources: fenced.map(({ name }) => name) });

  const moves: SagaMove[] = [];
  const away = new Map<number, string>();
  const homeless = new Set<number>();
  const conflicts: number[] = [];
  for (const row of batch.creates) {
    if (!insert(connection, row)) conflicts.push(row.order_id);
    if (row.isPlaced) homeless.add(row.order_id);
    moves.push({ before: null, after: toCounted(row, row.isPlaced) });
  }
  for (const row of batch.updates) {
    const before = sagas.selectBefore.get(row.order_id);
    if (before === null || before.version !== row.expected_version) {
      conflicts.push(row.order_id);
      continue;
    }
    const home = before.home_outbox;
    if (row.isPlaced && home === null) homeless.add(row.order_id);
    if (home !== null && home !== batch.outbox && before.home_waits === 1) away.set(row.order_id, home);
    update(connection, row);
    moves.push({ before: toCounted(before, before.was_placed === 1), after: toCounted(row, row.isPlaced) });
  }
  if (conflicts.length > 0) throw new RefusedSave({ kind: "conflicts", orderIds: conflicts });

  const inserted = batch.requests.filter(
    ({ idempotency_key, fingerprint, order_id, requested_at_ms }) =>
      sagas.insertRequest.run(idempotency_key, fingerprint, order_id, requested_at_ms).changes === 1,
  );
  refuseTakenKeys(
    batch.requests,
    inserted.map(({ idempotency_key }) => idempotency_key),
  );

  const items = runSqliteScript(connection.database, settleItems(sqliteDialect, batch.settle));
  if (items.length > 0) throw new RefusedSave({ kind: "settled", items });

  let lastSeq: number | null = null;
  for (const mail of routeMessages(batch.outbox, batch.messages, away)) {
    const firstSeq = append(connection, mail);
    if (mail.outbox !== batch.outbox) continue;
    lastSeq = firstSeq + mail.messages.length - 1;
    for (const { order_id, home_seq } of homesOf(mail, firstSeq, homeless)) {
      sagas.setHome.run(mail.outbox, home_seq, order_id);
    }
  }
  const tally = tallyOf(moves, batch.counted);
  if (!isNothing(tally)) sagas.addToCounts.run(...tallyValues(tally));
  return savedOutcome(lastSeq, batch.messages, away);
}

/** Answers the number of the mail's first message. */
function append({ sagas }: SqliteConnection, { outbox, messages }: Mail): number {
  const row = sagas.reserveSeqs.get(outbox, messages.length);
  if (row === null) throw new Error(`the outbox ${outbox} was not answered`);
  const firstSeq = row.next_seq - messages.length;
  messages.forEach(({ orderId, topic, key, value, headers }, index) => {
    sagas.insertMessage.run(outbox, firstSeq + index, orderId, topic, key, value, toHeadersText(headers));
  });
  return firstSeq;
}

function insert({ sagas }: SqliteConnection, row: ExpectedSagaRow): boolean {
  const { changes } = sagas.insertSaga.run(
    row.order_id,
    row.version,
    row.status,
    row.payment_state,
    row.stock_state,
    row.deadline_at_ms,
    row.placed,
    row.state,
  );
  return changes === 1;
}

function update({ sagas }: SqliteConnection, row: ExpectedSagaRow): void {
  sagas.updateSaga.run(
    row.version,
    row.status,
    row.payment_state,
    row.stock_state,
    row.deadline_at_ms,
    row.placed,
    row.state,
    row.order_id,
  );
}
