import { expect, test } from "bun:test";
import type { PartitionLag } from "../../kafka/statistics.ts";
import { createLogger } from "../../service/logger.ts";
import { createTestClock } from "../../service/test-clock.ts";
import { watchStalls } from "./stall-watch.ts";

function openBench() {
  const clock = createTestClock();
  const lines: string[] = [];
  let present: PartitionLag[] = [];
  let paused = false;
  const watch = watchStalls({
    lag: () => present,
    isPaused: () => paused,
    clock,
    logger: createLogger({ level: "error", format: "json", write: (line) => lines.push(line) }),
  });
  const at = (nextOffset: number, lag: number) => {
    present = [
      {
        topic: "order-events",
        partition: 2,
        nextOffset,
        highWatermark: nextOffset + lag,
        lag,
        fetchState: "active",
      },
    ];
  };
  return { clock, lines, watch, at, pause: (on: boolean) => (paused = on) };
}

test("a partition with records and no progress for 30 s is named with its offset, once, until it moves", () => {
  const { clock, lines, watch, at } = openBench();
  at(41, 7);
  clock.advance(60_000);
  expect(watch.stalled).toEqual([{ topic: "order-events", partition: 2, offset: 41, endOffset: 48 }]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('"offset":41');
  at(42, 6);
  clock.advance(5000);
  expect(watch.stalled).toEqual([]);
  watch.stop();
});

test("progress, an empty partition and a paused one are no stall", () => {
  const { clock, watch, at, pause } = openBench();
  for (let offset = 0; offset < 20; offset += 1) {
    at(offset, 5);
    clock.advance(10_000);
    expect(watch.stalled).toEqual([]);
  }
  at(20, 0);
  clock.advance(60_000);
  expect(watch.stalled).toEqual([]);
  pause(true);
  at(20, 9);
  clock.advance(60_000);
  expect(watch.stalled).toEqual([]);
  watch.stop();
});
