import { describe, expect, test } from "bun:test";
import {
  createBrokerWatch,
  isGroupSteady,
  readPartitionLag,
  readStatistics,
  type ClientStatistics,
} from "./statistics.ts";

function brokers(...states: readonly { state: string; waiting?: number; rx?: number }[]): ClientStatistics {
  const entries = states.map(
    ({ state, waiting = 0, rx = 1 }, id) => [String(id), { state, waitresp_cnt: waiting, rx }] as const,
  );
  return { brokers: Object.fromEntries(entries), topics: {} };
}

describe("whether a broker answers", () => {
  test("one connected broker without open requests is enough, none is not", () => {
    const watch = createBrokerWatch(2_000);
    expect(watch.observe(brokers({ state: "DOWN" }, { state: "UP" }), 0)).toBe(true);
    expect(watch.observe(brokers({ state: "TRY_CONNECT" }, { state: "INIT" }), 1)).toBe(false);
    expect(watch.observe(brokers(), 2)).toBe(false);
  });

  test("a broker that owes an answer and sends nothing counts as away after the time given, until it sends", () => {
    const watch = createBrokerWatch(2_000);
    const silent = brokers({ state: "UP", waiting: 1, rx: 5 });
    expect(watch.observe(silent, 0)).toBe(true);
    expect(watch.observe(silent, 1_999)).toBe(true);
    expect(watch.observe(silent, 2_000)).toBe(false);
    expect(watch.observe(brokers({ state: "UP", waiting: 1, rx: 6 }), 2_100)).toBe(true);
  });

  test("a long silence without open requests is no sign of anything", () => {
    const watch = createBrokerWatch(2_000);
    watch.observe(brokers({ state: "UP", rx: 5 }), 0);
    expect(watch.observe(brokers({ state: "UP", waiting: 1, rx: 5 }), 60_000)).toBe(true);
  });

  test("another broker that answers makes up for a silent one", () => {
    const watch = createBrokerWatch(1);
    const statistics = brokers({ state: "UP", waiting: 1 }, { state: "UP" });
    watch.observe(statistics, 0);
    expect(watch.observe(statistics, 100)).toBe(true);
  });
});

describe("what is read from statistics", () => {
  const statistics = readStatistics(
    JSON.stringify({
      brokers: {},
      cgrp: { state: "up", join_state: "steady" },
      topics: {
        t: {
          topic: "t",
          partitions: {
            0: {
              partition: 0,
              fetch_state: "active",
              fetchq_cnt: 3,
              next_offset: 20,
              app_offset: 12,
              hi_offset: 25,
            },
            1: {
              partition: 1,
              fetch_state: "active",
              fetchq_cnt: 3,
              next_offset: 20,
              app_offset: -1001,
              hi_offset: 25,
            },
            2: {
              partition: 2,
              fetch_state: "offset-query",
              fetchq_cnt: 0,
              next_offset: -1,
              app_offset: -1001,
              hi_offset: -1001,
            },
          },
        },
      },
    }),
  );
  const lag = (partition: number) => readPartitionLag(statistics, { topic: "t", partition });

  test("lag counts from what was handed over, or else from what was fetched without its prefetched records", () => {
    expect(lag(0)).toMatchObject({ nextOffset: 12, highWatermark: 25, lag: 13, fetchState: "active" });
    expect(lag(1)).toMatchObject({ nextOffset: 17, highWatermark: 25, lag: 8 });
  });

  test("what is not known yet is null and not zero", () => {
    expect(lag(2)).toMatchObject({ nextOffset: null, highWatermark: null, lag: null });
    expect(lag(3)).toMatchObject({ nextOffset: null, highWatermark: null, lag: null, fetchState: "none" });
  });

  test("a group is steady when its coordinator is up and no rebalance is on", () => {
    const group = (state: string, join_state: string): ClientStatistics => ({
      brokers: {},
      topics: {},
      cgrp: { state, join_state },
    });
    expect(isGroupSteady(statistics)).toBe(true);
    expect(isGroupSteady(group("up", "wait-join"))).toBe(false);
    expect(isGroupSteady(group("wait-broker", "steady"))).toBe(false);
    expect(isGroupSteady(brokers())).toBe(false);
  });
});
