import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { ParkedSummary } from "../store/parked-records.ts";
import { createParkedLanes } from "./parked-lanes.ts";

const source = "order-events/0";

/** The same, said slowly: a list of rows. */
function createModel() {
  let rows: { offset: number; lane: string; dueAtMs: number }[] = [];
  const firsts = () =>
    [...new Set(rows.map(({ lane }) => lane))].flatMap((lane) => rows.find((row) => row.lane === lane) ?? []);
  return {
    add: (offset: number, lane: string, dueAtMs: number) => void rows.push({ offset, lane, dueAtMs }),
    delay(offset: number, dueAtMs: number) {
      for (const row of rows) if (row.offset === offset) row.dueAtMs = dueAtMs;
    },
    remove(offset: number) {
      rows = rows.filter((row) => row.offset !== offset);
    },
    rows: () => rows,
    offsetsOf: (lane: string) => rows.filter((row) => row.lane === lane).map(({ offset }) => offset),
    due: (nowMs: number) =>
      firsts()
        .filter(({ dueAtMs }) => dueAtMs <= nowMs)
        .map(({ lane }) => lane)
        .sort(),
    nextDueAtMs: (afterMs: number) =>
      Math.min(...firsts().flatMap(({ dueAtMs }) => (dueAtMs > afterMs ? [dueAtMs] : []))),
  };
}

const lane = fc.constantFrom("A", "B", "C");
const change = fc.oneof(
  fc.record({ kind: fc.constant("park" as const), lane, dueAtMs: fc.nat(100) }),
  fc.record({ kind: fc.constant("delay" as const), index: fc.nat(30), dueAtMs: fc.nat(100) }),
  fc.record({ kind: fc.constant("unpark" as const), index: fc.nat(30) }),
  fc.record({ kind: fc.constant("die" as const), index: fc.nat(30) }),
);

describe("parked lanes", () => {
  test("say at any time what a plain list of the parked records says", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), fc.nat(100), (changes, nowMs) => {
        const lanes = createParkedLanes();
        const model = createModel();
        for (const [offset, step] of changes.entries()) {
          if (step.kind === "park") {
            lanes.replace([...model.rows().map(toSummary), toSummary({ ...step, offset })]);
            model.add(offset, step.lane, step.dueAtMs);
          } else {
            const row = model.rows()[step.index];
            if (row === undefined) continue;
            const id = { source, offset: row.offset };
            if (step.kind === "unpark") lanes.unpark([id]);
            else if (step.kind === "die")
              lanes.repark([{ ...id, state: "dead", attempts: [], dueAtMs: null, death: null }]);
            else
              lanes.repark([{ ...id, state: "waiting", attempts: [], dueAtMs: step.dueAtMs, death: null }]);
            if (step.kind === "delay") model.delay(row.offset, step.dueAtMs);
            else model.remove(row.offset);
          }
          expect(lanes.waiting).toBe(model.rows().length);
          for (const name of ["A", "B", "C"]) {
            expect([...lanes.offsetsOf(name)]).toEqual(model.offsetsOf(name));
            expect(lanes.isHeld(name)).toBe(model.offsetsOf(name).length > 0);
          }
          expect(lanes.dueLanes(nowMs, 10).sort()).toEqual(model.due(nowMs));
          expect(lanes.nextDueAtMs(nowMs) ?? Number.POSITIVE_INFINITY).toBe(model.nextDueAtMs(nowMs));
        }
      }),
    );
  });

  test("a record that failed while its predecessor went keeps its own wait", () => {
    const lanes = createParkedLanes();
    lanes.replace([
      toSummary({ offset: 1, lane: "A", dueAtMs: 0 }),
      toSummary({ offset: 2, lane: "A", dueAtMs: 0 }),
    ]);
    lanes.repark([{ source, offset: 2, state: "waiting", attempts: [], dueAtMs: 1000, death: null }]);
    lanes.unpark([{ source, offset: 1 }]);
    expect(lanes.dueLanes(999, 10)).toEqual([]);
    expect(lanes.dueLanes(1000, 10)).toEqual(["A"]);
  });

  test("ending a record in the middle of a lane does not bring its first one forward", () => {
    const lanes = createParkedLanes();
    lanes.replace([
      toSummary({ offset: 1, lane: "A", dueAtMs: 1000 }),
      toSummary({ offset: 2, lane: "A", dueAtMs: 0 }),
    ]);
    lanes.repark([{ source, offset: 2, state: "dead", attempts: [], dueAtMs: null, death: null }]);
    expect(lanes.dueLanes(999, 10)).toEqual([]);
  });
});

function toSummary({
  offset,
  lane: name,
  dueAtMs,
}: {
  offset: number;
  lane: string;
  dueAtMs: number;
}): ParkedSummary {
  return { source, offset, lane: name, state: "waiting", dueAtMs };
}
