// A number that only grows, by labels. Plain memory: adding is a look-up in a map, so it is done per request and per batch,
// never per record.
import { type LabelSets, labelsOf, type LabelValues, namedSeries, seriesKeys } from "./labels.ts";

export interface CounterSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Counter<Name extends string = never> {
  readonly kind: "counter";
  /** Without prefix and without `_total`: who shows it adds those. */
  readonly name: string;
  readonly help: string;
  readonly sets: LabelSets<Name>;
  /** Values that are not in their set count as `other`. */
  add(labels: LabelValues<Name>, amount?: number): void;
  /** Of all series with these labels; of all series without any. */
  total(labels?: Partial<LabelValues<Name>>): number;
  series(): readonly CounterSeries[];
}

export interface CounterOptions<Name extends string> {
  readonly name: string;
  readonly help: string;
  readonly sets: LabelSets<Name>;
  /**
   * Whether every series is there from the start, with 0: what has never happened can then be told from what is not
   * measured, and the first time is seen as a rise. Default true; false for families of many series.
   */
  readonly startsAtZero?: boolean;
}

export function createCounter<Name extends string>(options: CounterOptions<Name>): Counter<Name> {
  const { name, help, sets, startsAtZero = true } = options;
  const keyOf = seriesKeys(sets);
  const values = new Map<string, number>();
  if (startsAtZero) for (const labels of namedSeries(sets)) values.set(keyOf(labels), 0);

  function series(): readonly CounterSeries[] {
    return [...values].map(([key, value]) => ({ labels: labelsOf(sets, key), value }));
  }

  return {
    kind: "counter",
    name,
    help,
    sets,
    series,
    add(labels, amount = 1) {
      const key = keyOf(labels);
      values.set(key, (values.get(key) ?? 0) + amount);
    },
    total(labels = {}) {
      const wanted = Object.entries(labels);
      return series()
        .filter((one) => wanted.every(([label, value]) => one.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0);
    },
  };
}
