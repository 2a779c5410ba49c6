import { expect, test } from "bun:test";
import { bareName, cartName, type CreateFigures, type CreateResult } from "./create.ts";
import { summariseCreates, toCreateTable } from "./create-report.ts";

const figures = (createsPerSecond: number): CreateFigures => ({
  createsPerSecond,
  p50Ms: 1,
  p99Ms: 2,
  peakRssMb: 100,
  cpuMicrosPerCreate: 50,
});
const result = (contender: string, ...every: readonly number[]): CreateResult => ({
  contender,
  connections: 64,
  rounds: every.map(figures),
});

test("a share is taken within each round, so that a busy round compares with itself", () => {
  const summaries = summariseCreates([result(cartName, 800, 90, 850), result(bareName, 1000, 100, 1000)]);
  expect(summaries.map(({ ofBareLimit }) => ofBareLimit)).toEqual([0.85, 1]);
  expect(summaries.map(({ createsPerSecond }) => createsPerSecond)).toEqual([800, 1000]);
});

test("cart is compared with the best of the Python cases at its own number of connections", () => {
  const table = toCreateTable(
    summariseCreates([
      result(cartName, 800),
      result(bareName, 1000),
      result("Python: one", 100),
      result("Python: two", 160),
      { ...result("Python: two", 700), connections: 1 },
    ]),
  );
  expect(table.split("\n").at(-1)).toBe(
    "cart at 64 connections: 80 % of the bare limit, 5.0 times the best Python",
  );
});
