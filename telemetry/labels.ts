// Labels with bounded sets of values: a value that is not in its set counts as `other`, so no id, path or text that somebody
// sends can make another time series.

export type LabelValues<Name extends string> = Readonly<Record<Name, string>>;

/** The values that a label may have. */
export interface LabelSet {
  admits(value: string): boolean;
  /** What is known before anything has been counted. */
  readonly named: readonly string[];
  /** How many values there can be, `other` included. */
  readonly size: number;
}

export type LabelSets<Name extends string> = Readonly<Record<Name, LabelSet>>;

/** What stands for every value outside its set. */
export const other = "other";

/** These and no others. */
export function oneOf(values: Iterable<string>): LabelSet {
  const allowed = new Set([...values, other]);
  const named = [...allowed].filter((value) => value !== other);
  return { admits: (value) => allowed.has(value), named, size: allowed.size };
}

/** The first values that come: for names that the code itself gives, such as routes and procedures. Never for input. */
export function firstOf(limit: number): LabelSet {
  const seen = new Set([other]);
  return {
    admits(value) {
      if (seen.size < limit) seen.add(value);
      return seen.has(value);
    },
    named: [],
    size: limit,
  };
}

type Labels = Readonly<Record<string, string>>;

/**
 * Identity of a series: its values, each in its set, in the order in which the family names its labels. Values are the
 * code's own words, without line feeds.
 */
export function seriesKeys<Name extends string>(sets: LabelSets<Name>): (values: Labels) => string {
  const entries = Object.entries<LabelSet>(sets);
  return (values) => {
    let key = "";
    for (const [name, set] of entries) {
      const value = values[name];
      key += value !== undefined && set.admits(value) ? value : other;
      key += "\n";
    }
    return key;
  };
}

/** The labels of a series again. */
export function labelsOf(sets: LabelSets<string>, key: string): Record<string, string> {
  const values = key.split("\n");
  return Object.fromEntries(Object.keys(sets).map((name, index) => [name, values[index] ?? other]));
}

/** Every combination of what is named. */
export function namedSeries(sets: LabelSets<string>): readonly Labels[] {
  let series: readonly Labels[] = [{}];
  for (const [name, { named }] of Object.entries(sets)) {
    series = series.flatMap((labels) => named.map((value) => ({ ...labels, [name]: value })));
  }
  return series;
}

/** How many series a family can have at most. */
export function countSeries(sets: LabelSets<string>): number {
  return Object.values(sets).reduce((product, { size }) => product * size, 1);
}
