// The catalogue is whole: no row of the table without a fault, no fault that no row asks for.
import { describe, expect, test } from "bun:test";
import { faultRows } from "../fault.ts";
import { allFaults, readCatalogue } from "./index.ts";
import { tableRows } from "./rows.ts";

const names = allFaults.map(({ name }) => name);

describe("the catalogue of faults", () => {
  test.each(Object.entries(tableRows))("brings about: %s", (_row, wanted) => {
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
  });

  test("has no fault that no row names, and no name twice", () => {
    expect(names.toSorted()).toEqual(Object.values(tableRows).flat().toSorted());
    expect(new Set(names).size).toBe(names.length);
  });

  test("has a quick one for every row of the reports", () => {
    const quick = new Set(allFaults.filter(({ pace }) => pace === "quick").map(({ row }) => row));
    const without = faultRows.filter((row) => !quick.has(row));
    // Until a session is over nobody may take the partitions of one that is frozen.
    expect(without).toEqual(["consumer frozen past its session"]);
  });

  test("says why a fault is left out on this machine", () => {
    const { faults, skipped } = readCatalogue();
    expect(faults.length + skipped.length).toBe(allFaults.length);
    for (const sentence of skipped) expect(sentence).toMatch(/^[a-z0-9-]+: .{5,}/);
  });
});
