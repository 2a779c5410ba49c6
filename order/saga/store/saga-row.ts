// How a saga lies in a row, in both dialects: columns for what it is found and counted by, JSON for the rest. What was
// placed stays apart from what decisions change, so that a decision does not write the order's items again.
import type { DecisionState, PlacedOrder, Saga, SagaStatus } from "../domain/saga.ts";
import { readStateText, toStateText } from "./saga-document.ts";

/** What the totals depend on. */
export interface CountedSagaRow {
  readonly status: SagaStatus;
  readonly payment_state: DecisionState | null;
  readonly stock_state: DecisionState | null;
}

/** A row of `sagas` as both drivers answer it. */
export interface SagaRow extends CountedSagaRow {
  readonly order_id: number;
  readonly version: number;
  readonly deadline_at_ms: number | null;
  readonly placed: string | null;
  readonly state: string;
  readonly home_outbox: string | null;
  readonly home_seq: number | null;
}

/** What a save writes of a saga: its home is the store's own affair. */
export type WrittenSagaRow = Omit<SagaRow, "home_outbox" | "home_seq">;

export function toSagaRow(saga: Saga): WrittenSagaRow {
  return {
    order_id: saga.orderId,
    version: saga.version,
    status: saga.status,
    payment_state: saga.payment?.state ?? null,
    stock_state: saga.stock?.state ?? null,
    deadline_at_ms: saga.deadlineAtMs,
    placed: saga.order === null ? null : JSON.stringify(saga.order),
    state: toStateText(saga),
  };
}

export function readSagaRow(row: SagaRow): Saga {
  // The store wrote this JSON itself, from values of these types.
  const order: PlacedOrder | null = row.placed === null ? null : JSON.parse(row.placed);
  const { home_outbox, home_seq } = row;
  return {
    orderId: row.order_id,
    order,
    status: row.status,
    ...readStateText(row.state, row.payment_state, row.stock_state),
    deadlineAtMs: row.deadline_at_ms,
    home: home_outbox === null || home_seq === null ? null : { outbox: home_outbox, seq: home_seq },
    version: row.version,
  };
}
