// A number that only grows, by labels. Plain memory: adding is a look-up in a map, so it is done per batch, never per record;
// whoever counts each request looks its series up once.
import { type LabelSets, labelsOf, type LabelValues, namedSeries, seriesKeys } from "./labels.ts";

export interface CounterSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One series, looked up once. */
export interface CounterCell {
  add(amount?: number): void;
}

export interface Counter<Name extends string = never> {
  readonly kind: "counter";
  /** Without prefix and without `_total`: who shows it adds those. */
  readonly name: string;
  readonly help: string;
  readonly sets: LabelSets<Name>;
  /** Values that are not in their set count as `other`. */
  add(labels: LabelValues<Name>, amount?: number): void;
  /** The series is there from now on. Values that are not in their set count as `other`. */
  at(labels: LabelValues<Name>): CounterCell;
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
  const cells = new Map<string, ReturnType<typeof createCell>>();
  if (startsAtZero) for (const labels of namedSeries(sets)) cells.set(keyOf(labels), createCell());

  function series(): readonly CounterSeries[] {
    return [...cells].map(([key, cell]) => ({ labels: labelsOf(sets, key), value: cell.read() }));
  }

  function at(labels: LabelValues<Name>): CounterCell {
    const key = keyOf(labels);
    const known = cells.get(key);
    if (known !== undefined) return known;
    const cell = createCell();
    cells.set(key, cell);
    return cell;
  }

  return {
    kind: "counter",
    name,
    help,
    sets,
    series,
    add: (labels, amount) => at(labels).add(amount),
    at,
    total(labels = {}) {
      const wanted = Object.entries(labels);
      return series()
        .filter((one) => wanted.every(([label, value]) => one.labels[label] === value))
        .reduce((sum, { value }) => sum + value, 0);
    },
  };
}

function createCell() {
  let value = 0;
  return {
    add(amount = 1): void {
      value += amount;
    },
    read: () => value,
  };
}
