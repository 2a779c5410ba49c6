// How a dead letter lies in a row of the index, in both dialects, and what a filter asks of the columns.
import { kindOfFailure } from "../domain/fingerprint.ts";
import { readKeyText, toKeyText } from "./key-text.ts";
import type { DeadLetterFilter, IndexedDeadLetter } from "./dead-letter-index.ts";
import { type OriginalDocument, readOriginal, toOriginalDocument } from "./record-document.ts";

/** The columns that hold the letter itself. */
export interface DeadLetterBodyRow {
  readonly document: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export interface DeadLetterRow extends DeadLetterBodyRow {
  readonly id: string;
  readonly dlq_partition: number;
  readonly dlq_offset: number;
  readonly topic: string;
  readonly error_type: string;
  readonly category: string;
  readonly reason: string;
  readonly order_id: string | null;
  readonly last_failed_at_ms: number;
  readonly search: string;
}

/** The columns that letters are found by, in the order in which rows are written. */
export const deadLetterColumns =
  "id, dlq_partition, dlq_offset, topic, error_type, category, reason, order_id, last_failed_at_ms, search";

type DeadLetterDocument = Omit<IndexedDeadLetter, "original"> & { readonly original: OriginalDocument };

export function toDeadLetterRow(letter: IndexedDeadLetter): DeadLetterRow {
  const { key, value } = letter.original;
  const document: DeadLetterDocument = { ...letter, original: toOriginalDocument(letter.original) };
  return {
    id: toKeyText(letter.id),
    dlq_partition: letter.dlqPartition,
    dlq_offset: letter.dlqOffset,
    topic: toKeyText(letter.original.topic),
    error_type: toKeyText(letter.errorType),
    category: toKeyText(letter.death.category),
    reason: toKeyText(letter.death.reason),
    order_id: key === null ? null : toKeyText(key.toString("utf8")),
    last_failed_at_ms: toInstant(letter.lastFailedAtMs),
    search: toSearchText(letter.errorMessage, letter.event.eventJson ?? ""),
    document: JSON.stringify(document),
    key,
    value,
  };
}

/** Where a letter lies, and its kind of failure, as the replays keep it. */
export function toFateRow(letter: IndexedDeadLetter) {
  const { errorType, death, errorMessage, original, dlqPartition, dlqOffset } = letter;
  const subject = original.key?.toString("utf8");
  const { fingerprint, pattern } = kindOfFailure(errorType, death.reason, errorMessage, subject);
  return {
    id: toKeyText(letter.id),
    dlq_partition: dlqPartition,
    dlq_offset: dlqOffset,
    last_failed_at_ms: toInstant(letter.lastFailedAtMs),
    fingerprint,
    error_type: toKeyText(errorType),
    reason: toKeyText(death.reason),
    pattern: toKeyText(pattern),
  };
}
export type FateRow = ReturnType<typeof toFateRow>;

/**
 * The letter as it failed again: the later failure takes the place of the one before; what failed, and where its first copy
 * lies, stays. Undefined when the other one is no later failure of the same event.
 */
export function failedAgain(row: DeadLetterBodyRow, later: IndexedDeadLetter): IndexedDeadLetter | undefined {
  const known = readDeadLetterRow(row);
  if (later.id !== known.id || later.lastFailedAtMs <= known.lastFailedAtMs) return undefined;
  const { errorType, errorMessage, death, failedAttempts, attempts, lastFailedAtMs } = later;
  return { ...known, errorType, errorMessage, death, failedAttempts, attempts, lastFailedAtMs };
}

export function readDeadLetterRow(row: DeadLetterBodyRow): IndexedDeadLetter {
  // The store wrote this JSON itself, from values of these types.
  const document: DeadLetterDocument = JSON.parse(row.document);
  return { ...document, original: readOriginal(document.original, row.key, row.value) };
}

/** One below the largest number that a column can hold, so that there is an end after it: `untilMs` is exclusive. */
const latestMs = Number.MAX_SAFE_INTEGER - 1;

/** Any number on the topic becomes one that a column can hold. */
function toInstant(ms: number, latest = latestMs): number {
  if (Number.isNaN(ms)) return 0;
  return Math.round(Math.min(Math.max(ms, Number.MIN_SAFE_INTEGER), latest));
}

const separator = "\u0001";

/**
 * The texts as they are searched: whatever their case, and without what PostgreSQL's text cannot hold (U+FFFD stands for
 * it). Nothing that is searched for has the separator, so nothing is found across it.
 */
function toSearchText(...texts: readonly string[]): string {
  return texts.map(foldCase).join(separator);
}

/** Lower, then upper: of letters with several small forms (σ and ς, k and the Kelvin sign) one is left. */
function foldCase(text: string): string {
  const storable = text.toWellFormed().replaceAll("\0", "\ufffd").replaceAll(separator, "\ufffd");
  return storable.toLowerCase().toUpperCase();
}

/** One condition on a column; all of a filter's conditions have to hold. */
export interface DeadLetterCondition {
  /** `state` and `fingerprint` are columns of `letter_fates`. */
  readonly column: keyof DeadLetterRow | "state" | "fingerprint";
  readonly test: "equals" | "contains" | "at least" | "below";
  readonly value: string | number;
}

export function toConditions(filter: DeadLetterFilter): readonly DeadLetterCondition[] {
  const conditions: DeadLetterCondition[] = [];
  const equals = (column: DeadLetterCondition["column"], text: string | undefined) => {
    if (text !== undefined) conditions.push({ column, test: "equals", value: toKeyText(text) });
  };
  equals("topic", filter.topic);
  equals("error_type", filter.errorType);
  equals("category", filter.category);
  equals("reason", filter.reason);
  equals("order_id", filter.orderId);
  equals("state", filter.state);
  equals("fingerprint", filter.fingerprint);
  const { fromMs, untilMs, text = "" } = filter;
  if (fromMs !== undefined) {
    conditions.push({ column: "last_failed_at_ms", test: "at least", value: toInstant(fromMs) });
  }
  if (untilMs !== undefined) {
    conditions.push({ column: "last_failed_at_ms", test: "below", value: toInstant(untilMs, latestMs + 1) });
  }
  if (text !== "") conditions.push({ column: "search", test: "contains", value: foldCase(text) });
  return conditions;
}

/** Whether it is about what became of a letter. */
export function isAboutFate({ column }: DeadLetterCondition): boolean {
  return column === "state" || column === "fingerprint";
}

/** The counts table's rows as the port answers them. */
export function readCategoryCounts(
  rows: readonly { readonly category: string; readonly letters: number }[],
): Readonly<Record<string, number>> {
  return Object.fromEntries(
    rows
      .filter(({ letters }) => letters > 0)
      .map(({ category, letters }) => [readKeyText(category), letters]),
  );
}

/** How many of these rows there are of each category, in one order for every instance. */
export function tallyCategories(
  categories: readonly string[],
): readonly { category: string; letters: number }[] {
  const tally = new Map<string, number>();
  for (const category of categories) tally.set(category, (tally.get(category) ?? 0) + 1);
  return [...tally]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([category, letters]) => ({ category, letters }));
}
