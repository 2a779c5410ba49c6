import { describe, expect, test } from "bun:test";
import { crashPoints } from "../../service/settings/order-settings.ts";
import { drawSchedule, inParts } from "./draw-schedule.ts";
import type { Fault } from "./fault.ts";
import { planOrder } from "./order-plan.ts";

const fault = (name: string): Fault => ({
  name,
  row: "broker away",
  pace: "quick",
  run: () => Promise.resolve({ bit: true, expectations: [] }),
});
const options = { seed: 7, kills: 60, instances: 3, faults: [fault("one"), fault("two")] };

describe("the schedule of a run", () => {
  test("is the same for the same seed, and another for another", () => {
    expect(drawSchedule(options)).toEqual(drawSchedule(options));
    expect(drawSchedule({ ...options, seed: 8 })).not.toEqual(drawSchedule(options));
  });

  test("has exactly the kills that were asked for, every point among them, and every fault once", () => {
    for (const kills of [20, 60, 300]) {
      const schedule = drawSchedule({ ...options, kills });
      const killed = schedule.reduce((count, one) => {
        if (one.kind === "crash") return count + (one.first === "kill" ? 2 : 1);
        return one.kind === "kill" || one.kind === "kill-cart" ? count + 1 : count;
      }, 0);
      expect(killed).toBe(kills);
      const points = new Set(schedule.flatMap((one) => (one.kind === "crash" ? [one.point] : [])));
      expect([...points].toSorted()).toEqual([...crashPoints].toSorted());
      const faults = schedule.flatMap((one) => (one.kind === "fault" ? [one.fault.name] : []));
      expect(faults.toSorted()).toEqual(["one", "two"]);
    }
  });

  test("gives a fault, and the point that needs a backlog, the stage to itself", () => {
    const schedule = drawSchedule(options);
    const parts = inParts(schedule);
    const placed = parts.reduce(
      (count, part) => count + (part.kind === "fault" ? 1 : part.lanes.flat().length),
      0,
    );
    expect(placed).toBe(schedule.length);
    for (const part of parts) {
      if (part.kind === "fault") continue;
      const all = part.lanes.flat();
      const isRare = all.some((one) => one.kind === "crash" && one.point === "after-draft");
      if (isRare) expect(all).toHaveLength(1);
    }
  });
});

describe("the plan of an order", () => {
  test("is the same for the same seed and number, whatever was planned before", () => {
    expect(planOrder(3, 900)).toEqual(planOrder(3, 900));
    const kinds = (seed: number) =>
      Array.from({ length: 2000 }, (_, index) => planOrder(seed, index))
        .flat()
        .map(({ step }) => step.kind);
    expect(kinds(3)).not.toEqual(kinds(4));
    expect([...new Set(kinds(3))].toSorted()).toEqual([
      "ask-create",
      "ask-status",
      "ask-wrongly",
      "write-create",
      "write-poison",
      "write-status",
    ]);
  });
});
