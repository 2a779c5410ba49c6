import { SQLiteError } from "bun:sqlite";
import { StoreUnavailable } from "./store-unavailable.ts";

// Primary result codes (sqlite.org/rescode.html) that speak about the machine and not about the statement.
const unavailableCodes: ReadonlyMap<number, string> = new Map([
  [5, "the SQLite file is locked by another writer"],
  [6, "the SQLite table is locked"],
  [7, "SQLite is out of memory"],
  [8, "the SQLite file has become read-only"],
  [10, "the disk of the SQLite file fails"],
  [13, "the disk of the SQLite file is full"],
  [14, "the SQLite file cannot be opened"],
]);

/** Whether another process holds the file: the only failure of opening it that passes by itself. */
export function isLocked(error: unknown): boolean {
  const code = error instanceof SQLiteError ? error.errno & 0xff : 0;
  return code === 5 || code === 6;
}

/** `StoreUnavailable` for what waiting can cure; everything else as it was thrown. */
export function translateSqliteError(error: unknown): unknown {
  if (!(error instanceof SQLiteError)) return error;
  const reason = unavailableCodes.get(error.errno & 0xff);
  return reason === undefined ? error : new StoreUnavailable(reason, error);
}
