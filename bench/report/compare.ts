// What is read out of a result's cases: medians of rounds, and quotients that are taken within a round and then their median.
// Other work on the machine changes from minute to minute, and a quotient of two medians may compare a quiet round with a
// busy one. Undefined wherever a case is not there.
import type { MeasuredCase } from "./result-file.ts";
import { median } from "./table.ts";

export type Cases = readonly MeasuredCase[];

/** One figure of one case. */
export interface Pick {
  readonly group: string;
  readonly name: string;
  readonly figure: string;
}

export function medianOf(cases: Cases, pick: Pick): number | undefined {
  const values = (roundsOf(cases, pick) ?? []).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : median(values);
}

/** How many times `other` the first is, both of the same round. */
export function quotientOf(cases: Cases, pick: Pick, other: Pick): number | undefined {
  const others = roundsOf(cases, other) ?? [];
  const quotients = (roundsOf(cases, pick) ?? []).flatMap((value, round) => {
    const below = others[round];
    return value === undefined || below === undefined ? [] : [value / below];
  });
  return quotients.length === 0 ? undefined : median(quotients);
}

/** The name of the case of a group with the highest median. */
export function bestOf(
  cases: Cases,
  group: string,
  figure: string,
  isOne: (name: string) => boolean,
): string | undefined {
  const ranked = cases
    .filter((one) => one.group === group && isOne(one.name))
    .map(({ name }) => ({ name, value: medianOf(cases, { group, name, figure }) ?? -Infinity }))
    .toSorted((one, other) => other.value - one.value);
  return ranked[0]?.name;
}

/** Throughput beside the best of some peers. */
export function timesTheBest(
  cases: Cases,
  pick: Pick,
  isPeer: (name: string) => boolean,
): number | undefined {
  const best = bestOf(cases, pick.group, pick.figure, isPeer);
  return best === undefined ? undefined : quotientOf(cases, pick, { ...pick, name: best });
}

function roundsOf(cases: Cases, { group, name, figure }: Pick): readonly (number | undefined)[] | undefined {
  return cases
    .find((one) => one.group === group && one.name === name)
    ?.rounds.map((figures) => figures[figure]);
}
