import { describe, expect, test } from "bun:test";
import { createTimeSeries } from "./time-series.ts";

const columns = { stored: { join: "sum" }, lag: { join: "highest" } } as const;
const startMs = 1_772_443_800_000;
const second = (number: number) => startMs + number * 1000;

describe("the last hour", () => {
  test("has a value for each second, and sums and highest values for longer spans", () => {
    const series = createTimeSeries(columns);
    for (let at = 0; at < 120; at += 1) series.push(second(at), { stored: 2, lag: at });
    const fine = series.read(second(120), 60, 60);
    expect(fine.stepSeconds).toBe(1);
    expect(fine.at).toHaveLength(60);
    expect(fine.at.at(-1)).toBe(startMs / 1000 + 120);
    expect(fine.columns.stored).toEqual(Array.from({ length: 60 }, () => 2));
    expect(fine.columns.lag.at(-1)).toBe(119);
    const coarse = series.read(second(120), 120, 4);
    expect(coarse.stepSeconds).toBe(30);
    expect(coarse.columns.stored).toEqual([60, 60, 60, 60]);
    expect(coarse.columns.lag).toEqual([29, 59, 89, 119]);
  });

  test("loses no count however it is cut: all spans together are what was pushed", () => {
    const series = createTimeSeries(columns, 600);
    let pushed = 0;
    for (let at = 0; at < 600; at += 1) {
      pushed += at % 7;
      series.push(second(at), { stored: at % 7, lag: null });
    }
    for (const points of [600, 300, 50, 7]) {
      const { columns: read } = series.read(second(600), 600, points);
      const told = read.stored.reduce<number>((sum, value) => sum + (value ?? 0), 0);
      // The newest span is told when it is complete.
      expect(pushed - told).toBeLessThan(7 * Math.ceil(600 / points));
      if (points === 600) expect(told).toBe(pushed);
    }
  });

  test("tells nothing of the time before it began, and null where it did not run", () => {
    const series = createTimeSeries(columns);
    series.push(second(0), { stored: 5, lag: null });
    series.push(second(3), { stored: 1, lag: 4 });
    const { at, columns: read } = series.read(second(4), 3600, 3600);
    expect(at).toHaveLength(4);
    expect(read.stored).toEqual([5, null, null, 1]);
    expect(read.lag).toEqual([null, null, null, 4]);
  });

  test("forgets what is older than its capacity, also after a gap", () => {
    const series = createTimeSeries(columns, 10);
    for (let at = 0; at < 10; at += 1) series.push(second(at), { stored: 1, lag: 1 });
    series.push(second(25), { stored: 9, lag: 9 });
    const { columns: read } = series.read(second(26), 10, 10);
    expect(read.stored).toEqual([...Array.from({ length: 9 }, () => null), 9]);
  });

  test("is empty when nothing was pushed", () => {
    expect(createTimeSeries(columns).read(second(0), 900, 300).at).toEqual([]);
  });
});
