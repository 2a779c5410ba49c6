// A number that only grows, by labels. Plain memory: adding is a look-up in a map, so it is done per request and per batch,
// never per record.
import {
  type LabelSets,
  labelsOf,
  type LabelValues,
  namedSeries,
  type SeriesKey,
  seriesKeyOf,
} from "./labels.ts";

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

interface Cell {
  readonly key: SeriesKey;
  value: number;
}

export function createCounter<Name extends string>(options: CounterOptions<Name>): Counter<Name> {
  const { name, help, sets, startsAtZero = true } = options;
  const names = Object.keys(sets);
  const cells = new Map<string, Cell>();

  function cellOf(key: SeriesKey): Cell {
    const text = key.join("\n");
    const known = cells.get(text);
    if (known !== undefined) return known;
    const cell = { key, value: 0 };
    cells.set(text, cell);
    return cell;
  }

  if (startsAtZero) for (const key of namedSeries(sets)) cellOf(key);
  return {
    kind: "counter",
    name,
    help,
    sets,
    add(labels, amount = 1) {
      cellOf(seriesKeyOf(sets, labels)).value += amount;
    },
    total(labels = {}) {
      const wanted = Object.entries<string | undefined>(labels);
      const matches = ({ key }: Cell) =>
        wanted.every(([label, value]) => value === undefined || key[names.indexOf(label)] === value);
      let sum = 0;
      for (const cell of cells.values()) if (matches(cell)) sum += cell.value;
      return sum;
    },
    series: () => [...cells.values()].map(({ key, value }) => ({ labels: labelsOf(sets, key), value })),
  };
}
