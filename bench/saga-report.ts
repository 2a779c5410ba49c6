// The saga benchmark's results for people: a table a question, medians, with the rate or the p99 of every round behind them.
import type { JoinFigures, LatencyFigures } from "./cases/saga-case.ts";
import { align, median, rate } from "./report.ts";
import { type SagaResults, statementDelayMs } from "./saga.ts";

type Rounds<Figures> = ReadonlyMap<string, readonly Figures[]>;

export function toSagaTables({ joins, slowJoins, latency }: SagaResults): string {
  return [
    "Joins, from full topics until every result is readable",
    joinTable(joins),
    "",
    `The same, every SQL statement ${statementDelayMs} ms slower`,
    joinTable(slowJoins),
    "",
    "End to end at 200 orders/s, later decision sent until result readable, in ms",
    latencyTable(latency),
  ].join("\n");
}

function joinTable(rounds: Rounds<JoinFigures>): string {
  const header = [
    "program",
    "orders",
    "joins/s",
    "first result",
    "RSS start",
    "RSS peak",
    "CPU µs/join",
    "expired",
    "every round",
  ];
  const rows = [...rounds].map(([name, figures]) => {
    const of = (pick: (figure: JoinFigures) => number) => median(figures.map(pick));
    return [
      name,
      rate(of(({ orders }) => orders)),
      rate(of(({ joinsPerSecond }) => joinsPerSecond)),
      `${of(({ firstResultSeconds }) => firstResultSeconds).toFixed(1)} s`,
      `${of(({ rssAtStartMb }) => rssAtStartMb).toFixed(0)} MB`,
      `${of(({ peakRssMb }) => peakRssMb).toFixed(0)} MB`,
      of(({ cpuMicrosPerJoin }) => cpuMicrosPerJoin).toFixed(0),
      figures.at(-1)?.expired?.toFixed(0) ?? "-",
      figures.map(({ joinsPerSecond }) => rate(joinsPerSecond)).join(" "),
    ];
  });
  return align([header, ...rows]);
}

function latencyTable(rounds: Rounds<LatencyFigures>): string {
  const header = ["program", "orders", "p50", "p95", "p99", "max", "p99 of every round"];
  const rows = [...rounds].map(([name, figures]) => {
    const of = (pick: (figure: LatencyFigures) => number) => median(figures.map(pick)).toFixed(1);
    return [
      name,
      rate(median(figures.map(({ orders }) => orders))),
      of(({ p50Ms }) => p50Ms),
      of(({ p95Ms }) => p95Ms),
      of(({ p99Ms }) => p99Ms),
      of(({ maxMs }) => maxMs),
      figures.map(({ p99Ms }) => p99Ms.toFixed(1)).join(" "),
    ];
  });
  return align([header, ...rows]);
}
