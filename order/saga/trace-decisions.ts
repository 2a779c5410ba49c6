// The spans of decisions that are saved, each in the trace of the order that it decides about, as far as the deciding service has
// passed that on; and of the results that follow. Only called while traces are on.
import { readTraceparent } from "../../schemas/event-headers.ts";
import { isSampled, type Tracing } from "../../telemetry/tracing.ts";
import type { BatchTimes } from "../worker/trace-batch.ts";
import type { DecisionItem } from "./decision-items.ts";
import type { Evolution } from "./evolution.ts";

export function traceDecisions(
  tracing: Tracing,
  items: readonly DecisionItem[],
  { messages }: Pick<Evolution, "messages">,
  { startedAtMs, endedAtMs }: BatchTimes,
): void {
  for (const { record, reading } of items) {
    const parent = readTraceparent(record.headers);
    if (parent === undefined || !isSampled(parent)) continue;
    const span = tracing.begin({
      name: `process ${record.topic}`,
      kind: "consumer",
      parent,
      startedAtMs,
      attributes: {
        "messaging.system": "kafka",
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": String(record.partition),
        "messaging.kafka.offset": record.offset,
        ...(reading.kind === "decision"
          ? { "orderwire.order_id": String(reading.orderId), "orderwire.answer": reading.answer }
          : { "orderwire.reason": reading.reason }),
      },
    });
    span.end({ endedAtMs, error: reading.kind === "decision" ? undefined : reading.reason });
  }
  for (const message of messages) {
    if (message.kind !== "result" || message.traceparent === undefined || !isSampled(message.traceparent))
      continue;
    const { saga, traceparent } = message;
    tracing
      .begin({
        name: "settle",
        kind: "internal",
        parent: traceparent,
        startedAtMs,
        attributes: { "orderwire.order_id": String(saga.orderId), "orderwire.status": saga.status },
      })
      .end({ endedAtMs });
  }
}
