// What the benchmarks are to show, and whether a result shows it. A target that is missed is told, never a failure: how fast a
// machine is decides nothing about whether what it did was right.
import { documentedPythonName, isPythonConsumer, orderInto, rawConsumeName } from "../consume.ts";
import { bareName, cartName, isPythonCreate } from "../create.ts";
import {
  cartLoadConnections,
  cartLoadName,
  embeddedName,
  flatnessGroup,
  idOrderNames,
  onServersName,
  orderLoadName,
  startGroup,
  storedName,
} from "../growth/growth-names.ts";
import { latencyName } from "../latency.ts";
import type { IdOrder } from "../order-events.ts";
import {
  joinsGroup,
  oursInLittleMemoryName,
  oursName,
  sagaLatencyGroup,
  slowJoinsGroup,
} from "../saga/saga.ts";
import { type Cases, medianOf, quotientOf, timesTheBest } from "./compare.ts";
import type { PartName, Result } from "./result-file.ts";
import { toText } from "./table.ts";

export interface Target {
  readonly part: PartName;
  readonly what: string;
  readonly sense: "at least" | "at most";
  readonly limit: number;
  readonly unit: "%" | "times" | "ms" | "MB" | "a second";
  readonly measure: (cases: Cases) => number | undefined;
}

export interface Judgement {
  readonly target: Target;
  /** Undefined: the result has not what it takes. */
  readonly value: number | undefined;
  readonly verdict: "met" | "missed" | "not measured";
}

const creates = { group: "64 connections", name: cartName, figure: "createsPerSecond" };
const consumed = (name: string) => ({ group: "", name, figure: "eventsPerSecond" });
const percent = (share: number | undefined) => (share === undefined ? undefined : share * 100);
const storeNames = { postgres: "PostgreSQL", "sqlite-file": "SQLite" } as const;
const kinds = ["postgres", "sqlite-file"] as const;
const fullest = (idOrder: IdOrder) => storedName({ orders: 5_000_000, letters: 0, idOrder });
const empty = (idOrder: IdOrder) => storedName({ orders: 0, letters: 0, idOrder });
const rawShares = { postgres: 45, "sqlite-file": 60 } as const;

/** What people call it, and which case it is. */
type Named = readonly [what: string, group: string, name: string];
const onServers: readonly Named[] = [
  ["cart", startGroup, onServersName("cart")],
  ["order on PostgreSQL", startGroup, onServersName("order", "postgres")],
  ["order on SQLite", startGroup, onServersName("order", "sqlite-file")],
];
const onFullest: readonly Named[] = kinds.map((kind) => [
  `order with 5,000,000 stored orders in ${storeNames[kind]}`,
  kind,
  fullest("time"),
]);
const resting = [...onServers, ...onFullest];
const starting: readonly Named[] = [[embeddedName, startGroup, embeddedName], ...onServers, ...onFullest];

const joins = { group: joinsGroup, name: oursName };
const sagaTargets: readonly Target[] = [
  ...(
    [
      ["p50", "p50Ms", 10],
      ["p99", "p99Ms", 50],
    ] as const
  ).map(([share, figure, limit]): Target => ({
    part: "saga",
    what: `later decision → result readable at 200 orders/s, ${share}`,
    sense: "at most",
    limit,
    unit: "ms",
    measure: (cases) => medianOf(cases, { group: sagaLatencyGroup, name: oursName, figure }),
  })),
  {
    part: "saga",
    what: "joins from full topics into PostgreSQL",
    sense: "at least",
    limit: 8000,
    unit: "a second",
    measure: (cases) => medianOf(cases, { ...joins, figure: "joinsPerSecond" }),
  },
  {
    part: "saga",
    what: "joins when each SQL statement takes 20 ms",
    sense: "at least",
    limit: 1000,
    unit: "a second",
    measure: (cases) => medianOf(cases, { ...joins, group: slowJoinsGroup, figure: "joinsPerSecond" }),
  },
  ...(
    [
      ["as it is", oursName],
      ["with BUN_JSC_forceRAMSize=160000000", oursInLittleMemoryName],
    ] as const
  ).map(([how, name]): Target => ({
    part: "saga",
    what: `most memory while joining from full topics, ${how}`,
    sense: "at most",
    limit: 200,
    unit: "MB",
    measure: (cases) => medianOf(cases, { ...joins, name, figure: "peakRssMb" }),
  })),
];

export const targets: readonly Target[] = [
  ...sagaTargets,
  {
    part: "create",
    what: "creates/s of cart at 64 connections, of the bare limit",
    sense: "at least",
    limit: 85,
    unit: "%",
    measure: (cases) => percent(quotientOf(cases, creates, { ...creates, name: bareName })),
  },
  {
    part: "create",
    what: "creates/s of cart at 64 connections, of the best Python peer",
    sense: "at least",
    limit: 5,
    unit: "times",
    measure: (cases) => timesTheBest(cases, creates, isPythonCreate),
  },
  {
    part: "latency",
    what: "201 → visible at 1,000 orders/s, p50",
    sense: "at most",
    limit: 5,
    unit: "ms",
    measure: (cases) =>
      medianOf(cases, { group: "1000 orders/s", name: latencyName, figure: "visibleP50Ms" }),
  },
  {
    part: "latency",
    what: "201 → visible at 1,000 orders/s, p99",
    sense: "at most",
    limit: 50,
    unit: "ms",
    measure: (cases) =>
      medianOf(cases, { group: "1000 orders/s", name: latencyName, figure: "visibleP99Ms" }),
  },
  ...kinds.flatMap((kind): readonly Target[] => [
    {
      part: "consume",
      what: `events/s of order into ${storeNames[kind]}, of raw consume`,
      sense: "at least",
      limit: rawShares[kind],
      unit: "%",
      measure: (cases) => percent(quotientOf(cases, consumed(orderInto(kind)), consumed(rawConsumeName))),
    },
    {
      part: "consume",
      what: `events/s of order into ${storeNames[kind]}, of the best Python peer`,
      sense: "at least",
      limit: 1.2,
      unit: "times",
      measure: (cases) => timesTheBest(cases, consumed(orderInto(kind)), isPythonConsumer),
    },
    {
      part: "consume",
      what: `events/s of order into ${storeNames[kind]}, of the Python peer as documented until its commits are answered`,
      sense: "at least",
      limit: 3,
      unit: "times",
      measure: (cases) =>
        quotientOf(cases, consumed(orderInto(kind)), {
          ...consumed(documentedPythonName),
          figure: "committedPerSecond",
        }),
    },
    {
      part: "consume",
      what: `events/s of order into ${storeNames[kind]}, of the Python peer as documented until its last event, most commits unanswered`,
      sense: "at least",
      limit: 3,
      unit: "times",
      measure: (cases) => quotientOf(cases, consumed(orderInto(kind)), consumed(documentedPythonName)),
    },
  ]),
  // With ids in the order of time, as most systems give them; the worst case has a sentence of its own.
  ...kinds.flatMap((kind) =>
    (["time", "none"] as const).flatMap((idOrder): readonly Target[] =>
      (
        [
          ["cpuMicrosPerEvent", "CPU"],
          ["microsPerEvent", "time"],
        ] as const
      ).map(([figure, cost]) => ({
        part: "growth",
        what: `${cost} an event with 5,000,000 stored orders in ${storeNames[kind]}, ${idOrderNames[idOrder]}, of that with none`,
        sense: "at most",
        limit: 1.2,
        unit: "times",
        measure: (cases) =>
          quotientOf(
            cases,
            { group: kind, name: fullest(idOrder), figure },
            { group: kind, name: empty(idOrder), figure },
          ),
      })),
    ),
  ),
  ...resting.map(([what, group, name]): Target => ({
    part: "growth",
    what: `memory at rest, ${what}`,
    sense: "at most",
    limit: 200,
    unit: "MB",
    measure: (cases) => medianOf(cases, { group, name, figure: "rssRestMb" }),
  })),
  ...starting.map(([what, group, name]): Target => ({
    part: "growth",
    what: `start to ready, ${what}`,
    sense: "at most",
    limit: 1000,
    unit: "ms",
    measure: (cases) => medianOf(cases, { group, name, figure: "startMs" }),
  })),
  ...[...cartLoadConnections.map(cartLoadName), orderLoadName("postgres"), orderLoadName("sqlite-file")].map(
    (name): Target => ({
      part: "growth",
      what: `most memory in the second half of a long load, ${name}, of that in the first`,
      sense: "at most",
      limit: 1.1,
      unit: "times",
      measure: (cases) => laterMemory(cases, name),
    }),
  ),
];

export function judge({ part, cases }: Pick<Result, "part" | "cases">): readonly Judgement[] {
  return targets
    .filter((target) => target.part === part)
    .map((target) => {
      const value = target.measure(cases);
      return { target, value, verdict: verdictOf(target, value) };
    });
}

/** The first tenth, in which code is still compiled and heaps find their size, does not count. */
function laterMemory(cases: Cases, name: string): number | undefined {
  const rssMb = cases.find((one) => one.group === flatnessGroup && one.name === name)?.series?.["rssMb"];
  if (rssMb === undefined || rssMb.length < 11) return undefined;
  return Math.max(...rssMb.slice(6)) / Math.max(...rssMb.slice(2, 6));
}

function verdictOf({ sense, limit }: Target, value: number | undefined): Judgement["verdict"] {
  if (value === undefined) return "not measured";
  return (sense === "at least" ? value >= limit : value <= limit) ? "met" : "missed";
}

/** A sentence each. A run that is not of full size need not say what it has not measured. */
export function targetLines(result: Result): readonly string[] {
  return judge(result)
    .filter(({ verdict }) => result.size === "full" || verdict !== "not measured")
    .map(sentenceOf);
}

/** `Met: … is 87 % (target: at least 85 %)`. */
export function sentenceOf({ target, value, verdict }: Judgement): string {
  const { what, sense } = target;
  const wanted = `target: ${sense} ${quantity(target.limit, target.unit)}`;
  if (value === undefined) return `Not measured: ${what} (${wanted})`;
  return `${verdict === "met" ? "Met" : "Missed"}: ${what}: ${quantity(value, target.unit)} (${wanted})`;
}

export function quantity(value: number, unit: Target["unit"]): string {
  return `${toText(value, decimalsOf(value, unit))} ${unit}`;
}

function decimalsOf(value: number, unit: Target["unit"]): number {
  switch (unit) {
    case "times":
      return Number.isInteger(value) ? 0 : 2;
    case "%":
      return Number.isInteger(value) ? 0 : 1;
    case "ms":
      return value >= 100 || Number.isInteger(value) ? 0 : 1;
    case "MB":
    case "a second":
      return 0;
  }
}
