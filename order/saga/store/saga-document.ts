// The JSON of a saga's `state` column: what is read and written whole. It is written at every decision, so it is lists and
// not objects, without what is null at their ends: a third of the bytes, and twice the speed.
import type { OriginalRecord } from "../../domain/dead-letter.ts";
import { type OriginalDocument, readOriginal, toOriginalDocument } from "../../store/record-document.ts";
import type {
  Answer,
  DecisionEventKind,
  DecisionState,
  KeptDecision,
  LetterReason,
  Saga,
  SagaEvent,
  SettledStatus,
  Side,
} from "../domain/saga.ts";

/** `settledAtMs` is in the time line as well, and stays when that loses events. */
type StateDocument = [
  payment: KeptDocument | null,
  stock: KeptDocument | null,
  history: readonly EventDocument[],
  settledAtMs?: number | null,
  source?: string | null,
];

type KeptDocument = [
  answer: Answer,
  eventTimeMs: number,
  receivedAtMs: number,
  groupId: string,
  source?: string | null,
  replayed?: true | null,
  deadlineAtMs?: number | null,
  original?: RecordDocument | null,
];

type EventDocument =
  | ["placed", atMs: number]
  | ["settled", atMs: number, status: SettledStatus, source?: string | null]
  | [
      kind: DecisionEventKind,
      atMs: number,
      side: Side,
      answer: Answer,
      eventTimeMs: number,
      reason?: LetterReason | null,
      source?: string | null,
    ];

/** Bytes in base64. */
interface RecordDocument extends OriginalDocument {
  readonly key: string | null;
  readonly value: string | null;
}

export type SagaState = Pick<Saga, "source" | "payment" | "stock" | "settledAtMs" | "history">;

export function toStateText({ source, payment, stock, settledAtMs, history }: SagaState): string {
  const document: StateDocument = [
    toKeptDocument(payment),
    toKeptDocument(stock),
    history.map(toEventDocument),
    settledAtMs,
    source,
  ];
  return JSON.stringify(trim(document));
}

export function readStateText(
  text: string,
  paymentState: DecisionState | null,
  stockState: DecisionState | null,
): SagaState {
  // The store wrote this JSON itself, from values of these types.
  const document: StateDocument = JSON.parse(text);
  const [payment, stock, history, settledAtMs = null, source = null] = document;
  return {
    payment: readKept(payment, paymentState),
    stock: readKept(stock, stockState),
    history: history.map(readEvent),
    settledAtMs,
    source,
  };
}

function toKeptDocument(kept: KeptDecision | null): KeptDocument | null {
  if (kept === null) return null;
  const document: KeptDocument = [
    kept.answer,
    kept.eventTimeMs,
    kept.receivedAtMs,
    kept.groupId,
    kept.source,
    kept.replayed ? true : null,
    kept.deadlineAtMs,
    toRecordDocument(kept.original),
  ];
  return trim(document);
}

/** `state` has a column of its own. */
function readKept(document: KeptDocument | null, state: DecisionState | null): KeptDecision | null {
  if (document === null || state === null) return null;
  const [
    answer,
    eventTimeMs,
    receivedAtMs,
    groupId,
    source = null,
    replayed,
    deadlineAtMs = null,
    original = null,
  ] = document;
  return {
    answer,
    source,
    eventTimeMs,
    receivedAtMs,
    state,
    replayed: replayed === true,
    deadlineAtMs,
    original: original === null ? null : readRecord(original),
    groupId,
  };
}

function toEventDocument(event: SagaEvent): EventDocument {
  if (event.kind === "placed") return [event.kind, event.atMs];
  if (event.kind === "settled") return trim([event.kind, event.atMs, event.status, event.source]);
  const { kind, atMs, side, answer, eventTimeMs, reason, source } = event;
  return trim([kind, atMs, side, answer, eventTimeMs, reason, source]);
}

function readEvent(document: EventDocument): SagaEvent {
  if (document[0] === "placed") return { kind: document[0], atMs: document[1] };
  if (document[0] === "settled") {
    const [kind, atMs, status, source = null] = document;
    return { kind, atMs, status, source };
  }
  const [kind, atMs, side, answer, eventTimeMs, reason = null, source = null] = document;
  return { kind, atMs, side, answer, source, eventTimeMs, reason };
}

function toRecordDocument(record: OriginalRecord | null): RecordDocument | null {
  if (record === null) return null;
  return {
    ...toOriginalDocument(record),
    key: record.key?.toString("base64") ?? null,
    value: record.value?.toString("base64") ?? null,
  };
}

function readRecord(document: RecordDocument): OriginalRecord {
  return readOriginal(document, readBytes(document.key), readBytes(document.value));
}

function readBytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text, "base64");
}

/** Without the nulls at its end, all of which its type lets be absent. */
function trim<List extends unknown[]>(list: List): List {
  while (list.length > 0 && list.at(-1) === null) list.pop();
  return list;
}
