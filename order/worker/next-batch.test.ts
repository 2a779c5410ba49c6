import { describe, expect, test } from "bun:test";
import { createNextBatch } from "./next-batch.ts";
import { acceptClaim, createAssignedPartition } from "./partition.ts";
import type { BatchPlan } from "./plan-batch.ts";
import { type DeliveredItem, readDelivered } from "./read-items.ts";
import type { RecordReader } from "./record-reader.ts";
import type { BatchDraft } from "./write-batch.ts";

const reader: RecordReader = {
  read: () => ({ kind: "unreadable", reason: "not_avro_framed", message: "", decoded: null }),
  resolve: () => Promise.resolve("known"),
};

const planOf = (more: Partial<BatchPlan> = {}): BatchPlan => ({
  changes: [],
  park: [],
  repark: [],
  unpark: [],
  settle: [],
  ends: [],
  allDone: true,
  ...more,
});

function openNext(decide: () => Promise<BatchDraft | undefined> = async () => draft) {
  const partition = createAssignedPartition({ topic: "t", partition: 0 }, "g", "t/0");
  acceptClaim(partition, { source: "t/0", epoch: 3, nextOffset: 5, parked: [] });
  const items: DeliveredItem[] = [5, 6].map((offset) =>
    readDelivered(
      reader,
      { topic: "t", partition: 0, offset, timestampMs: 0, key: null, value: null, headers: [] },
      partition,
      { offset, settled: false, partition },
    ),
  );
  const next = createNextBatch({ take: () => items, reader, draft: decide });
  return { next, items, partition };
}

const before = planOf();
const draft: BatchDraft = { plan: planOf(), orders: new Map(), looked: new Set() };

describe("the next batch", () => {
  test("is decided by the time the one before is written", async () => {
    const { next, items } = openNext();
    next.begin(before);
    expect(next.length).toBe(2);
    await next.settle(before);
    expect(next.release()).toEqual({ items, draft });
    expect(next.release()).toEqual({ items: [], draft: undefined });
  });

  test("is decided anew when something else was written before it, or nobody knows what", async () => {
    for (const written of [planOf(), undefined]) {
      const { next, items } = openNext();
      next.begin(before);
      await next.settle(written);
      expect(next.release()).toEqual({ items, draft: undefined });
    }
  });

  test("is decided anew when its partition was claimed again, left or skipped meanwhile", async () => {
    for (const change of [{ epoch: 4 }, { state: "unclaimed" }, { state: "revoking" }, { nextOffset: 6 }]) {
      const { next, items, partition } = openNext();
      next.begin(before);
      await next.settle(before);
      Object.assign(partition, change);
      expect(next.release()).toEqual({ items, draft: undefined });
    }
  });

  test("is decided in its own turn when it cannot be decided now", async () => {
    for (const decide of [() => Promise.reject(new Error("away")), () => Promise.resolve(undefined)]) {
      const { next, items } = openNext(decide);
      next.begin(before);
      await next.settle(before);
      expect(next.release()).toEqual({ items, draft: undefined });
    }
  });

  test("is not taken while anything in the one before fails, is a replay, or was parked", () => {
    const replay = { jobId: "j", item: 1, outcome: "applied", failure: null, atMs: 0 } as const;
    for (const failing of [
      planOf({ allDone: false }),
      planOf({ unpark: [{ source: "t/0", offset: 1 }] }),
      planOf({ settle: [replay] as unknown as BatchPlan["settle"] }),
    ]) {
      const { next } = openNext();
      next.begin(failing);
      next.goOn();
      expect(next.length).toBe(0);
    }
  });

  test("is taken later while the one before is still being written, and never after that", async () => {
    const { items } = openNext();
    let there: DeliveredItem[] = [];
    const next = createNextBatch({ take: () => there, reader, draft: async () => draft });
    next.begin(before);
    expect(next.length).toBe(0);
    there = items;
    next.goOn();
    expect(next.length).toBe(2);
    await next.settle(before);
    expect(next.release().draft).toBe(draft);
    next.goOn();
    expect(next.length).toBe(0);
  });
});
