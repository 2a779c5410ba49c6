import { describe, expect, test } from "bun:test";
import { documentedPythonName, orderInto, rawConsumeName } from "../consume.ts";
import { bareName, cartName } from "../create.ts";
import { flatnessGroup, orderLoadName, storedName } from "../growth/growth-names.ts";
import { joinsGroup, oursInLittleMemoryName, oursName } from "../saga/saga.ts";
import type { MeasuredCase } from "./result-file.ts";
import { judge, sentenceOf } from "./targets.ts";

const creates = (name: string, ...every: readonly number[]): MeasuredCase => ({
  group: "64 connections",
  name,
  rounds: every.map((createsPerSecond) => ({ createsPerSecond })),
});
const sentences = (part: "create" | "consume" | "growth" | "saga", cases: MeasuredCase[]) =>
  judge({ part, cases }).map(sentenceOf);

describe("the targets", () => {
  test("a share is taken within each round, so that a busy round compares with itself", () => {
    const [share] = sentences("create", [
      creates(cartName, 880, 90, 850),
      creates(bareName, 1000, 100, 1000),
    ]);
    expect(share).toBe(
      "Met: creates/s of cart at 64 connections, of the bare limit: 88 % (target: at least 85 %)",
    );
  });

  test("the best Python peer is the one with the highest median at the same load", () => {
    const peers = [
      creates("Python: one", 100, 400, 100),
      creates("Python: two", 160, 160, 160),
      { ...creates("Python: other load", 9999), group: "1 connection" },
    ];
    const [, times] = sentences("create", [creates(cartName, 640, 640, 640), ...peers]);
    expect(times).toStartWith("Missed: ");
    expect(times).toContain(": 4 times (target: at least 5 times)");
  });

  test("what a result does not have is not measured, neither met nor missed", () => {
    for (const sentence of sentences("create", [creates(cartName, 1)]))
      expect(sentence).toStartWith("Not measured: ");
  });

  test("order is compared with what a Python consumer has committed, and with what it has only seen", () => {
    const consumed = (name: string, eventsPerSecond: number, committedPerSecond?: number): MeasuredCase => ({
      group: "",
      name,
      rounds: [{ eventsPerSecond, ...(committedPerSecond === undefined ? {} : { committedPerSecond }) }],
    });
    const told = sentences("consume", [
      consumed(rawConsumeName, 100),
      consumed(orderInto("postgres"), 50),
      consumed(documentedPythonName, 40, 10),
    ]);
    expect(
      told.filter((sentence) => sentence.includes("PostgreSQL")).map((one) => one.split(":")[0]),
    ).toEqual(["Met", "Met", "Met", "Missed"]);
  });

  test("system C's memory is judged with and without a word about the machine's, beside its speed", () => {
    const joined = (name: string, joinsPerSecond: number, peakRssMb: number): MeasuredCase => ({
      group: joinsGroup,
      name,
      rounds: [{ joinsPerSecond, peakRssMb }],
    });
    const told = sentences("saga", [joined(oursName, 8400, 329), joined(oursInLittleMemoryName, 8000, 190)]);
    expect(told.filter((sentence) => !sentence.startsWith("Not measured"))).toEqual([
      "Met: joins from full topics into PostgreSQL: 8,400 a second (target: at least 8,000 a second)",
      "Missed: most memory while joining from full topics, as it is: 329 MB (target: at most 200 MB)",
      "Met: most memory while joining from full topics, with BUN_JSC_forceRAMSize=160000000: 190 MB (target: at most 200 MB)",
    ]);
  });

  test("what an event costs among many orders is told for each order of ids, of the same ids with none stored", () => {
    const stored = (orders: number, idOrder: "time" | "none", cpuMicrosPerEvent: number): MeasuredCase => ({
      group: "sqlite-file",
      name: storedName({ orders, letters: 0, idOrder }),
      rounds: [{ cpuMicrosPerEvent }],
    });
    const told = sentences("growth", [
      stored(0, "time", 10),
      stored(5_000_000, "time", 11),
      stored(0, "none", 10),
      stored(5_000_000, "none", 30),
    ]).filter((sentence) => sentence.includes("CPU an event") && sentence.includes("SQLite"));
    expect(told.map((sentence) => sentence.split(":")[0])).toEqual(["Met", "Missed"]);
    expect(told[0]).toContain("ids in the order of time");
    expect(told[1]).toContain("ids in no order");
  });

  test("memory is flat when the second half of a load takes no more than the first, without its first tenth", () => {
    const load = (...rssMb: number[]): MeasuredCase => ({
      group: flatnessGroup,
      name: orderLoadName("postgres"),
      rounds: [{}],
      series: { rssMb },
    });
    const verdict = (one: MeasuredCase) =>
      sentences("growth", [one]).find((sentence) => sentence.includes("long load, order → postgres"));
    expect(verdict(load(50, 900, 200, 200, 200, 200, 200, 200, 200, 200, 210))).toStartWith("Met: ");
    expect(verdict(load(50, 60, 100, 110, 120, 130, 140, 150, 160, 170, 180))).toStartWith("Missed: ");
  });
});
