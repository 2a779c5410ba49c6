// Counts a batch that is written: one pass over its items, which adds something only where partition or time changes. Records of
// one millisecond are one observation.
import type { Observer } from "../../telemetry/histogram.ts";
import type { OrderTally } from "../order-tally.ts";
import type { AssignedPartition } from "./partition.ts";
import type { BatchPlan, ItemEnd } from "./plan-batch.ts";
import type { WorkItem } from "./work-item.ts";

export type BatchTally = Pick<
  OrderTally,
  "events" | "endToEndSeconds" | "retries" | "deadLetters" | "replayOutcomes"
>;

/** Records of one partition, one after the other. */
interface Run {
  readonly partition: AssignedPartition;
  readonly seconds: Observer;
  done: number;
}

export function countBatch(
  tally: BatchTally,
  items: readonly WorkItem[],
  { ends, settle }: Pick<BatchPlan, "ends" | "settle">,
  nowMs: number,
): void {
  let run: Run | undefined;
  let timestampMs: number | null = null;
  let alike = 0;
  const endMoment = () => {
    if (run === undefined || alike === 0) return;
    run.done += alike;
    if (timestampMs !== null) run.seconds.observe((nowMs - timestampMs) / 1000, alike);
    alike = 0;
  };
  const endRun = () => {
    endMoment();
    if (run !== undefined) tally.events.add({ topic: run.partition.topic, outcome: "done" }, run.done);
  };
  for (let index = 0; index < items.length; index += 1) {
    const [item, end] = [items[index], ends[index]];
    if (item === undefined || end === undefined) continue;
    if (end.kind !== "done") {
      countFailure(tally, item, end);
      continue;
    }
    const { partition, record } = item;
    if (run?.partition !== partition) {
      endRun();
      run = { partition, seconds: tally.endToEndSeconds.at({ topic: partition.topic }), done: 0 };
    }
    if (timestampMs !== record.timestampMs) endMoment();
    timestampMs = record.timestampMs;
    alike += 1;
  }
  endRun();
  for (const { outcome } of settle) tally.replayOutcomes.add({ outcome });
}

function countFailure(
  tally: BatchTally,
  { partition, record }: WorkItem,
  end: Exclude<ItemEnd, { kind: "done" }>,
) {
  const { topic } = partition;
  switch (end.kind) {
    case "behind":
      tally.events.add({ topic, outcome: "behind" });
      return;
    case "waiting":
      tally.events.add({ topic, outcome: "retry" });
      tally.retries.add({
        attempt: String(end.attempts.at(-1)?.attempt ?? 1),
        cause: end.failure.reason,
      });
      return;
    case "dead":
      tally.events.add({ topic, outcome: "dead_letter" });
      tally.deadLetters.add({
        topic: record.topic,
        category: end.death.category,
        cause: end.death.reason,
      });
  }
}
