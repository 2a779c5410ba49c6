// Counts a change that is saved: orders that were settled by it, what became of decisions, and how far apart the two were.
import type { OrderTally } from "../order-tally.ts";
import type { Saga } from "./domain/saga.ts";
import type { Evolution } from "./evolution.ts";

export type SagaCounters = Pick<
  OrderTally,
  "sagaOutcomes" | "sagaDecisions" | "sagaGapSeconds" | "sagaSettleSeconds" | "deadLetters"
>;

export function countEvolution(tally: SagaCounters, { messages, counted, changes }: Evolution): void {
  for (const [what, times] of Object.entries(counted)) tally.sagaDecisions.add({ what }, times);
  for (const message of messages) {
    switch (message.kind) {
      case "announce":
        break;
      case "result":
        countResult(tally, message.saga);
        break;
      case "dead-letter":
        tally.deadLetters.add({
          topic: message.original.topic,
          category: "NO_RETRY_DLQ",
          cause: message.reason,
        });
    }
  }
  if ((counted.late ?? 0) === 0) return;
  for (const { saga } of changes) {
    if (saga.payment?.state === "late" || saga.stock?.state === "late") observeGap(tally, saga, "late");
  }
}

function countResult(tally: SagaCounters, saga: Saga): void {
  const { status, order, settledAtMs } = saga;
  tally.sagaOutcomes.add({ status });
  observeGap(tally, saga, "joined");
  if (order !== null && settledAtMs !== null)
    tally.sagaSettleSeconds.at({ status }).observe((settledAtMs - order.placedAtMs) / 1000);
}

function observeGap(tally: SagaCounters, { payment, stock }: Saga, state: "joined" | "late"): void {
  if (payment === null || stock === null) return;
  tally.sagaGapSeconds.at({ state }).observe(Math.abs(payment.eventTimeMs - stock.eventTimeMs) / 1000);
}
