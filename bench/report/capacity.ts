// What one process of each kind took, for who has to say how many are needed: docs/scaling.md.
import { orderInto, rawConsumeName } from "../consume.ts";
import { cartName } from "../create.ts";
import { oursName } from "../saga/saga.ts";
import { medianOf } from "./compare.ts";
import type { Figures, PartName, Result } from "./result-file.ts";
import { toText } from "./table.ts";

interface Quantity {
  readonly what: string;
  readonly part: PartName;
  readonly group: string;
  readonly name: string;
  readonly figure: keyof Figures;
  readonly decimals: number;
}

const consumed = { part: "consume", group: "", name: orderInto("postgres"), decimals: 0 } as const;
const quantities: readonly Quantity[] = [
  { ...consumed, what: "events/s of one order process into PostgreSQL", figure: "eventsPerSecond" },
  { ...consumed, what: "its CPU for an event, µs", figure: "cpuMicrosPerEvent", decimals: 1 },
  {
    ...consumed,
    what: "raw consume, the limit above all, events/s",
    name: rawConsumeName,
    figure: "eventsPerSecond",
  },
  {
    what: "creates/s of one cart at 64 connections, acknowledged",
    part: "create",
    group: "64 connections",
    name: cartName,
    figure: "createsPerSecond",
    decimals: 0,
  },
  {
    what: "joins/s of one order process into PostgreSQL",
    part: "saga",
    group: "joins",
    name: oursName,
    figure: "joinsPerSecond",
    decimals: 0,
  },
];

export const capacityParts: ReadonlySet<PartName> = new Set(quantities.map(({ part }) => part));

/** What no result has is left out. */
export function capacityRows(results: ReadonlyMap<PartName, Result>): readonly (readonly string[])[] {
  return quantities.flatMap(({ what, part, group, name, figure, decimals }) => {
    const value = medianOf(results.get(part)?.cases ?? [], { group, name, figure });
    return value === undefined ? [] : [[what, toText(value, decimals), `\`bun run bench -- ${part}\``]];
  });
}
