// The spans of a batch that is written: each try of a record, in the trace of the request that it came from, and under it the
// store. A replay has a trace of its own, which links to that of its original. Only called while traces are on.
import { readTraceparent } from "../../schemas/event-headers.ts";
import { isSampled, type Tracing } from "../../telemetry/tracing.ts";
import { readLineage } from "../replays/domain/lineage.ts";
import type { BatchPlan, ItemEnd } from "./plan-batch.ts";
import type { WorkItem } from "./work-item.ts";

export interface BatchTimes {
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export function traceBatch(
  tracing: Tracing,
  items: readonly WorkItem[],
  { ends }: Pick<BatchPlan, "ends">,
  { startedAtMs, endedAtMs }: BatchTimes,
): void {
  for (const [index, item] of items.entries()) {
    const end = ends[index];
    const { parent, links } = placeOf(item);
    if (end === undefined || parent === undefined || !isSampled(parent)) continue;
    const { record, lane } = item;
    const attempt = tracing.begin({
      name: `process ${record.topic}`,
      kind: "consumer",
      parent,
      links,
      startedAtMs,
      attributes: {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": record.topic,
        "messaging.destination.partition.id": String(record.partition),
        "messaging.kafka.offset": record.offset,
        "messaging.consumer.group.name": item.partition.groupId,
        "orderwire.order_id": lane.slice(0, 128),
        "orderwire.attempt": attemptOf(item, end),
        "orderwire.outcome": outcomes[end.kind],
      },
    });
    const store = tracing.begin({
      name: "store",
      kind: "internal",
      parent: attempt.traceparent,
      startedAtMs,
      attributes: { "orderwire.batch_size": items.length },
    });
    store.end({ endedAtMs });
    attempt.end({ endedAtMs, error: errorOf(end) });
  }
}

const outcomes: Readonly<Record<ItemEnd["kind"], string>> = {
  done: "done",
  behind: "behind",
  waiting: "retry",
  dead: "dead_letter",
};

function placeOf({ record }: WorkItem): {
  readonly parent: string | undefined;
  readonly links: readonly string[];
} {
  const own = readTraceparent(record.headers);
  const lineage = readLineage(record.headers);
  if (lineage === undefined) return { parent: own, links: [] };
  return { parent: lineage.traceparent, links: own === undefined ? [] : [own] };
}

function attemptOf({ parked }: WorkItem, end: ItemEnd): number {
  if (end.kind === "waiting" || end.kind === "dead") return end.attempts.at(-1)?.attempt ?? 1;
  return (parked?.attempts.at(-1)?.attempt ?? 0) + 1;
}

/** The stable code, never a message: it may hold what somebody sent. */
function errorOf(end: ItemEnd): string | undefined {
  if (end.kind !== "waiting" && end.kind !== "dead") return undefined;
  return end.failure?.reason ?? "operator_request";
}
