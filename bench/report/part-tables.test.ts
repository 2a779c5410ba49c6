import { expect, test } from "bun:test";
import { bareName, cartName } from "../create.ts";
import { rowsOf } from "./part-tables.ts";
import type { MeasuredCase } from "./result-file.ts";

const created = (name: string, ...every: readonly number[]): MeasuredCase => ({
  group: "64 connections",
  name,
  rounds: every.map((createsPerSecond) => ({ createsPerSecond, p50Ms: 1.234 })),
});

test("a row has its medians, its share of the limit within each round, and every round", () => {
  expect(rowsOf("create", [created(cartName, 800, 90, 850), created(bareName, 1000, 100, 1000)])).toEqual([
    ["load", "case", "creates/s", "of bare", "p50 ms", "every round"],
    ["64 connections", cartName, "800", "85 %", "1.23", "800 90 850"],
    ["64 connections", bareName, "1,000", "100 %", "1.23", "1,000 100 1,000"],
  ]);
});

test("of an operator's waits the slowest is told, because that is the one that people remember", () => {
  const [, row] = rowsOf("dlq", [
    { group: "postgres", name: "first page", rounds: [{ ms: 1 }, { ms: 9 }, { ms: 2 }] },
  ]);
  expect(row).toEqual(["postgres", "first page", "9.0", "1.0 9.0 2.0"]);
});

test("a figure that only some cases have leaves the others' cells empty", () => {
  const rows = rowsOf("saga", [
    { group: "joins", name: "order", rounds: [{ joinsPerSecond: 10 }] },
    { group: "latency", name: "order", rounds: [{ p50Ms: 3 }] },
  ]);
  expect(rows).toEqual([
    ["question", "case", "joins/s", "p50 ms"],
    ["joins", "order", "10", ""],
    ["latency", "order", "", "3.0"],
  ]);
});
