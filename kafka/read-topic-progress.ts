// How far a reader of a whole topic has come, and whether that is the end. Pure.
export interface TopicProgress {
  /**
   * Everything below `nextOffset` is read; `end` is the partition's end as the broker tells it now. Only the first one counts:
   * what is written while reading would make a reader run after the end for ever. `isLast`: for now the broker has no more.
   */
  reached(partition: number, nextOffset: number, end: number, isLast?: boolean): void;
  readonly isComplete: boolean;
  readonly nextOffsets: ReadonlyMap<number, number>;
  /** Where the broker hands out no more although the partition goes on: a transaction is open there. */
  readonly heldUp: readonly { readonly partition: number; readonly offset: number; readonly end: number }[];
}

export function createTopicProgress(partitions: readonly number[]): TopicProgress {
  const nextOffsets = new Map<number, number>();
  const ends = new Map<number, number>();
  const unread = new Set(partitions);
  const stopped = new Set<number>();
  return {
    reached(partition, nextOffset, end, isLast = false) {
      const knownEnd = ends.get(partition) ?? end;
      ends.set(partition, knownEnd);
      nextOffsets.set(partition, Math.max(nextOffset, nextOffsets.get(partition) ?? 0));
      if (nextOffset >= knownEnd) unread.delete(partition);
      if (isLast) stopped.add(partition);
      else stopped.delete(partition);
    },
    get isComplete() {
      return unread.size === 0;
    },
    nextOffsets,
    get heldUp() {
      return [...unread]
        .filter((partition) => stopped.has(partition))
        .map((partition) => ({
          partition,
          offset: nextOffsets.get(partition) ?? 0,
          end: ends.get(partition) ?? 0,
        }));
    },
  };
}
