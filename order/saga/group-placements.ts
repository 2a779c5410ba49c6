// Which of the orders that wait are written together: a transaction takes an Idempotency-Key once.

interface Placement {
  readonly order: { readonly keyed: { readonly key: string } | undefined };
}

export interface PlacementGroup<Waiting> {
  readonly batch: readonly Waiting[];
  /** Have the key of one of the batch: what becomes of that one is to be known first. */
  readonly repeats: readonly { readonly waiting: Waiting; readonly first: Waiting }[];
}

/** In the order in which they came. */
export function groupPlacements<Waiting extends Placement>(
  placements: readonly Waiting[],
): PlacementGroup<Waiting> {
  const firsts = new Map<string, Waiting>();
  const repeats: { readonly waiting: Waiting; readonly first: Waiting }[] = [];
  const batch = placements.filter((waiting) => {
    const { keyed } = waiting.order;
    if (keyed === undefined) return true;
    const first = firsts.get(keyed.key);
    if (first === undefined) firsts.set(keyed.key, waiting);
    else repeats.push({ waiting, first });
    return first === undefined;
  });
  return { batch, repeats };
}
