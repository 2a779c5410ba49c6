// How long things took, counted into buckets, by labels. Bounds are fixed when the family is made, so observations of all
// instances can be added up. Many alike observations are one call.
import { type LabelSets, labelsOf, type LabelValues, seriesKeys } from "./labels.ts";

export interface HistogramSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Of each bound how many observations were at most that; not cumulative. One more than bounds: what was beyond. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

/** One series, looked up once. */
export interface Observer {
  /** `times` observations of this value. */
  observe(value: number, times?: number): void;
}

export interface Histogram<Name extends string = never> {
  readonly kind: "histogram";
  readonly name: string;
  readonly help: string;
  readonly sets: LabelSets<Name>;
  /** Ascending. */
  readonly bounds: readonly number[];
  /** Values that are not in their set count as `other`. */
  at(labels: LabelValues<Name>): Observer;
  series(): readonly HistogramSeries[];
}

export interface HistogramOptions<Name extends string> {
  /** With its unit: `…_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly sets: LabelSets<Name>;
  readonly bounds: readonly number[];
}

/** From half a millisecond to ten seconds: what a request or a call of a dependency takes. */
export const callSeconds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** From milliseconds to an hour: what an event takes that may have to be tried again or to wait for an outage to end. */
export const journeySeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600];

export function createHistogram<Name extends string>(options: HistogramOptions<Name>): Histogram<Name> {
  const { name, help, sets, bounds } = options;
  const keyOf = seriesKeys(sets);
  const cells = new Map<string, ReturnType<typeof createCell>>();

  return {
    kind: "histogram",
    name,
    help,
    sets,
    bounds,
    at(labels) {
      const key = keyOf(labels);
      const known = cells.get(key);
      if (known !== undefined) return known;
      const cell = createCell(bounds);
      cells.set(key, cell);
      return cell;
    },
    series: () => [...cells].map(([key, cell]) => ({ labels: labelsOf(sets, key), ...cell.read() })),
  };
}

function createCell(bounds: readonly number[]) {
  const counts = Array.from({ length: bounds.length + 1 }, () => 0);
  let count = 0;
  let sum = 0;
  return {
    observe(value: number, times = 1): void {
      // Clocks of two machines differ: what seems to have been earlier took no time.
      const seconds = value > 0 ? value : 0;
      let bucket = 0;
      while (bucket < bounds.length && seconds > (bounds[bucket] ?? 0)) bucket += 1;
      counts[bucket] = (counts[bucket] ?? 0) + times;
      count += times;
      sum += seconds * times;
    },
    read: () => ({ counts: [...counts], count, sum }),
  };
}
