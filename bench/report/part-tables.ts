// What each part's figures are called, and a result as a table: a row a case, medians, every round behind them.
import { rawConsumeName } from "../consume.ts";
import { bareName } from "../create.ts";
import { type Cases, quotientOf } from "./compare.ts";
import type { MeasuredCase, PartName, Result } from "./result-file.ts";
import { align, median, toText } from "./table.ts";

export interface FigureColumn {
  readonly figure: string;
  readonly heading: string;
  readonly decimals: number;
  /** Default: the median of the rounds. */
  readonly slowest?: true;
}

interface PartTable {
  /** Over the group's column; without one the part has no groups. */
  readonly groups?: string;
  readonly columns: readonly FigureColumn[];
  /** The case of the same group that the first column is a share of. */
  readonly limit?: { readonly name: string; readonly heading: string };
  readonly series?: { readonly name: string; readonly heading: string };
  readonly note: string;
}

const column = (figure: string, heading: string, decimals = 0): FigureColumn => ({
  figure,
  heading,
  decimals,
});

export const partTables: Readonly<Record<PartName, PartTable>> = {
  create: {
    groups: "load",
    columns: [
      column("createsPerSecond", "creates/s"),
      column("p50Ms", "p50 ms", 2),
      column("p99Ms", "p99 ms", 2),
      column("cpuMicrosPerCreate", "CPU µs/create"),
      column("peakRssMb", "RSS peak MB"),
    ],
    limit: { name: bareName, heading: "of bare" },
    note: "Every 201 acknowledged by all in-sync replicas, orders of three lines; each run after 2 s to warm up; afterwards every answered order was once on the topic",
  },
  latency: {
    groups: "rate",
    columns: [
      column("visibleP50Ms", "201 → visible p50 ms", 1),
      column("visibleP99Ms", "p99", 1),
      column("visibleMaxMs", "max", 1),
      column("acceptedP50Ms", "due → 201 p50 ms", 1),
      column("acceptedP99Ms", "p99", 1),
      column("samples", "samples"),
    ],
    note: "Each run after 3 s to warm up; an order is sent at its own time, however late the answers are",
  },
  consume: {
    columns: [
      column("eventsPerSecond", "events/s"),
      column("committedPerSecond", "with its commits answered"),
      column("cpuMicrosPerEvent", "CPU µs/event", 1),
      column("events", "events"),
    ],
    limit: { name: rawConsumeName, heading: "of raw" },
    series: { name: "rssMb", heading: "RSS MB, by tenths" },
    note: "70 % creates of three lines, 30 % updates of any earlier order; at the end every order and every update was there once. With fewer events than the others a case is extrapolated by its rate",
  },
  saga: {
    groups: "question",
    columns: [
      column("joinsPerSecond", "joins/s"),
      column("cpuMicrosPerJoin", "CPU µs/join"),
      column("firstResultSeconds", "first result s", 1),
      column("rssAtStartMb", "RSS start MB"),
      column("peakRssMb", "RSS peak MB"),
      column("p50Ms", "p50 ms", 1),
      column("p95Ms", "p95 ms", 1),
      column("p99Ms", "p99 ms", 1),
      column("maxMs", "max ms", 1),
      column("orders", "orders"),
      column("expired", "expired"),
    ],
    note: "Latency at 200 orders/s, later decision sent until result readable; afterwards each order had one result and the right one",
  },
  replay: {
    groups: "",
    columns: [
      column("lettersPerSecond", "letters/s"),
      column("seconds", "seconds", 1),
      column("awaySeconds", "away s", 1),
      column("settledAtKill", "settled at the kill"),
      column("letters", "letters"),
    ],
    note: "Afterwards every letter was applied once and every order changed once",
  },
  dlq: {
    groups: "store",
    columns: [{ figure: "ms", heading: "slowest ms", decimals: 1, slowest: true }],
    note: "The slowest of its times: that is the one that people remember",
  },
  growth: {
    groups: "question",
    columns: [
      column("eventsPerSecond", "events/s"),
      column("cpuMicrosPerEvent", "CPU µs/event", 1),
      column("startMs", "start → ready ms"),
      column("rssStartMb", "RSS start MB"),
      column("rssRestMb", "at rest MB"),
      column("rssPeakMb", "peak MB"),
      column("storedMb", "database MB"),
    ],
    series: { name: "rssMb", heading: "RSS MB, by tenths" },
    note: "70 % creates of new orders, 30 % updates of any order that is stored; at the end every order was there and nothing parked",
  },
};

/** For a terminal. */
export function tableOf({ part, cases }: Pick<Result, "part" | "cases">): string {
  return align(rowsOf(part, cases));
}

/** The first row is the head. Columns that no case has are left out. */
export function rowsOf(part: PartName, cases: Cases): readonly (readonly string[])[] {
  const { groups, columns, limit, series } = partTables[part];
  const used = columns.filter(({ figure }) =>
    cases.some(({ rounds }) => rounds.some((one) => figure in one)),
  );
  const [headline] = used;
  if (headline === undefined) return [];
  const hasGroups = cases.some(({ group }) => group !== "");
  const hasLimit = limit !== undefined && cases.some(({ name }) => name === limit.name);
  const hasSeries = series !== undefined && cases.some((one) => one.series?.[series.name] !== undefined);
  const manyRounds = cases.some(({ rounds }) => rounds.length > 1);
  const head = [
    ...(hasGroups ? [groups ?? ""] : []),
    "case",
    headline.heading,
    ...(hasLimit ? [limit.heading] : []),
    ...used.slice(1).map(({ heading }) => heading),
    ...(hasSeries ? [series.heading] : []),
    ...(manyRounds ? ["every round"] : []),
  ];
  const rows = cases.map((one) => [
    ...(hasGroups ? [one.group] : []),
    one.name,
    cellOf(one, headline),
    ...(hasLimit ? [shareOf(cases, one, headline.figure, limit.name)] : []),
    ...used.slice(1).map((each) => cellOf(one, each)),
    ...(hasSeries ? [one.series?.[series.name]?.join(" ") ?? ""] : []),
    ...(manyRounds ? [everyRound(one, used)] : []),
  ]);
  return [head, ...rows];
}

function cellOf({ rounds }: MeasuredCase, { figure, decimals, slowest }: FigureColumn): string {
  const values = rounds.map((figures) => figures[figure]).filter((value) => value !== undefined);
  if (values.length === 0) return "";
  return toText(slowest === true ? Math.max(...values) : median(values), decimals);
}

/** Of the first figure that the case has. */
function everyRound({ rounds }: MeasuredCase, columns: readonly FigureColumn[]): string {
  const headline = columns.find(({ figure }) => rounds.some((figures) => figure in figures));
  if (headline === undefined) return "";
  return rounds.map((figures) => toText(figures[headline.figure] ?? Number.NaN, headline.decimals)).join(" ");
}

function shareOf(cases: Cases, { group, name }: MeasuredCase, figure: string, limit: string): string {
  const share = quotientOf(cases, { group, name, figure }, { group, name: limit, figure });
  return share === undefined ? "" : `${toText(share * 100, 0)} %`;
}
