// Which failures of PostgreSQL are its own (wait and try again) and which are ours (a bug). Told by Bun's error code
// where there is no answer from the server, else by the server's SQLSTATE (its first two characters are the class).
import { SQL } from "bun";
import { StoreUnavailable } from "./store-unavailable.ts";

const connectionCodes = new Set([
  "ERR_POSTGRES_CONNECTION_CLOSED",
  "ERR_POSTGRES_CONNECTION_FAILED",
  "ERR_POSTGRES_CONNECTION_REFUSED",
  "ERR_POSTGRES_CONNECTION_TIMEOUT",
  "ERR_POSTGRES_IDLE_TIMEOUT",
  "ERR_POSTGRES_LIFETIME_TIMEOUT",
  "ERR_POSTGRES_QUERY_CANCELLED",
  "ERR_POSTGRES_TLS_UPGRADE_FAILED",
]);

const unavailableClasses = new Set([
  "08", // connection exception
  "40", // transaction rollback: deadlock, serialization failure
  "53", // insufficient resources: disk full, out of memory, too many connections
  "57", // operator intervention: shutdown, starting up, cancelled, statement timeout
  "58", // system error: I/O
]);

const unavailableStates = new Set([
  "25006", // read-only: the connection reaches a standby after a failover
  "25P03", // idle in transaction for too long: this process was frozen
  "55P03", // lock timeout
]);

/** Refusals that are a wrong setting when they come at start-up, and somebody's maintenance when they come later. */
const refusedClasses = new Set([
  "28", // authorisation
  "3D", // no such database
]);

/** What `sslmode` in the address asks for, and the server does not have: like the refusals above. */
function lacksTls(error: unknown): boolean {
  return error instanceof SQL.PostgresError && error.code === "ERR_POSTGRES_TLS_NOT_AVAILABLE";
}

function sqlState(error: unknown): string | undefined {
  return error instanceof SQL.PostgresError ? error.errno : undefined;
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === "23505";
}

/** Whether the server is there and refuses us: user, password or database are wrong, or it has no TLS. */
export function isRefusal(error: unknown): boolean {
  return lacksTls(error) || refusedClasses.has(sqlState(error)?.slice(0, 2) ?? "");
}

/** `StoreUnavailable` for what waiting can cure; everything else as it was thrown. */
export function translatePostgresError(error: unknown): unknown {
  if (!(error instanceof SQL.PostgresError)) return error;
  if (lacksTls(error)) {
    const message =
      "PostgreSQL offers no TLS, which sslmode in DATABASE_URL asks for: set it up there, or sslmode=disable";
    return new StoreUnavailable(message, error);
  }
  const state = error.errno ?? "";
  const stateClass = state.slice(0, 2);
  const unavailable =
    connectionCodes.has(error.code) ||
    unavailableClasses.has(stateClass) ||
    unavailableStates.has(state) ||
    refusedClasses.has(stateClass);
  return unavailable ? new StoreUnavailable(`PostgreSQL: ${error.message}`, error) : error;
}
