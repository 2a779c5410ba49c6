// Sagas in PostgreSQL, over the order store's connections.
import type { SQL } from "bun";
import { nameSources, readClaims } from "../../store/claim-row.ts";
import { takeClaims } from "../../store/postgres-claim-statements.ts";
import { readOutboxMessage, readOutboxState } from "./outbox-row.ts";
import {
  dropLease,
  movePublished,
  selectAbandoned,
  selectMessages,
  selectUnpublished,
  takeLease,
} from "./postgres-outbox-statements.ts";
import { deleteRequests, selectRequest } from "./postgres-request-statements.ts";
import { saveSagas } from "./postgres-saga-save.ts";
import {
  selectDueSagas,
  selectSagaCounts,
  selectSagaPage,
  selectSagas,
  takeOrderIds,
} from "./postgres-saga-statements.ts";
import { readSagaRow } from "./saga-row.ts";
import type { SagaStore } from "./saga-store.ts";
import { placedOf, readStats } from "./saga-tally.ts";
import { isRequestKey } from "./writable-requests.ts";
import { isNothingToWrite, isOrderId, prepareSagas, requireName } from "./writable-sagas.ts";

/** `run` gives work a pool of connections on a database that has its tables. */
export function createPostgresSagaStore(
  run: <Answer>(work: (sql: SQL) => Promise<Answer>) => Promise<Answer>,
): SagaStore {
  async function load(orderIds: readonly number[]) {
    const ids = orderIds.filter(isOrderId);
    if (ids.length === 0) return new Map();
    const rows = await run((sql) => selectSagas(sql, ids));
    return new Map(rows.map((row) => [row.order_id, readSagaRow(row)]));
  }

  return {
    load,
    async claim(sources) {
      const names = nameSources(sources);
      if (names.size === 0) return [];
      const claims = await run((sql) => takeClaims(sql, [...names.keys()]));
      return readClaims(names, claims, []).map(({ source, epoch, nextOffset }) => ({
        source,
        epoch,
        nextOffset,
      }));
    },
    async allocateOrderIds(count) {
      return count === 0 ? [] : run((sql) => takeOrderIds(sql, count));
    },
    async save(write) {
      const batch = prepareSagas(write);
      if (isNothingToWrite(batch)) return { kind: "saved", lastSeq: null };
      return run((sql) => saveSagas(sql, batch));
    },
    async listDue(nowMs, limit) {
      return (await run((sql) => selectDueSagas(sql, Math.floor(nowMs), limit))).map(readSagaRow);
    },
    async read(orderId) {
      return (await load([orderId])).get(orderId);
    },
    async list({ offset, limit }) {
      const [rows, tally] = await run((sql) =>
        Promise.all([selectSagaPage(sql, offset, limit), selectSagaCounts(sql)]),
      );
      return { sagas: rows.map(readSagaRow), total: placedOf(tally) };
    },
    async stats() {
      const [tally, unpublished] = await run((sql) =>
        Promise.all([selectSagaCounts(sql), selectUnpublished(sql)]),
      );
      return readStats(tally, unpublished);
    },
    async readRequest(key) {
      if (!isRequestKey(key)) return undefined;
      const row = await run((sql) => selectRequest(sql, key));
      return row === undefined ? undefined : { fingerprint: row.fingerprint, orderId: row.order_id };
    },
    forgetRequests: (beforeMs, limit) => run((sql) => deleteRequests(sql, Math.floor(beforeMs), limit)),
    async leaseOutbox(id, owner, nowMs, untilMs) {
      requireName("an outbox", id);
      requireName("an outbox's owner", owner);
      const row = await run((sql) => takeLease(sql, id, owner, Math.floor(nowMs), Math.floor(untilMs)));
      return row === undefined ? "leased by another" : readOutboxState(id, row);
    },
    listAbandonedOutboxes: (nowMs) => run((sql) => selectAbandoned(sql, Math.floor(nowMs))),
    async readOutbox(id, afterSeq, limit) {
      return (await run((sql) => selectMessages(sql, id, afterSeq, limit))).map(readOutboxMessage);
    },
    settleOutbox: (id, publishedSeq, ends) =>
      run((sql) => movePublished(sql, id, publishedSeq, JSON.stringify(ends))),
    releaseOutbox: (id, owner) => run((sql) => dropLease(sql, id, owner)),
  };
}
