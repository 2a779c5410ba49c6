// What every process tells of itself, by the names that all Prometheus clients use, and how long its event loop lets others
// wait. The client's own collection is made for Node: under Bun most of it is 0.
import type { Clock } from "../service/clock.ts";
import { createGauge } from "./gauge.ts";
import { createHistogram, type Histogram } from "./histogram.ts";
import type { Family } from "./metrics-page.ts";

export interface EventLoopWatch {
  readonly delay: Histogram;
  stop(): void;
}

const lookMs = 100;

/** Ten looks a second: how much later than asked for each one comes. */
export function watchEventLoop(clock: Clock): EventLoopWatch {
  const delay = createHistogram({
    name: "event_loop_delay_seconds",
    help: "How much later than asked for a timer fires; ten looks a second.",
    sets: {},
    bounds: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  });
  const observer = delay.at({});
  let cancel: () => void;
  function look(): void {
    const dueMs = clock.nowMs() + lookMs;
    cancel = clock.after(lookMs, () => {
      observer.observe((clock.nowMs() - dueMs) / 1000);
      look();
    });
  }
  look();
  return { delay, stop: () => cancel() };
}

export function processFamilies({ delay }: EventLoopWatch): readonly Family[] {
  const startedAtSeconds = (performance.timeOrigin || Date.now()) / 1000;
  return [
    delay,
    cpuSeconds,
    createGauge("process_resident_memory_bytes", "Memory of the process that is in RAM.", () =>
      process.memoryUsage.rss(),
    ),
    createGauge(
      "process_start_time_seconds",
      "When the process was started, in seconds since the epoch.",
      () => startedAtSeconds,
    ),
  ];
}

/** Counted by the system. */
const cpuSeconds: Family = {
  kind: "counter",
  name: "process_cpu_seconds",
  help: "User and system time that the process has had, in seconds.",
  sets: {},
  series() {
    const { user, system } = process.cpuUsage();
    return [{ labels: {}, value: (user + system) / 1e6 }];
  },
};
