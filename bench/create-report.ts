// The figures of `bench create` as a table: medians, every raw value behind them, and cart beside its limit and its peers.
import { bareName, cartName, type CreateResult } from "./create.ts";
import { align, median, rate } from "./report.ts";

export interface CreateSummary {
  readonly contender: string;
  readonly connections: number;
  readonly createsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly cpuMicrosPerCreate: number;
  readonly peakRssMb: number;
  /** Median of the rounds' shares of their own bare limit. */
  readonly ofBareLimit: number;
  readonly everyCreatesPerSecond: readonly number[];
}

export function summariseCreates(results: readonly CreateResult[]): readonly CreateSummary[] {
  return results.map(({ contender, connections, rounds }) => {
    const bare = results.find((one) => one.contender === bareName && one.connections === connections)?.rounds;
    const of = (figure: keyof (typeof rounds)[number]) => median(rounds.map((round) => round[figure]));
    const every = rounds.map(({ createsPerSecond }) => createsPerSecond);
    return {
      contender,
      connections,
      createsPerSecond: of("createsPerSecond"),
      p50Ms: of("p50Ms"),
      p99Ms: of("p99Ms"),
      cpuMicrosPerCreate: of("cpuMicrosPerCreate"),
      peakRssMb: of("peakRssMb"),
      ofBareLimit: median(
        every.map((value, round) => value / (bare?.[round]?.createsPerSecond ?? Number.NaN)),
      ),
      everyCreatesPerSecond: every,
    };
  });
}

export function toCreateTable(summaries: readonly CreateSummary[]): string {
  const rows = summaries
    .toSorted((one, other) => one.connections - other.connections)
    .map((summary) => [
      String(summary.connections),
      summary.contender,
      rate(summary.createsPerSecond),
      percent(summary.ofBareLimit),
      summary.p50Ms.toFixed(2),
      summary.p99Ms.toFixed(2),
      summary.contender.startsWith("Python") ? "" : summary.cpuMicrosPerCreate.toFixed(0),
      summary.everyCreatesPerSecond.map(rate).join(" "),
    ]);
  const heads = [
    "connections",
    "case",
    "creates/s",
    "of bare",
    "p50 ms",
    "p99 ms",
    "CPU µs/create",
    "every round",
  ];
  return [align([heads, ...rows]), "", ...comparisons(summaries)].join("\n");
}

/** Where cart stands at each number of connections. */
function comparisons(summaries: readonly CreateSummary[]): readonly string[] {
  return summaries
    .filter(({ contender }) => contender === cartName)
    .map(({ connections, createsPerSecond, ofBareLimit }) => {
      const peers = summaries.filter(
        (one) => one.connections === connections && one.contender.startsWith("Python"),
      );
      const best = Math.max(...peers.map((peer) => peer.createsPerSecond));
      const times =
        peers.length === 0 ? "" : `, ${(createsPerSecond / best).toFixed(1)} times the best Python`;
      return `cart at ${connections} connections: ${percent(ofBareLimit)} of the bare limit${times}`;
    });
}

function percent(share: number): string {
  return Number.isNaN(share) ? "" : `${(share * 100).toFixed(0)} %`;
}
