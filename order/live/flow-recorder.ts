// From totals that only grow to what happened in each second and in the last minute. What is counted is the tally's business
// (../order-tally.ts): this only looks at it once a second.
import type { Flow } from "../../contract/live.ts";
import type { PartitionLag } from "../../kafka/statistics.ts";
import { quantileOf } from "./quantile.ts";

/** Since the process began; none ever falls. */
export interface FlowTotals {
  readonly stored: number;
  readonly retried: number;
  readonly dead: number;
  /** From a record's time to its effect: bounds in seconds, and one count more than bounds. */
  readonly endToEnd: { readonly bounds: readonly number[]; readonly counts: readonly number[] };
}

export interface Beat {
  readonly second: Flow;
  readonly minute: Flow;
  readonly secondLatency: Latency;
  readonly minuteLatency: Latency;
  readonly lag: number | null;
}

interface Latency {
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface FlowRecorder {
  /** Once a second. `storedOrders` is the store's own count, null while it cannot be asked. */
  beat(storedOrders: number | null): Beat;
}

export interface FlowRecorderOptions {
  readonly totals: () => FlowTotals;
  /** Of every partition that this instance has. */
  readonly lag: () => readonly PartitionLag[];
  /** Whether records of this topic are counted by `totals`: only these count as accepted. */
  readonly isCounted: (topic: string) => boolean;
}

interface Second {
  readonly flow: Flow;
  readonly buckets: readonly number[];
}

const window = 60;

export function createFlowRecorder({ totals, lag, isCounted }: FlowRecorderOptions): FlowRecorder {
  let before = totals();
  let ordersBefore: number | null = null;
  const endOffsets = new Map<string, number>();
  const seconds: Second[] = [];

  /** How much longer the topics have become. A partition that has just been assigned has no before. */
  function acceptedSince(partitions: readonly PartitionLag[]): number {
    let accepted = 0;
    const present = new Set<string>();
    for (const { topic, partition, highWatermark } of partitions) {
      if (highWatermark === null || !isCounted(topic)) continue;
      const key = `${topic}/${partition}`;
      present.add(key);
      accepted += Math.max(0, highWatermark - (endOffsets.get(key) ?? highWatermark));
      endOffsets.set(key, highWatermark);
    }
    for (const key of endOffsets.keys()) if (!present.has(key)) endOffsets.delete(key);
    return accepted;
  }

  function ordersSince(storedOrders: number | null): number {
    if (storedOrders === null) return 0;
    const orders = Math.max(0, storedOrders - (ordersBefore ?? storedOrders));
    ordersBefore = storedOrders;
    return orders;
  }

  return {
    beat(storedOrders) {
      const now = totals();
      const partitions = lag();
      const buckets = now.endToEnd.counts.map((count, index) => count - (before.endToEnd.counts[index] ?? 0));
      const flow: Flow = {
        accepted: acceptedSince(partitions),
        stored: now.stored - before.stored,
        retried: now.retried - before.retried,
        dead: now.dead - before.dead,
        orders: ordersSince(storedOrders),
      };
      before = now;
      seconds.push({ flow, buckets });
      if (seconds.length > window) seconds.shift();
      const { bounds } = now.endToEnd;
      return {
        second: flow,
        minute: sumOf(seconds.map(({ flow: one }) => one)),
        secondLatency: latencyOf(bounds, buckets),
        minuteLatency: latencyOf(
          bounds,
          buckets.map((_, index) => seconds.reduce((sum, one) => sum + (one.buckets[index] ?? 0), 0)),
        ),
        lag: partitions.length === 0 ? null : partitions.reduce((sum, { lag: own }) => sum + (own ?? 0), 0),
      };
    },
  };
}

function latencyOf(bounds: readonly number[], counts: readonly number[]): Latency {
  return { p50Ms: inMs(quantileOf(0.5, bounds, counts)), p99Ms: inMs(quantileOf(0.99, bounds, counts)) };
}

function inMs(seconds: number | null): number | null {
  return seconds === null ? null : Math.round(seconds * 10_000) / 10;
}

function sumOf(flows: readonly Flow[]): Flow {
  const sum = { accepted: 0, stored: 0, retried: 0, dead: 0, orders: 0 };
  for (const { accepted, stored, retried, dead, orders } of flows) {
    sum.accepted += accepted;
    sum.stored += stored;
    sum.retried += retried;
    sum.dead += dead;
    sum.orders += orders;
  }
  return sum;
}
