// The catalogue is whole: no row of the table without a fault, no fault that no row asks for.
import { describe, expect, test } from "bun:test";
import { faultRows } from "../fault.ts";
import type { EventWriter } from "../../system/event-writer.ts";
import { poisonRecords } from "../../system/poison.ts";
import { allFaults, readCatalogue } from "./index.ts";
import { poisonDecisions } from "./join-faults.ts";
import { poisonOfBrokers } from "./poison-faults.ts";
import { poisonList, tableRows } from "./rows.ts";

const names = allFaults.map(({ name }) => name);

/** What is in a record does not matter here. */
const event = Buffer.alloc(100);
const writer: EventWriter = {
  createA: () => event,
  updateA: () => event,
  createB: () => event,
  updateB: () => event,
  close: () => undefined,
};
const poison = [
  ...names,
  ...[...poisonRecords(writer, ""), ...poisonOfBrokers(writer)].map(({ name }) => name),
  ...poisonDecisions.map(([what]) => what),
];

describe("the catalogue of faults", () => {
  test.each(Object.entries(tableRows))("brings about: %s", (_row, wanted) => {
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => !names.includes(name))).toEqual([]);
  });

  test.each(Object.entries(poisonList))("writes this poison: %s", (_clause, wanted) => {
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.filter((name) => !poison.includes(name))).toEqual([]);
  });

  test("cuts Avro at every byte", () => {
    const cuts = poison.filter((name) => name.startsWith("Avro cut after"));
    const frameLength = 5;
    expect(cuts.length).toBe(event.length - frameLength);
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
