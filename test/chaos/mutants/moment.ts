// What must hold at any moment, also while something is broken: offsets are committed last. Pure.

export interface Moment {
  /** `topic/partition` → the committed offset. Read before all the others, which only grow. */
  readonly committed: ReadonlyMap<string, number>;
  /** The same → how far the store has come. */
  readonly stored: ReadonlyMap<string, number>;
  /** `topic/partition/offset` of records that can only be dead letters. */
  readonly poison: readonly string[];
  /** Of those that lie on the dead-letter topic. */
  readonly letters: ReadonlySet<string>;
}

export function checkMoment({ committed, stored, poison, letters }: Moment): readonly string[] {
  const early = [...committed].flatMap(([source, offset]) => {
    const known = stored.get(source) ?? 0;
    return offset <= known ? [] : [`${source} is committed to ${offset}, and the store has it to ${known}`];
  });
  const past = poison.filter((id) => {
    const slash = id.lastIndexOf("/");
    return Number(id.slice(slash + 1)) < (committed.get(id.slice(0, slash)) ?? 0) && !letters.has(id);
  });
  const unlettered =
    past.length === 0
      ? []
      : [`${past.length} × is committed past and has no dead letter yet: ${past.slice(0, 5).join(", ")}`];
  return [...early, ...unlettered];
}
