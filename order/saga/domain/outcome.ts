// What two decisions make of an order.
import type { Answer, SettledStatus } from "./saga.ts";

export interface Verdict {
  readonly answer: Answer;
  readonly source: string | null;
}

export interface Outcome {
  readonly status: SettledStatus;
  /** Who refused; null when nobody did. */
  readonly source: string | null;
}

/** System C's table. The services' own `source` counts in one case only: both refuse, and the inventory says why. */
export function outcomeOf(payment: Verdict, stock: Verdict): Outcome {
  if (payment.answer === stock.answer) {
    return payment.answer === "ACCEPT"
      ? { status: "CONFIRMED", source: null }
      : { status: "REJECTED", source: stock.source ?? "INVENTORY" };
  }
  return { status: "ROLLBACK", source: payment.answer === "REJECT" ? "PAYMENT" : "INVENTORY" };
}
