// Promises numbers that a seed decides, the same on every machine: mulberry32.

export interface Random {
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number;
  /** Both included. */
  between(low: number, high: number): number;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  pick<Item>(items: readonly Item[]): Item | undefined;
  shuffled<Item>(items: readonly Item[]): Item[];
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  function below(bound: number): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  }
  function pick<Item>(items: readonly [Item, ...Item[]]): Item;
  function pick<Item>(items: readonly Item[]): Item | undefined;
  function pick<Item>(items: readonly Item[]): Item | undefined {
    return items[below(items.length)];
  }
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    pick,
    shuffled: (items) =>
      items
        .map((item) => ({ item, place: below(0x7fffffff) }))
        .toSorted((left, right) => left.place - right.place)
        .map(({ item }) => item),
  };
}

/** A seed of its own for each part of a run: what one part draws does not move the others. */
export function seedFor(seed: number, part: string): number {
  return new Bun.CryptoHasher("sha256").update(`${seed}/${part}`).digest().readUInt32BE(0);
}
