// A benchmark's results for people: medians with every raw value behind them, and on what they were measured.
import { cpus, loadavg, totalmem } from "node:os";
import kafkaPackage from "../node_modules/@confluentinc/kafka-javascript/package.json" with { type: "json" };
import { type CaseResult, rawConsumeName } from "./consume.ts";

export interface Summary {
  readonly name: string;
  /** Median. */
  readonly eventsPerSecond: number;
  /** Median of the rounds' shares of their own raw consume. */
  readonly ofRawConsume: number;
  /** Median. */
  readonly cpuMicrosPerEvent: number;
  /** Of the last round: at the start, then at every tenth of the events. */
  readonly rssMb: readonly number[];
  readonly everyEventsPerSecond: readonly number[];
}

export function summarise(results: readonly CaseResult[]): readonly Summary[] {
  const raw = results.find(({ name }) => name === rawConsumeName)?.measurements ?? [];
  return results.map(({ name, measurements }) => {
    const every = measurements.map(({ eventsPerSecond }) => eventsPerSecond);
    return {
      name,
      eventsPerSecond: median(every),
      ofRawConsume: median(every.map((rate, round) => rate / (raw[round]?.eventsPerSecond ?? Number.NaN))),
      cpuMicrosPerEvent: median(measurements.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)),
      rssMb: measurements.at(-1)?.rssMb ?? [],
      everyEventsPerSecond: every,
    };
  });
}

export function toTable(summaries: readonly Summary[]): string {
  const rows = summaries.map((summary) => [
    summary.name,
    rate(summary.eventsPerSecond),
    `${(summary.ofRawConsume * 100).toFixed(0)} %`,
    summary.cpuMicrosPerEvent.toFixed(1),
    summary.rssMb.join(" "),
    summary.everyEventsPerSecond.map(rate).join(" "),
  ]);
  const table = [
    ["case", "events/s", "of raw", "CPU µs/event", "RSS in MB, by tenths", "every round"],
    ...rows,
  ];
  return align(table);
}

/** Rows of text as columns of one width. */
export function align(table: readonly (readonly string[])[]): string {
  const widths =
    table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  /** Of the last minute: other work on the machine slows every case. */
  readonly load: number;
  readonly platform: string;
  readonly bun: string;
  readonly kafkaJavascript: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown CPU",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0] ?? 0,
    platform: `${process.platform} ${process.arch}`,
    bun: Bun.version,
    kafkaJavascript: kafkaPackage.version,
  };
}

export function rate(eventsPerSecond: number): string {
  return Math.round(eventsPerSecond).toLocaleString("en");
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
