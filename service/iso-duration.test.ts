import { describe, expect, test } from "bun:test";
import { readIsoDurationMs } from "./iso-duration.ts";

describe("an ISO 8601 duration", () => {
  test.each([
    ["PT10S", 10_000],
    ["PT0S", 0],
    ["PT0.5S", 500],
    ["PT1,25S", 1250],
    ["PT0.001S", 1],
    ["PT1M30S", 90_000],
    ["PT2H", 7_200_000],
    ["P1D", 86_400_000],
    ["P1DT12H", 129_600_000],
    ["P2W", 1_209_600_000],
    ["PT90M", 5_400_000],
  ])("%s is %d ms", (text, ms) => {
    expect(readIsoDurationMs(text)).toBe(ms);
  });

  test.each([
    "",
    "P",
    "PT",
    "P1DT",
    "10",
    "10S",
    "10s",
    "pt10s",
    "PT-10S",
    "-PT10S",
    "P1M",
    "P1Y",
    "PT10S ",
    "PT10",
    "PT.5S",
    "PT0.0001S",
    "PT1S1M",
    "P1WT1S",
    "PT1.5M",
  ])("%p is none", (text) => {
    expect(readIsoDurationMs(text)).toBeUndefined();
  });
});
