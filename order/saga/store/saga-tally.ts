// The totals over all sagas, as the columns that both dialects keep them in. A save adds what it changes, in its own
// transaction, so that they are exact without ever counting rows.
import type { Counted, DecisionState, SagaStatus } from "../domain/saga.ts";
import type { CountedSagaRow } from "./saga-row.ts";
import type { SagaStats } from "./saga-store.ts";

type Column =
  | "without_order"
  | `status_${Lowercase<SagaStatus>}`
  | `state_${DecisionState}`
  | `ever_${Counted}`;

export type SagaTally = Record<Column, number>;

const noTally: Readonly<SagaTally> = {
  without_order: 0,
  status_new: 0,
  status_confirmed: 0,
  status_rejected: 0,
  status_rollback: 0,
  state_pending: 0,
  state_joined: 0,
  state_late: 0,
  state_expired: 0,
  ever_joined: 0,
  ever_early: 0,
  ever_duplicate: 0,
  ever_contradictory: 0,
  ever_late: 0,
  ever_expired: 0,
  ever_replayed: 0,
};

/** In the order of `tallyValues`. */
export const tallyColumns: readonly string[] = Object.keys(noTally);

const statusColumns: Readonly<Record<SagaStatus, Column>> = {
  NEW: "status_new",
  CONFIRMED: "status_confirmed",
  REJECTED: "status_rejected",
  ROLLBACK: "status_rollback",
};

const countedNames: readonly Counted[] = [
  "joined",
  "early",
  "duplicate",
  "contradictory",
  "late",
  "expired",
  "replayed",
];

/** A saga as it is counted. */
export interface CountedSaga extends CountedSagaRow {
  readonly isPlaced: boolean;
}

export interface SagaMove {
  /** Null for a new saga. */
  readonly before: CountedSaga | null;
  readonly after: CountedSaga;
}

export function tallyOf(
  moves: readonly SagaMove[],
  counted: Readonly<Partial<Record<Counted, number>>> = {},
): SagaTally {
  const tally = { ...noTally };
  const add = ({ isPlaced, status, payment_state, stock_state }: CountedSaga, sign: 1 | -1) => {
    tally[isPlaced ? statusColumns[status] : "without_order"] += sign;
    if (payment_state !== null) tally[`state_${payment_state}`] += sign;
    if (stock_state !== null) tally[`state_${stock_state}`] += sign;
  };
  for (const { before, after } of moves) {
    if (before !== null) add(before, -1);
    add(after, 1);
  }
  for (const what of countedNames) tally[`ever_${what}`] += counted[what] ?? 0;
  return tally;
}

export function isNothing(tally: SagaTally): boolean {
  return Object.values(tally).every((amount) => amount === 0);
}

export function tallyValues(tally: SagaTally): number[] {
  return Object.values(tally);
}

export function readStats(tally: SagaTally | undefined, unpublished: number): SagaStats {
  const totals = tally ?? noTally;
  return {
    orders: {
      NEW: totals.status_new,
      CONFIRMED: totals.status_confirmed,
      REJECTED: totals.status_rejected,
      ROLLBACK: totals.status_rollback,
    },
    withoutOrder: totals.without_order,
    decisions: {
      pending: totals.state_pending,
      joined: totals.state_joined,
      late: totals.state_late,
      expired: totals.state_expired,
    },
    counted: {
      joined: totals.ever_joined,
      early: totals.ever_early,
      duplicate: totals.ever_duplicate,
      contradictory: totals.ever_contradictory,
      late: totals.ever_late,
      expired: totals.ever_expired,
      replayed: totals.ever_replayed,
    },
    unpublished,
  };
}

/** How many orders are placed. */
export function placedOf(tally: SagaTally | undefined): number {
  const { status_new, status_confirmed, status_rejected, status_rollback } = tally ?? noTally;
  return status_new + status_confirmed + status_rejected + status_rollback;
}
