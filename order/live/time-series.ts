// The last hour, a value a second for each column, in typed arrays that are made once. A restart begins anew.

export interface Column {
  /** How the seconds of a longer span become one value. */
  readonly join: "sum" | "highest";
}

export interface Slice<Name extends string> {
  readonly stepSeconds: number;
  /** Seconds since the epoch, at the end of each span. */
  readonly at: readonly number[];
  /** Null where no second of the span had a value. */
  readonly columns: Readonly<Record<Name, readonly (number | null)[]>>;
}

export interface TimeSeries<Name extends string> {
  /** Values of the second that ends at `atMs`; null for what is not known. A second that was given already is added to. */
  push(atMs: number, values: Readonly<Record<Name, number | null>>): void;
  /** The newest `seconds`, in spans such that there are at most `maxPoints`. Seconds without a value are left out at the start. */
  read(nowMs: number, seconds: number, maxPoints: number): Slice<Name>;
}

export function createTimeSeries<Name extends string>(
  columns: Readonly<Record<Name, Column>>,
  capacity = 3600,
): TimeSeries<Name> {
  const entries = Object.entries<Column>(columns).map(([name, column]) => ({
    name,
    column,
    values: new Float64Array(capacity).fill(Number.NaN),
  }));
  /** Which second a place holds: what is older than the capacity is overwritten, or left behind by a gap. */
  const seconds = new Float64Array(capacity).fill(Number.NaN);
  let firstSecond = Number.POSITIVE_INFINITY;

  function join(values: Float64Array, how: Column["join"], from: number, until: number): number | null {
    let joined: number | null = null;
    for (let second = from; second < until; second += 1) {
      const place = second % capacity;
      const value = seconds[place] === second ? values[place] : undefined;
      if (value === undefined || Number.isNaN(value)) continue;
      if (joined === null) joined = value;
      else joined = how === "sum" ? joined + value : Math.max(joined, value);
    }
    return joined;
  }

  return {
    push(atMs, given) {
      const second = Math.floor(atMs / 1000);
      const place = second % capacity;
      const isNew = seconds[place] !== second;
      seconds[place] = second;
      firstSecond = Math.min(firstSecond, second);
      const named: Readonly<Record<string, number | null>> = given;
      for (const { name, column, values } of entries) {
        const before = isNew ? Number.NaN : (values[place] ?? Number.NaN);
        const value = named[name] ?? Number.NaN;
        if (Number.isNaN(before)) values[place] = value;
        else if (!Number.isNaN(value))
          values[place] = column.join === "sum" ? before + value : Math.max(before, value);
      }
    },
    read(nowMs, wanted, maxPoints) {
      const stepSeconds = Math.ceil(wanted / maxPoints);
      // Spans begin where they always begin, or each look would cut them otherwise and the past would seem to change.
      const end = Math.floor(Math.floor(nowMs / 1000) / stepSeconds) * stepSeconds;
      const earliest = Math.max(end - Math.min(wanted, capacity), Math.min(firstSecond, end));
      const start = Math.floor(earliest / stepSeconds) * stepSeconds;
      const at: number[] = [];
      for (let from = start; from < end; from += stepSeconds) at.push(from + stepSeconds);
      const joined = entries.map(({ name, column, values }): [string, (number | null)[]] => [
        name,
        at.map((until) => join(values, column.join, until - stepSeconds, until)),
      ]);
      return { stepSeconds, at, columns: columnsOf(columns, Object.fromEntries(joined)) };
    },
  };
}

function columnsOf<Name extends string>(
  columns: Readonly<Record<Name, Column>>,
  joined: Readonly<Record<string, readonly (number | null)[]>>,
): Record<Name, readonly (number | null)[]> {
  const isComplete = (found: object): found is Record<Name, readonly (number | null)[]> =>
    Object.keys(columns).every((name) => name in found);
  if (!isComplete(joined)) throw new Error("a column of the time series is missing");
  return joined;
}
