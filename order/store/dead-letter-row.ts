// How a dead letter lies in a row of the index, in both dialects, and what a filter asks of the columns.
import { orderIdOf } from "../domain/dead-letter.ts";
import { kindOfFailure } from "../domain/fingerprint.ts";
import { readKeyText, toKeyText } from "./key-text.ts";
import type {
  DeadLetterCount,
  DeadLetterFilter,
  DeadLetterPlace,
  IndexedDeadLetter,
} from "./dead-letter-index.ts";
import { type OriginalDocument, readOriginal, toOriginalDocument } from "./record-document.ts";

/** The columns that hold the letter itself. */
export interface DeadLetterBodyRow {
  readonly document: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export interface DeadLetterRow extends DeadLetterBodyRow {
  readonly id: string;
  readonly dlq_topic: string;
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
  "id, dlq_topic, dlq_partition, dlq_offset, topic, error_type, category, reason, order_id, last_failed_at_ms, search";

type DeadLetterDocument = Omit<IndexedDeadLetter, "original" | "dlqTopic" | "omitted"> & {
  readonly original: OriginalDocument;
  /** Absent in rows from before there were several DLQ topics. */
  readonly dlqTopic?: string;
  /** Absent likewise. */
  readonly omitted?: IndexedDeadLetter["omitted"];
};

export function toDeadLetterRow(letter: IndexedDeadLetter): DeadLetterRow {
  const { key, value } = letter.original;
  const document: DeadLetterDocument = { ...letter, original: toOriginalDocument(letter.original) };
  return {
    id: toKeyText(letter.id),
    dlq_topic: toKeyText(letter.dlqTopic),
    dlq_partition: letter.dlqPartition,
    dlq_offset: letter.dlqOffset,
    topic: toKeyText(letter.original.topic),
    error_type: toKeyText(letter.errorType),
    category: toKeyText(letter.death.category),
    reason: toKeyText(letter.death.reason),
    order_id: key === null ? null : toKeyText(orderIdOf(key)),
    last_failed_at_ms: toInstant(letter.lastFailedAtMs),
    search: toSearchText(letter.errorMessage, letter.event.eventJson ?? ""),
    document: JSON.stringify(document),
    key,
    value,
  };
}

/** Where a letter lies, and its kind of failure, as the replays keep it. */
export function toFateRow(letter: IndexedDeadLetter) {
  const { errorType, death, errorMessage, original, dlqTopic, dlqPartition, dlqOffset } = letter;
  const subject = original.key?.toString("utf8");
  const { fingerprint, pattern } = kindOfFailure(errorType, death.reason, errorMessage, subject);
  return {
    id: toKeyText(letter.id),
    dlq_topic: toKeyText(dlqTopic),
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
  if (later.original.timestampMs !== known.original.timestampMs) return undefined;
  const { errorType, errorMessage, death, failedAttempts, attempts, lastFailedAtMs } = later;
  return { ...known, errorType, errorMessage, death, failedAttempts, attempts, lastFailedAtMs };
}

export function readDeadLetterRow(row: DeadLetterBodyRow): IndexedDeadLetter {
  // The store wrote this JSON itself, from values of these types.
  const document: DeadLetterDocument = JSON.parse(row.document);
  const { dlqTopic = "", omitted = [] } = document;
  return { ...document, dlqTopic, omitted, original: readOriginal(document.original, row.key, row.value) };
}

/**
 * Of letters that the index did not take, because it has their ids: those that are no copies, under ids of their own.
 * A record's time never changes, so another time is another record, on another topic of that name. Letters without a time
 * count as copies.
 */
export function readNamesakes(
  refused: readonly IndexedDeadLetter[],
  holders: readonly Pick<DeadLetterBodyRow, "document">[],
): readonly IndexedDeadLetter[] {
  const timesById = new Map(
    holders.map(({ document }) => {
      const { id, original }: DeadLetterDocument = JSON.parse(document);
      return [id, original.timestampMs];
    }),
  );
  return refused.flatMap((letter) => {
    const { topic, partition, offset, timestampMs } = letter.original;
    const held = timesById.get(letter.id) ?? null;
    if (held === null || timestampMs === null || held === timestampMs) return [];
    return [{ ...letter, id: `${topic}/${partition}@${timestampMs}/${offset}` }];
  });
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
  /** The value of `one of` is a JSON list. */
  readonly test: "equals" | "one of" | "contains" | "at least" | "below";
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
  const { dlqTopics, fromMs, untilMs, header, text = "" } = filter;
  const [first, ...others] = dlqTopics ?? [];
  if (dlqTopics !== undefined && (first === undefined || others.length > 0)) {
    conditions.push({ column: "dlq_topic", test: "one of", value: JSON.stringify(dlqTopics.map(toKeyText)) });
  } else {
    equals("dlq_topic", first);
  }
  if (fromMs !== undefined) {
    conditions.push({ column: "last_failed_at_ms", test: "at least", value: toInstant(fromMs) });
  }
  if (untilMs !== undefined) {
    conditions.push({ column: "last_failed_at_ms", test: "below", value: toInstant(untilMs, latestMs + 1) });
  }
  if (header !== undefined)
    conditions.push({ column: "document", test: "contains", value: toHeaderText(header) });
  if (text !== "") conditions.push({ column: "search", test: "contains", value: foldCase(text) });
  return conditions;
}

/**
 * A header as it stands in the document. Inside of a text every quote is escaped, so nothing else in the document reads like this:
 * letters are found by their headers exactly, those of before this was asked too.
 */
function toHeaderText({ name, value }: { readonly name: string; readonly value: string }): string {
  return JSON.stringify([name, Buffer.from(value).toString("base64")]);
}

/** Whether no index can answer it: each letter has to be looked at. */
export function looksAtEach({ test }: DeadLetterCondition): boolean {
  return test === "contains";
}

/** Whether it is about what became of a letter. */
export function isAboutFate({ column }: DeadLetterCondition): boolean {
  return column === "state" || column === "fingerprint";
}

/** Whether `letter_fates` answers all of it without the letters, in the order of its own places. */
export function areOfFates(conditions: readonly DeadLetterCondition[]): boolean {
  return (
    conditions.some(isAboutFate) &&
    conditions.every(
      (condition) =>
        isAboutFate(condition) ||
        condition.column === "dlq_topic" ||
        condition.column === "last_failed_at_ms",
    )
  );
}

/** A place as the columns have it, in the order in which letters are listed. */
export type PlaceValues = readonly [topic: string, partition: number, offset: number];

export function toPlaceValues({ dlqTopic, dlqPartition, dlqOffset }: DeadLetterPlace): PlaceValues {
  return [toKeyText(dlqTopic), dlqPartition, dlqOffset];
}

type CountedColumns = Pick<DeadLetterRow, "dlq_topic" | "category">;

/** PostgreSQL's sums come as text. */
export type SelectedCountRow = CountedColumns & { readonly letters: number | string };

/** The rows of both tables of counts, added up. */
export const selectCounts = `select dlq_topic, category, sum(letters) as letters from (
    select '' as dlq_topic, category, letters from dead_letter_counts
    union all select dlq_topic, category, letters from dead_letter_topic_counts
  ) as counts group by dlq_topic, category having sum(letters) > 0 order by dlq_topic, category`;

export function readCounts(rows: readonly SelectedCountRow[]): readonly DeadLetterCount[] {
  return rows.map(({ dlq_topic, category, letters }) => ({
    dlqTopic: readKeyText(dlq_topic),
    category: readKeyText(category),
    letters: Number(letters),
  }));
}

/** How many of these rows there are of each DLQ topic and category, in one order for every instance. */
export function tallyLetters(
  rows: readonly CountedColumns[],
): readonly (CountedColumns & { readonly letters: number })[] {
  const groups = Map.groupBy(rows, ({ dlq_topic, category }) => JSON.stringify([dlq_topic, category]));
  return [...groups]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .flatMap(([, [first, ...others]]) =>
      first === undefined
        ? []
        : [{ dlq_topic: first.dlq_topic, category: first.category, letters: 1 + others.length }],
    );
}
