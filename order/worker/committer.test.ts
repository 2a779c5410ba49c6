import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { CommitOutcome } from "../../kafka/commit-queue.ts";
import type { NextOffset } from "../../kafka/record.ts";
import { createLogger } from "../../service/logger.ts";
import { createTestClock } from "../../service/test-clock.ts";
import { createCommitter } from "./committer.ts";
import { createAssignedPartition, type RecordDelivery } from "./partition.ts";

const logger = createLogger({ level: "error", format: "json", write: () => undefined });
const unavailable: CommitOutcome = { ok: false, failure: { kind: "unavailable", code: -185 } };

function openBench(everyMs = 0) {
  const clock = createTestClock();
  const asked: { offsets: readonly NextOffset[]; answer: (outcome: CommitOutcome) => void }[] = [];
  const committer = createCommitter(
    (offsets) => new Promise((answer) => void asked.push({ offsets, answer })),
    logger,
    clock,
    everyMs,
  );
  const partitions = [0, 1].map((partition) => {
    const own = createAssignedPartition({ topic: "t", partition }, "group", `t/${partition}`);
    own.state = "claimed";
    const deliveries = Array.from({ length: 20 }, (_, offset): RecordDelivery => ({
      offset,
      settled: false,
      partition: own,
    }));
    for (const delivery of deliveries) own.tracker.deliver(delivery);
    return { own, deliveries };
  });
  return { clock, asked, committer, partitions };
}

async function turn(hops = 20): Promise<void> {
  for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
}

describe("the committer", () => {
  test("commits everything that is settled in the end, one commit at a time, whatever fails and whenever it is asked", async () => {
    const step = fc.record({
      kind: fc.constantFrom("settle", "ask", "answer", "fail", "time"),
      partition: fc.constantFrom(0, 1),
      hops: fc.nat(4),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.constantFrom(0, 100), async (steps, everyMs) => {
        const { clock, asked, committer, partitions } = openBench(everyMs);
        const settledUpTo = [0, 0];
        const committed = [0, 0];
        const answerNext = (isGood: boolean) => {
          expect(asked.length).toBeLessThanOrEqual(1);
          const next = asked.shift();
          if (next === undefined) return;
          for (const { partition, nextOffset } of next.offsets) {
            expect(nextOffset).toBeLessThanOrEqual(settledUpTo[partition] ?? 0);
            if (isGood) committed[partition] = nextOffset;
          }
          next.answer(isGood ? { ok: true } : unavailable);
        };
        for (const { kind, partition, hops } of steps) {
          const { own, deliveries } = partitions[partition] ?? {};
          const next = deliveries?.[settledUpTo[partition] ?? 0];
          if (kind === "settle" && next !== undefined) {
            next.settled = true;
            settledUpTo[partition] = next.offset + 1;
          }
          if (own !== undefined && (kind === "ask" || kind === "settle")) committer.request([own]);
          if (kind === "answer" || kind === "fail") answerNext(kind === "answer");
          if (kind === "time") clock.advance(1000);
          await turn(hops);
        }
        for (let round = 0; round < 6; round += 1) {
          await turn();
          answerNext(true);
          await turn();
          clock.advance(1000);
        }
        expect(committed).toEqual(settledUpTo);
      }),
      { numRuns: 300 },
    );
  });

  test("repeats a failed commit of a quiet topic after a second", async () => {
    const { clock, asked, committer, partitions } = openBench();
    const [{ own, deliveries: [first] } = { own: undefined, deliveries: [] }] = partitions;
    if (own === undefined || first === undefined) throw new Error("no partition");
    first.settled = true;
    committer.request([own]);
    asked.shift()?.answer(unavailable);
    await turn();
    expect(asked).toHaveLength(0);
    clock.advance(1000);
    expect(asked.map(({ offsets }) => offsets[0]?.nextOffset)).toEqual([1]);
  });

  test("does nothing more for a partition that is gone", async () => {
    const { clock, asked, committer, partitions } = openBench();
    const [{ own, deliveries: [first] } = { own: undefined, deliveries: [] }] = partitions;
    if (own === undefined || first === undefined) throw new Error("no partition");
    first.settled = true;
    own.state = "gone";
    await committer.flush([own]);
    clock.advance(5000);
    expect(asked).toHaveLength(0);
  });

  test("that waits for more makes one commit of many requests, and none is late for a flush", async () => {
    const { clock, asked, committer, partitions } = openBench(100);
    const [{ own, deliveries } = { own: undefined, deliveries: [] }] = partitions;
    if (own === undefined) throw new Error("no partition");
    for (const delivery of deliveries.slice(0, 5)) {
      delivery.settled = true;
      committer.request([own]);
    }
    expect(asked).toHaveLength(0);
    clock.advance(100);
    expect(asked.map(({ offsets }) => offsets[0]?.nextOffset)).toEqual([5]);
    asked.shift()?.answer({ ok: true });
    await turn();
    for (const delivery of deliveries.slice(5, 7)) delivery.settled = true;
    committer.request([own]);
    const flushed = committer.flush([own]);
    await turn();
    expect(asked.map(({ offsets }) => offsets[0]?.nextOffset)).toEqual([7]);
    asked.shift()?.answer({ ok: true });
    await flushed;
  });
});
