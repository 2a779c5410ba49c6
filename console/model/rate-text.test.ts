import { expect, test } from "bun:test";
import { countText } from "./time-text.ts";
import { latencyText, perSecondText } from "./rate-text.ts";

test("a rate is short, and what happens seldom is not called nothing", () => {
  expect([0, 1, 30, 600, 72_240].map((events) => perSecondText(events, 60))).toEqual([
    "0/s",
    "<0.1/s",
    "0.5/s",
    "10/s",
    `${countText(1204)}/s`,
  ]);
  expect(perSecondText(5, 0)).toBe("0/s");
});

test("a latency has the unit that people say, and what is not known is not zero", () => {
  expect([null, 0, 4.25, 41.6, 999, 1240, 7000, 240_000].map(latencyText)).toEqual([
    "–",
    "0 ms",
    "4.3 ms",
    "42 ms",
    "999 ms",
    "1.2 s",
    "7 s",
    "4 min",
  ]);
});
