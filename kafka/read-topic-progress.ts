// How far a reader of a whole topic has come, and whether that is the end. Pure.
export interface TopicProgress {
  /**
   * Everything below `nextOffset` is read; `end` is the partition's end as the broker tells it now. Only the first one counts:
   * what is written while reading would make a reader run after the end for ever.
   */
  reached(partition: number, nextOffset: number, end: number): void;
  readonly isComplete: boolean;
  readonly nextOffsets: ReadonlyMap<number, number>;
}

export function createTopicProgress(partitions: readonly number[]): TopicProgress {
  const nextOffsets = new Map<number, number>();
  const ends = new Map<number, number>();
  const unread = new Set(partitions);
  return {
    reached(partition, nextOffset, end) {
      const knownEnd = ends.get(partition) ?? end;
      ends.set(partition, knownEnd);
      nextOffsets.set(partition, Math.max(nextOffset, nextOffsets.get(partition) ?? 0));
      if (nextOffset >= knownEnd) unread.delete(partition);
    },
    get isComplete() {
      return unread.size === 0;
    },
    nextOffsets,
  };
}
