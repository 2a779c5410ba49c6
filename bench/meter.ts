// Measures one case from its first record to its last: time, processor time of this process with all its threads, and
// memory at every tenth of the way.
import { z } from "zod";

export const measurementSchema = z.object({
  events: z.number(),
  eventsPerSecond: z.number(),
  /** Microseconds of processor time an event; the servers' are not in it. */
  cpuMicrosPerEvent: z.number(),
  /** Resident memory in MB: at the start, then at every tenth of the events. */
  rssMb: z.array(z.number()),
});

export type Measurement = z.infer<typeof measurementSchema>;

/** From the last line of what a case's process printed. */
export function readMeasurement(output: string): Measurement {
  return measurementSchema.parse(JSON.parse(output.trim().split("\n").at(-1) ?? ""));
}

export interface Meter {
  /** The first record is there; later calls change nothing. */
  start(): void;
  /** `count` events in all have come to their end. */
  reach(count: number): void;
  /** Resolves when all have. */
  readonly done: Promise<Measurement>;
}

export function createMeter(events: number): Meter {
  const { promise: done, resolve } = Promise.withResolvers<Measurement>();
  const rssMb = [rss()];
  let startedAtMs: number | undefined;
  let cpuAtStart = process.cpuUsage();

  return {
    start() {
      if (startedAtMs !== undefined) return;
      startedAtMs = performance.now();
      cpuAtStart = process.cpuUsage();
    },
    reach(count) {
      if (startedAtMs === undefined) throw new Error("events ended before the first one had come");
      while (rssMb.length <= 10 && count >= (events * rssMb.length) / 10) rssMb.push(rss());
      if (count < events) return;
      const { user, system } = process.cpuUsage(cpuAtStart);
      const seconds = (performance.now() - startedAtMs) / 1000;
      resolve({
        events,
        eventsPerSecond: events / seconds,
        cpuMicrosPerEvent: (user + system) / events,
        rssMb,
      });
    },
    done,
  };
}

function rss(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}
