// What a failed transaction's error code means to the one who published it. Pure; when in doubt, `unknown`: records that
// are perhaps visible must never be reported as certainly not.
import { classifyRejection, errorCodes, publishFailure } from "./publish-failure.ts";

/** Beside those of publish-failure.ts. */
export const transactionErrorCodes = {
  purgedInFlight: -151,
  fenced: -144,
  invalidProducerEpoch: 47,
  invalidTransactionTimeout: 50,
  transactionalIdAuthorizationFailed: 53,
  producerFenced: 90,
} as const;

export interface TransactionFailure {
  /**
   * `unavailable`: aborted, or certainly will be; nothing is visible, ever. Retry.
   * `refused`: as `unavailable`, but the broker will never take the record at `index`: too large, no such topic.
   * `fenced`: this publisher does not own the id: another was initialised after it, or the broker ended a transaction that
   * took longer than its time-out, or `init` has not succeeded since. `unknown`: no answer to the commit.
   * After both, whether the records are visible is for the topics to tell: `init`, read them, publish what is missing.
   */
  readonly kind: "unavailable" | "refused" | "fenced" | "unknown";
  /** librdkafka's error code, negative for its own errors. */
  readonly code: number;
  readonly message: string;
  /** With `refused`: which record; null when it is not one record's fault (no right to use the id or the topic). */
  readonly index: number | null;
}

const fenced: ReadonlySet<number> = new Set([
  transactionErrorCodes.fenced,
  transactionErrorCodes.invalidProducerEpoch,
  transactionErrorCodes.producerFenced,
]);

const refusedForAnyRecord: ReadonlySet<number> = new Set([
  transactionErrorCodes.invalidTransactionTimeout,
  transactionErrorCodes.transactionalIdAuthorizationFailed,
]);

/** The client gives up on all records of a transaction when one of them, or the transaction itself, has failed. */
export function isGivenUpWithOthers(code: number): boolean {
  return (
    code === errorCodes.purgedInQueue ||
    code === transactionErrorCodes.purgedInFlight ||
    code === errorCodes.wrongState
  );
}

export function isFenced(code: number): boolean {
  return fenced.has(code);
}

/** The broker refuses whole batches for their size, whichever record of them is too large. */
export function isAboutSize(code: number): boolean {
  return code === errorCodes.messageTooLarge || code === errorCodes.recordListTooLarge;
}

/** For a transaction whose commit was never asked for. */
export function classifyUncommitted(code: number): "unavailable" | "refused" | "fenced" {
  if (isFenced(code)) return "fenced";
  return refusedForAnyRecord.has(code) ? "refused" : classifyUnfenced(code);
}

function classifyUnfenced(code: number): "unavailable" | "refused" {
  return classifyRejection(code) === "refused" ? "refused" : "unavailable";
}

export function transactionFailure(
  kind: TransactionFailure["kind"],
  code: number,
  index: number | null = null,
): TransactionFailure {
  if (kind === "refused") return { ...publishFailure(kind, code), kind, index };
  return { kind, code, message: `${texts[kind]} (${code})`, index: null };
}

const texts = {
  unavailable: "No broker took the transaction; nothing of it is visible",
  fenced: "Another publisher has taken over the transactional id",
  unknown: "The commit was not answered; the records may be visible",
} as const;
