import { expect, test } from "bun:test";
import { barChart } from "./bar-chart.ts";

const chart = barChart({
  title: "A & B",
  decimals: 0,
  groups: [
    {
      name: "<one>",
      bars: [
        { name: "ours", values: [90, 110, 100], kind: "ours" },
        { name: "peer", values: [55], kind: "peer" },
      ],
    },
  ],
});

test("a chart shows each median, and the range only where there were several rounds", () => {
  expect(chart).toContain(">100</text>");
  expect(chart).toContain(">55</text>");
  expect(chart.match(/class="range"/g)).toHaveLength(1);
});

test("a bar's length is its share of the largest value of any round", () => {
  const widths = [...chart.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
  expect(widths[0]).toBeCloseTo((widths[1] ?? 0) * (100 / 55), 0);
});

test("names are text in it, never markup", () => {
  expect(chart).toContain("&lt;one&gt;");
  expect(chart).toContain('aria-label="A &amp; B"');
});

test("its colours are those of a dark page for a reader who has that", () => {
  expect(chart).toContain("prefers-color-scheme:dark");
});
