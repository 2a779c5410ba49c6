// A save as the stores write it: checked, each saga once, and in one order that every instance agrees on, so that two
// transactions that want the same rows want them in the same order and cannot deadlock.
import type { ReplaySettlement } from "../../replays/store/replay-store.ts";
import { isStorableText } from "../../store/storable.ts";
import { prepareProgress, type ProgressRow } from "../../store/writable-batch.ts";
import { type CountedSagaRow, toSagaRow, type WrittenSagaRow } from "./saga-row.ts";
import type { SagaRecord, SagaWrite } from "./saga-store.ts";
import type { CountedSaga } from "./saga-tally.ts";
import { requireStorableSaga, UnstorableSaga } from "./storable-saga.ts";
import { prepareRequests, type RequestRow } from "./writable-requests.ts";

/** A saga's row, and the version that it must be at; 0 for none. */
export interface ExpectedSagaRow extends WrittenSagaRow {
  readonly expected_version: number;
  readonly isPlaced: boolean;
}

export interface WritableSagas extends Pick<SagaWrite, "messages" | "outbox" | "counted"> {
  readonly progress: readonly ProgressRow[];
  readonly creates: readonly ExpectedSagaRow[];
  readonly updates: readonly ExpectedSagaRow[];
  readonly requests: readonly RequestRow[];
  readonly settle: readonly ReplaySettlement[];
}

/** Throws `UnstorableSaga`, and on what only a bug can ask for: anything given twice, or a name that is no text. */
export function prepareSagas(write: SagaWrite): WritableSagas {
  requireName("the outbox", write.outbox);
  for (const { topic } of write.messages) requireName("a message's topic", topic);
  const creates: ExpectedSagaRow[] = [];
  const updates: ExpectedSagaRow[] = [];
  let previous: number | undefined;
  for (const change of write.changes.toSorted((left, right) => left.saga.orderId - right.saga.orderId)) {
    const row = prepareChange(change);
    if (row.order_id === previous) throw new Error(`the saga of order ${previous} is twice in one save`);
    previous = row.order_id;
    (row.expected_version === 0 ? creates : updates).push(row);
  }
  const { messages, outbox, counted, requests = [], settle = [] } = write;
  return {
    progress: prepareProgress(write.progress),
    creates,
    updates,
    requests: prepareRequests(requests),
    settle,
    messages,
    outbox,
    ...(counted === undefined ? {} : { counted }),
  };
}

function prepareChange({ saga, expectedVersion }: SagaRecord): ExpectedSagaRow {
  requireStorableSaga(saga);
  if (!(saga.version > expectedVersion)) {
    throw new UnstorableSaga(saga.orderId, `version ${saga.version} does not follow ${expectedVersion}`);
  }
  const row = toSagaRow(saga);
  return {
    ...row,
    // What was placed never changes: a saga with a home has its order in the store.
    placed: saga.home === null ? row.placed : null,
    isPlaced: saga.order !== null,
    expected_version: expectedVersion,
  };
}

/** Names of outboxes, owners and topics are settings, and plain columns. */
export function requireName(what: string, name: string): void {
  if (name !== "" && name.length <= 500 && isStorableText(name)) return;
  throw new RangeError(
    `${what} must be a text of 1 to 500 characters without NUL and lone surrogates, got ${JSON.stringify(name.slice(0, 100))}`,
  );
}

/** A row as the totals see it. */
export function toCounted(row: CountedSagaRow, isPlaced: boolean): CountedSaga {
  const { status, payment_state, stock_state } = row;
  return { isPlaced, status, payment_state, stock_state };
}

export function isNothingToWrite({
  progress,
  creates,
  updates,
  requests,
  messages,
  settle,
  counted = {},
}: WritableSagas): boolean {
  return (
    [progress, creates, updates, requests, messages, settle].every((rows) => rows.length === 0) &&
    Object.values(counted).every((amount) => amount === 0)
  );
}

/** Anything else is nobody's id. */
export function isOrderId(orderId: number): boolean {
  return Number.isSafeInteger(orderId) && orderId > 0;
}
