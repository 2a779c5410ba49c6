// The program of the thread that sqlite-thread.ts opens: one connection, one question after the other.
import { parentPort, workerData } from "node:worker_threads";
import { readMigrations } from "./migrations.ts";
import type { SaveOutcome } from "./order-store.ts";
import { type SqliteConnection, openSqliteConnection } from "./sqlite-connection.ts";
import { translateSqliteError } from "./sqlite-failure.ts";
import { saveBatch } from "./sqlite-save.ts";
import type { ThreadAnswer, ThreadRequest } from "./sqlite-thread.ts";
import { StoreUnavailable } from "./store-unavailable.ts";
import { readRowsText, type SqliteRowsText } from "./sqlite-rows.ts";
import type { WritableRows } from "./writable-batch.ts";

/**
 * A batch that finds the pages of the key's index in memory is twice as fast as with SQLite's own 2 MB. Among five million
 * orders one of 10,000 changes 48 MB of pages: with less room they would be written more than once.
 */
const cacheKb = 65_536;

let connection: SqliteConnection | undefined;
const open = () =>
  (connection ??= openSqliteConnection(String(workerData), readMigrations("sqlite"), cacheKb));

function save(orders: SqliteRowsText, rows: WritableRows): SaveOutcome {
  return saveBatch(open(), { ...rows, ...readRowsText(orders) });
}

function answer(request: ThreadRequest): ThreadAnswer {
  switch (request.kind) {
    case "save":
      return { kind: "saved", outcome: save(request.orders, request.rows) };
    case "close":
      connection?.database.close();
      connection = undefined;
      return { kind: "closed" };
  }
}

function describeFailure(thrown: unknown): ThreadAnswer {
  const error = translateSqliteError(thrown);
  if (error instanceof StoreUnavailable)
    return { kind: "unavailable", message: error.message, cause: String(error.cause) };
  return { kind: "failed", message: `in the SQLite thread: ${String(error)}` };
}

parentPort?.on("message", (request: ThreadRequest) => {
  let told: ThreadAnswer;
  try {
    told = answer(request);
  } catch (error) {
    told = describeFailure(error);
  }
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(told);
});
