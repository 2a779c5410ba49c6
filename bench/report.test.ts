import { describe, expect, test } from "bun:test";
import { rawConsumeName } from "./consume.ts";
import type { Measurement } from "./meter.ts";
import { createsAmong, orderEventAt } from "./order-events.ts";
import { median, summarise, toTable } from "./report.ts";

const measured = (eventsPerSecond: number): Measurement => ({
  events: 100,
  eventsPerSecond,
  cpuMicrosPerEvent: 10,
  rssMb: [80, 90],
});

describe("a benchmark's report", () => {
  test("compares each round with the raw consume of the same round, because the machine's load changes", () => {
    const [, pipeline] = summarise([
      { name: rawConsumeName, measurements: [100, 40, 80].map(measured) },
      { name: "pipeline", measurements: [50, 20, 40].map(measured) },
    ]);
    expect(pipeline).toMatchObject({
      eventsPerSecond: 40,
      ofRawConsume: 0.5,
      everyEventsPerSecond: [50, 20, 40],
    });
    expect(toTable([pipeline].filter((summary) => summary !== undefined))).toContain("50 %");
  });

  test("the median of an even number of values lies between the middle two", () => {
    expect([median([4, 1, 3, 2]), median([3, 1, 2])]).toEqual([2.5, 2]);
  });
});

describe("a benchmark's events", () => {
  test("are seven creates of their own orders to three updates of orders that were created before", () => {
    const created = new Set<string>();
    for (let index = 0; index < 5000; index += 1) {
      const { eventType, orderId } = orderEventAt(index);
      expect(created.has(orderId)).toBe(eventType === "UPDATE");
      created.add(orderId);
      expect(created.size).toBe(createsAmong(index + 1));
    }
    expect(created.size).toBe(3500);
  });
});
