// How a parked record lies in a row, in both dialects: columns for what it is found by, JSON for what is only read and
// written whole, and the exact bytes of its key and value.
import type { DeathCertificate, FailedAttempt, FailedEvent } from "../domain/dead-letter.ts";
import { isShortened, readKeyText, toKeyText } from "./key-text.ts";
import type {
  DueRecord,
  ParkedId,
  ParkedOrder,
  ParkedProgress,
  ParkedRecord,
  ParkedState,
  ParkedSummary,
} from "./parked-records.ts";
import { type OriginalDocument, readOriginal, toOriginalDocument } from "./record-document.ts";

export interface ParkedKeyRow {
  readonly source: string;
  readonly offset: number;
}

export interface ParkedSummaryRow extends ParkedKeyRow {
  readonly lane_key: string;
  /** The lane as JSON when `lane_key` is shortened. */
  readonly long_lane: string | null;
  readonly state: ParkedState;
  readonly due_at_ms: number | null;
}

export interface DueRow extends ParkedSummaryRow {
  readonly operator_order: string | null;
}

/** What a repark writes. */
export interface ParkedProgressRow extends ParkedKeyRow {
  readonly state: ParkedState;
  readonly due_at_ms: number | null;
  readonly progress: string;
}

export interface ParkedRow extends ParkedSummaryRow, ParkedProgressRow {
  readonly document: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

interface ProgressDocument {
  readonly attempts: readonly FailedAttempt[];
  readonly death: DeathCertificate | null;
}

interface ParkedDocument {
  readonly source: string;
  readonly groupId: string;
  readonly original: OriginalDocument;
  readonly event: FailedEvent;
}

export function toParkedKeyRow({ source, offset }: ParkedId): ParkedKeyRow {
  return { source: toKeyText(source), offset };
}

export function toParkedProgressRow(parked: ParkedId & ParkedProgress): ParkedProgressRow {
  const progress: ProgressDocument = { attempts: boundAttempts(parked.attempts), death: parked.death };
  return {
    ...toParkedKeyRow(parked),
    state: parked.state,
    // Rounded up, so that a retry is never early.
    due_at_ms: parked.dueAtMs === null ? null : Math.ceil(parked.dueAtMs),
    progress: JSON.stringify(progress),
  };
}

export function toParkedRow(record: ParkedRecord): ParkedRow {
  const laneKey = toKeyText(record.lane);
  const document: ParkedDocument = {
    source: record.source,
    groupId: record.groupId,
    original: toOriginalDocument(record.original),
    event: record.event,
  };
  return {
    ...toParkedProgressRow(record),
    lane_key: laneKey,
    long_lane: isShortened(laneKey) ? JSON.stringify(record.lane) : null,
    document: JSON.stringify(document),
    key: record.original.key,
    value: record.original.value,
  };
}

/** `sources` gives back the exact source where its key text is shortened. */
export function readParkedSummary(
  row: ParkedSummaryRow,
  sources: ReadonlyMap<string, string>,
): ParkedSummary {
  return {
    source: sources.get(row.source) ?? readKeyText(row.source),
    offset: row.offset,
    lane: readLane(row),
    state: row.state,
    dueAtMs: row.due_at_ms,
  };
}

export function readDueRow(row: DueRow, sources: ReadonlyMap<string, string>): DueRecord {
  // Nothing else is ever written.
  const order: ParkedOrder | null = row.operator_order === null ? null : "dead-letter";
  return { ...readParkedSummary(row, sources), order };
}

export function readParkedRow(row: ParkedRow): ParkedRecord {
  // The store wrote this JSON itself, from values of these types.
  const document: ParkedDocument = JSON.parse(row.document);
  const progress: ProgressDocument = JSON.parse(row.progress);
  return {
    source: document.source,
    offset: row.offset,
    lane: readLane(row),
    groupId: document.groupId,
    state: row.state,
    attempts: progress.attempts,
    dueAtMs: row.due_at_ms,
    death: progress.death,
    original: readOriginal(document.original, row.key, row.value),
    event: document.event,
  };
}

function readLane(row: ParkedSummaryRow): string {
  return row.long_lane === null ? readKeyText(row.lane_key) : String(JSON.parse(row.long_lane));
}

const mostAttempts = 20;

/** The first ten and the last ten: a record that fails for a day does not grow for a day. */
function boundAttempts(attempts: readonly FailedAttempt[]): readonly FailedAttempt[] {
  if (attempts.length <= mostAttempts) return attempts;
  return [...attempts.slice(0, mostAttempts / 2), ...attempts.slice(-mostAttempts / 2)];
}

/** By how much the number of records in each state changes. */
export type ParkedTally = Record<ParkedState, number>;

/** Counts each record in its state before and after: null where it is not parked. */
export function tallyOf(
  moves: readonly { readonly before: ParkedState | null; readonly after: ParkedState | null }[],
): ParkedTally {
  const tally: ParkedTally = { waiting: 0, behind: 0, dead: 0 };
  for (const { before, after } of moves) {
    if (before !== null) tally[before] -= 1;
    if (after !== null) tally[after] += 1;
  }
  return tally;
}
