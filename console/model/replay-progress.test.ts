import { expect, test } from "bun:test";
import { msLeft, rateOf, type Reading, withReading } from "./replay-progress.ts";

const readings = (...told: readonly (readonly [atMs: number, settled: number])[]) =>
  told.reduce<readonly Reading[]>((before, [atMs, settled]) => withReading(before, { atMs, settled }), []);

test("the rate is what was seen in the last ten seconds, not since the start", () => {
  const seen = readings([0, 0], [1000, 500], [2000, 1000], [12_000, 1000], [22_000, 1000]);
  expect(rateOf(seen)).toBe(0);
  expect(rateOf(readings([0, 0], [2000, 1000]))).toBe(500);
});

test("without two readings some time apart there is no rate, and so no time left", () => {
  expect(rateOf([])).toBeUndefined();
  expect(rateOf(readings([0, 0], [1000, 9]))).toBeUndefined();
  expect(msLeft(10, undefined)).toBeUndefined();
  expect(msLeft(10, 0)).toBeUndefined();
  expect(msLeft(0, undefined)).toBe(0);
  expect(msLeft(500, 250)).toBe(2000);
});

test("a reading that is no later than the last one counts for nothing", () => {
  expect(readings([0, 1], [0, 2])).toEqual([{ atMs: 0, settled: 1 }]);
});
