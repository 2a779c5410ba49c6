import { describe, expect, test } from "bun:test";
import { createOrderTally } from "../order-tally.ts";
import { countBatch } from "./count-batch.ts";
import { createAssignedPartition } from "./partition.ts";
import type { ItemEnd } from "./plan-batch.ts";
import type { WorkItem } from "./work-item.ts";

const topics = ["order-events", "order-status-updates"];
const partitions = topics.map((topic) => createAssignedPartition({ topic, partition: 0 }, "group", topic));

function item(topicIndex: number, offset: number, timestampMs: number | null): WorkItem {
  const partition = partitions[topicIndex] ?? createAssignedPartition({ topic: "x", partition: 0 }, "g", "x");
  return {
    partition,
    record: {
      topic: partition.topic,
      partition: 0,
      offset,
      timestampMs,
      key: null,
      value: null,
      headers: [],
    },
    reading: { kind: "unreadable", reason: "truncated", message: "", decoded: null },
    lane: "x",
    delivery: null,
    parked: null,
    deathOrdered: false,
  };
}

const done: ItemEnd = { kind: "done" };
const failedOnce = { attempt: 1, failedAtMs: 0, errorType: "ValueError", errorMessage: "" };
const failure = { kind: "rejected", reason: "unknown_order", errorType: "x", message: "x" } as const;

describe("countBatch", () => {
  test("every record is counted once, and each is one observation of its own time", () => {
    const tally = createOrderTally({ eventTopics: topics });
    const items = [item(0, 1, 1000), item(0, 2, 1000), item(0, 3, 1900), item(1, 1, 1900), item(1, 2, null)];
    countBatch(tally, items, { ends: items.map(() => done), settle: [] }, 2000);
    expect(tally.events.total({ topic: "order-events", outcome: "done" })).toBe(3);
    expect(tally.events.total({ topic: "order-status-updates", outcome: "done" })).toBe(2);
    expect(tally.events.total()).toBe(5);
    const [orders, updates] = tally.endToEndSeconds.series();
    expect([orders?.count, orders?.sum]).toEqual([3, 1 + 1 + 0.1]);
    // A record without a time is counted and not timed.
    expect(updates?.count).toBe(1);
  });

  test("a failure is counted by its attempt, category and cause, and a cause of no list is other", () => {
    const tally = createOrderTally({ eventTopics: topics });
    const items = [item(0, 1, 1000), item(0, 2, 1000), item(1, 3, 1000), item(1, 4, 1000)];
    const death = { category: "NO_RETRY_DLQ", reason: "ORD-7 is bad" } as const;
    const ends: ItemEnd[] = [
      { kind: "waiting", failure, attempts: [failedOnce, { ...failedOnce, attempt: 2 }], dueAtMs: 5 },
      { kind: "behind" },
      { kind: "dead", failure, attempts: [failedOnce], death },
      done,
    ];
    countBatch(tally, items, { ends, settle: [] }, 2000);
    expect(tally.retries.series()).toEqual([{ labels: { attempt: "2", cause: "unknown_order" }, value: 1 }]);
    expect(tally.deadLetters.series()).toEqual([
      { labels: { topic: "order-status-updates", category: "NO_RETRY_DLQ", cause: "other" }, value: 1 },
    ]);
    expect(
      ["done", "retry", "behind", "dead_letter"].map((outcome) => tally.events.total({ outcome })),
    ).toEqual([1, 1, 1, 1]);
  });
});
