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

/** Identity of a series: its values, in the order in which the family names its labels, each in its set. */
export type SeriesKey = readonly string[];

export function seriesKeyOf<Name extends string>(
  sets: LabelSets<Name>,
  values: Readonly<Record<string, string>>,
): SeriesKey {
  return Object.entries<LabelSet>(sets).map(([name, set]) => {
    const value = values[name];
    return value !== undefined && set.admits(value) ? value : other;
  });
}

/** Every combination of what is named. */
export function namedSeries(sets: LabelSets<string>): readonly SeriesKey[] {
  let keys: readonly SeriesKey[] = [[]];
  for (const { named } of Object.values(sets)) {
    keys = keys.flatMap((key) => named.map((value) => [...key, value]));
  }
  return keys;
}

export function labelsOf(sets: LabelSets<string>, key: SeriesKey): Record<string, string> {
  return Object.fromEntries(Object.keys(sets).map((name, index) => [name, key[index] ?? other]));
}

/** How many series a family can have at most. */
export function countSeries(sets: LabelSets<string>): number {
  return Object.values(sets).reduce((product, { size }) => product * size, 1);
}
