// What must have become of orders whose decisions the suite has made up itself: known beforehand, order by order. Pure.

export interface SagaCase {
  readonly name: string;
  readonly orderId: number;
  /** The order's records on its topic, in their order: `CONFIRMED null`. */
  readonly published: readonly string[];
  /** `topic/partition/offset` of the decisions that are dead letters, any order. */
  readonly letters: readonly string[];
  /** Of those that are not. */
  readonly joined: readonly string[];
}

export interface FoundSagas {
  /** By order, as they lie on the topic. */
  readonly published: ReadonlyMap<number, readonly string[]>;
  /** Of each record on the dead-letter topic what it is about; copies included. */
  readonly letters: readonly string[];
}

export function checkSagaCases(
  cases: readonly SagaCase[],
  { published, letters }: FoundSagas,
): readonly string[] {
  return cases.flatMap(({ name, orderId, published: expected, letters: dead, joined }) => {
    const told = (published.get(orderId) ?? []).join(", ");
    const wanted = expected.join(", ");
    const countOf = (id: string) => letters.filter((letter) => letter === id).length;
    return [
      ...(told === wanted
        ? []
        : [`${name}: order ${orderId} is "${told}" on its topic and should be "${wanted}"`]),
      ...dead
        .filter((id) => countOf(id) !== 1)
        .map((id) => `${name}: ${id} should have one dead letter and has ${countOf(id)}`),
      ...joined.filter((id) => countOf(id) > 0).map((id) => `${name}: ${id} counts and is a dead letter`),
    ];
  });
}
