// The charts that READMEs show, by file name, each from one part's result.
import { rawConsumeName } from "../consume.ts";
import { bareName, cartName, ownBareName } from "../create.ts";
import { flatnessGroup, startGroup } from "../growth/growth-names.ts";
import { type Bar, barChart } from "./bar-chart.ts";
import type { MeasuredCase, PartName, Result } from "./result-file.ts";

export function plotsOf({ part, cases }: Result): ReadonlyMap<string, string> {
  return new Map(charts[part]?.(cases) ?? []);
}

type Charts = readonly (readonly [file: string, svg: string])[];

const charts: Readonly<Partial<Record<PartName, (cases: readonly MeasuredCase[]) => Charts>>> = {
  create: (cases) => [
    [
      "create.svg",
      barChart({
        title: "Creates a second over HTTP, every 201 acknowledged by Kafka",
        decimals: 0,
        groups: grouped(cases, "createsPerSecond"),
      }),
    ],
  ],
  consume: (cases) => [
    [
      "consume.svg",
      barChart({
        title: "Events a second from a full topic",
        decimals: 0,
        groups: grouped(cases, "eventsPerSecond"),
      }),
    ],
  ],
  latency: (cases) => [
    [
      "latency.svg",
      barChart({
        title: "From a create's 201 to its order in order-details, ms",
        decimals: 1,
        groups: cases.map((one) => ({
          name: one.group,
          bars: [
            ["p50", "visibleP50Ms"],
            ["p99", "visibleP99Ms"],
          ].map(([name = "", figure = ""]) => ({ name, values: valuesOf(one, figure), kind: "ours" })),
        })),
      }),
    ],
  ],
  growth: (cases) => {
    const stored = cases.filter(({ group }) => group !== startGroup && group !== flatnessGroup);
    return [
      [
        "growth.svg",
        barChart({
          title: "Processor time of order an event by what is stored, µs",
          decimals: 1,
          groups: grouped(stored, "cpuMicrosPerEvent"),
        }),
      ],
    ];
  },
};

function grouped(cases: readonly MeasuredCase[], figure: string) {
  return [...new Set(cases.map(({ group }) => group))].map((name) => ({
    name,
    bars: cases
      .filter(({ group }) => group === name)
      .map((one): Bar => ({ name: one.name, values: valuesOf(one, figure), kind: kindOf(one.name) }))
      .filter(({ values }) => values.length > 0),
  }));
}

function valuesOf({ rounds }: MeasuredCase, figure: string): readonly number[] {
  return rounds.map((figures) => figures[figure]).filter((value) => value !== undefined);
}

function kindOf(name: string): Bar["kind"] {
  if (name === bareName || name === ownBareName || name === rawConsumeName || name === "kafka/consumer")
    return "limit";
  if (name.startsWith("insert ")) return "limit";
  return name === cartName || !name.startsWith("Python") ? "ours" : "peer";
}
