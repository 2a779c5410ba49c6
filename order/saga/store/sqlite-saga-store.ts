// Sagas in SQLite, over the order store's connection.
import { nameSources, readClaims } from "../../store/claim-row.ts";
import type { SqliteConnection } from "../../store/sqlite-connection.ts";
import { inTransaction } from "../../store/sqlite-transaction.ts";
import { readOutboxMessage, readOutboxState } from "./outbox-row.ts";
import { readSagaRow } from "./saga-row.ts";
import type { SagaStore } from "./saga-store.ts";
import { placedOf, readStats } from "./saga-tally.ts";
import { saveSagas } from "./sqlite-saga-save.ts";
import { isRequestKey } from "./writable-requests.ts";
import { isNothingToWrite, isOrderId, prepareSagas, requireName } from "./writable-sagas.ts";

type Run = <Answer>(work: (connection: SqliteConnection) => Answer) => Promise<Answer>;

/** Both give work the open database; `write` when nobody else writes. */
export function createSqliteSagaStore(run: Run, write: Run): SagaStore {
  async function load(orderIds: readonly number[]) {
    const ids = JSON.stringify(orderIds.filter(isOrderId));
    const rows = await run(({ sagas }) => sagas.selectSagas.all(ids));
    return new Map(rows.map((row) => [row.order_id, readSagaRow(row)]));
  }

  return {
    load,
    async claim(sources) {
      const names = nameSources(sources);
      if (names.size === 0) return [];
      const claims = await write(({ database, parking }) =>
        inTransaction(database, () => [...names.keys()].flatMap((key) => parking.takeClaim.all(key))),
      );
      return readClaims(names, claims, []).map(({ source, epoch, nextOffset }) => ({
        source,
        epoch,
        nextOffset,
      }));
    },
    async allocateOrderIds(count) {
      if (count === 0) return [];
      const row = await write(({ sagas }) => sagas.takeOrderIds.get(count));
      if (row === null) throw new Error("the sequence of order ids is gone");
      return Array.from({ length: count }, (_, index) => row.last_id - count + 1 + index);
    },
    async save(sagas) {
      const batch = prepareSagas(sagas);
      if (isNothingToWrite(batch)) return { kind: "saved", lastSeq: null };
      return write((connection) => saveSagas(connection, batch));
    },
    async listDue(nowMs, limit) {
      return run(({ sagas }) => sagas.selectDue.all(Math.floor(nowMs), limit).map(readSagaRow));
    },
    async read(orderId) {
      return (await load([orderId])).get(orderId);
    },
    list: ({ offset, limit }) =>
      run(({ sagas }) => ({
        sagas: sagas.selectPage.all(limit, offset).map(readSagaRow),
        total: placedOf(sagas.selectCounts.get() ?? undefined),
      })),
    stats: () =>
      run(({ sagas }) =>
        readStats(sagas.selectCounts.get() ?? undefined, sagas.selectUnpublished.get()?.messages ?? 0),
      ),
    async readRequest(key) {
      if (!isRequestKey(key)) return undefined;
      const row = await run(({ sagas }) => sagas.selectRequest.get(key));
      return row === null ? undefined : { fingerprint: row.fingerprint, orderId: row.order_id };
    },
    forgetRequests: (beforeMs, limit) =>
      write(({ sagas }) => sagas.deleteRequests.run(Math.floor(beforeMs), limit).changes),
    async leaseOutbox(id, owner, nowMs, untilMs) {
      requireName("an outbox", id);
      requireName("an outbox's owner", owner);
      const row = await write(({ sagas }) =>
        sagas.takeLease.get(id, owner, Math.floor(untilMs), Math.floor(nowMs)),
      );
      return row === null ? "leased by another" : readOutboxState(id, row);
    },
    listAbandonedOutboxes: (nowMs) =>
      run(({ sagas }) => sagas.selectAbandoned.all(Math.floor(nowMs)).map(({ id }) => id)),
    readOutbox: (id, afterSeq, limit) =>
      run(({ sagas }) => sagas.selectMessages.all(id, afterSeq, limit).map(readOutboxMessage)),
    settleOutbox: (id, publishedSeq, ends) =>
      write(({ database, sagas }) =>
        inTransaction(database, () => {
          const { changes } = sagas.movePublished.run(id, publishedSeq, JSON.stringify(ends));
          if (changes === 1) sagas.deleteMessages.run(id, publishedSeq);
        }),
      ),
    async releaseOutbox(id, owner) {
      await write(({ sagas }) => sagas.dropLease.run(id, owner));
    },
  };
}
