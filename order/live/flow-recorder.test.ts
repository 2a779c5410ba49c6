import { describe, expect, test } from "bun:test";
import type { PartitionLag } from "../../kafka/statistics.ts";
import { createFlowRecorder, type FlowTotals } from "./flow-recorder.ts";
import { quantileOf } from "./quantile.ts";

const bounds = [0.01, 0.1, 1];

function createStage() {
  let totals: FlowTotals = { stored: 0, retried: 0, dead: 0, endToEnd: { bounds, counts: [0, 0, 0, 0] } };
  let partitions: PartitionLag[] = [];
  const recorder = createFlowRecorder({
    totals: () => totals,
    lag: () => partitions,
    isCounted: (topic) => topic === "orders",
  });
  return {
    recorder,
    become(next: Partial<FlowTotals>) {
      totals = { ...totals, ...next };
    },
    has(next: readonly Partial<PartitionLag>[]) {
      partitions = next.map((partition) => ({
        topic: "orders",
        partition: 0,
        nextOffset: 0,
        highWatermark: 0,
        lag: 0,
        fetchState: "active",
        ...partition,
      }));
    },
  };
}

describe("what happened in a second", () => {
  test("is what the totals grew by, and a minute is its last sixty seconds", () => {
    const stage = createStage();
    for (let second = 1; second <= 70; second += 1) {
      stage.become({ stored: second * 10, retried: second, dead: 0 });
      const beat = stage.recorder.beat(null);
      expect(beat.second).toMatchObject({ stored: 10, retried: 1 });
      expect(beat.minute.stored).toBe(10 * Math.min(60, second));
    }
  });

  test("counts as accepted what the topics grew by, and not what a partition had when it was assigned", () => {
    const stage = createStage();
    stage.has([{ highWatermark: 1000, lag: 3 }]);
    expect(stage.recorder.beat(null)).toMatchObject({ second: { accepted: 0 }, lag: 3 });
    stage.has([
      { highWatermark: 1012, lag: 1 },
      { partition: 1, highWatermark: 500, lag: 2 },
      { topic: "decisions", highWatermark: 99, lag: 4 },
    ]);
    expect(stage.recorder.beat(null)).toMatchObject({ second: { accepted: 12 }, lag: 7 });
    stage.has([]);
    expect(stage.recorder.beat(null)).toMatchObject({ second: { accepted: 0 }, lag: null });
    stage.has([{ highWatermark: 2000 }]);
    expect(stage.recorder.beat(null).second.accepted).toBe(0);
  });

  test("counts new orders by the store's own count, and nothing while the store is away", () => {
    const { recorder } = createStage();
    expect(recorder.beat(100).second.orders).toBe(0);
    expect(recorder.beat(null).second.orders).toBe(0);
    expect(recorder.beat(107).second.orders).toBe(7);
    expect(recorder.beat(107).minute.orders).toBe(7);
  });

  test("has the latency of what was stored in it, and none when nothing was", () => {
    const stage = createStage();
    stage.become({ endToEnd: { bounds, counts: [98, 0, 2, 0] } });
    const first = stage.recorder.beat(null);
    expect(first.secondLatency.p50Ms).toBeCloseTo(5.1, 1);
    expect(first.secondLatency.p99Ms).toBeCloseTo(550, 0);
    const idle = stage.recorder.beat(null);
    expect(idle.secondLatency).toEqual({ p50Ms: null, p99Ms: null });
    expect(idle.minuteLatency).toEqual(first.minuteLatency);
  });
});

describe("a quantile of buckets", () => {
  test("is nothing of nothing, the last bound of what is beyond all, and grows with its share", () => {
    expect(quantileOf(0.5, bounds, [0, 0, 0, 0])).toBeNull();
    expect(quantileOf(0.5, bounds, [0, 0, 0, 5])).toBe(1);
    expect(quantileOf(0.5, bounds, [10, 0, 0, 0])).toBe(0.005);
    expect(quantileOf(0.99, bounds, [0, 10, 0, 0])).toBeGreaterThan(
      quantileOf(0.5, bounds, [0, 10, 0, 0]) ?? 1,
    );
  });
});
