// `bun bench/telemetry.ts`: what counting costs, of each record and of each request, and what that is of a second at the rates
// that the services reach on two cores. Medians of rounds in one process; no server is needed.
import { createOrderTally } from "../order/order-tally.ts";
import { countBatch } from "../order/worker/count-batch.ts";
import { createAssignedPartition } from "../order/worker/partition.ts";
import type { BatchPlan, ItemEnd } from "../order/worker/plan-batch.ts";
import type { WorkItem } from "../order/worker/work-item.ts";
import { createHttpTally } from "../telemetry/http-tally.ts";

const topic = "order-events";
const records = 10_000;
const recordsPerSecond = 60_000;
const requestsPerSecond = 10_000;
const done: ItemEnd = { kind: "done" };

/** As they come from six partitions at full speed: 500 of a partition in turn, ten written in a millisecond. */
function batch(): WorkItem[] {
  const partitions = Array.from({ length: 6 }, (_, partition) =>
    createAssignedPartition({ topic, partition }, "group", `${topic}/${partition}`),
  );
  return Array.from({ length: records }, (_, offset) => {
    const partition =
      partitions[Math.floor(offset / 500) % 6] ??
      createAssignedPartition({ topic, partition: 0 }, "group", topic);
    return {
      partition,
      record: {
        topic,
        partition: partition.partition,
        offset,
        timestampMs: 1000 + Math.floor(offset / 10),
        key: null,
        value: null,
        headers: [],
      },
      reading: { kind: "unreadable", reason: "none", message: "", decoded: null },
      lane: "",
      delivery: null,
      parked: null,
      deathOrdered: false,
    };
  });
}

/** Nanoseconds of one of `times` that `work` does. */
function measure(work: () => void, times: number): number {
  const rounds = Array.from({ length: 200 }, () => {
    const startedAt = Bun.nanoseconds();
    work();
    return (Bun.nanoseconds() - startedAt) / times;
  });
  return rounds.slice(50).toSorted((left, right) => left - right)[75] ?? 0;
}

function line(what: string, nanoseconds: number, perSecond: number): string {
  const share = (nanoseconds * perSecond) / 1e9;
  return `${what.padEnd(34)} ${nanoseconds.toFixed(0).padStart(5)} ns   ${(share * 100).toFixed(2).padStart(5)} % of a core at ${perSecond.toLocaleString("en")}/s`;
}

const tally = createOrderTally({ eventTopics: [topic] });
const items = batch();
const plan: Pick<BatchPlan, "ends" | "settle"> = { ends: items.map(() => done), settle: [] };
const http = createHttpTally();
const requests = 1000;

process.stdout.write(
  [
    line(
      "a record that is done",
      measure(() => countBatch(tally, items, plan, 5000), records),
      recordsPerSecond,
    ),
    line(
      "a request and its procedure",
      measure(() => {
        for (let request = 0; request < requests; request += 1) {
          const end = http.onRequest("POST", "/create-order");
          http.onCall("orders.create", "ok", 1.5);
          end(201, 2);
        }
      }, requests),
      requestsPerSecond,
    ),
    "",
  ].join("\n"),
);
