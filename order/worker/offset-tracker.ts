// Which offset of a partition may be committed: the end of the settled prefix, in delivery order. Pure.
// Delivery order and not arithmetic, because compaction and transactions leave gaps between offsets.

/** One delivered record of a partition; settled once its effect is certain. */
export interface Delivery {
  readonly offset: number;
  settled: boolean;
}

export interface OffsetTracker<Item extends Delivery> {
  /** Deliveries come in ascending offset order. */
  deliver(delivery: Item): void;
  /**
   * Everything before `nextOffset` counts as settled, delivered or not. Only when what was delivered before the gap is
   * settled: it is forgotten.
   */
  skipTo(nextOffset: number): void;
  /** The offset after the settled prefix; undefined as long as nothing was settled from the start on. */
  nextOffset(): number | undefined;
  /** How many deliveries the settled prefix does not cover. */
  readonly unsettled: number;
}

export function createOffsetTracker<Item extends Delivery>(): OffsetTracker<Item> {
  let deliveries: Item[] = [];
  let head = 0;
  let next: number | undefined;

  function advance(): void {
    for (let first = deliveries[head]; first?.settled === true; first = deliveries[head]) {
      // Never back: what was read before a skip may still come in after it.
      next = Math.max(next ?? 0, first.offset + 1);
      head += 1;
    }
    // Cutting off the prefix costs a copy: do it when it is at least half of the array, so each delivery is copied once.
    if (head > 1024 && head * 2 > deliveries.length) {
      deliveries = deliveries.slice(head);
      head = 0;
    }
  }

  return {
    deliver(delivery) {
      deliveries.push(delivery);
    },
    skipTo(nextOffset) {
      advance();
      deliveries = deliveries.slice(head).filter(({ offset }) => offset >= nextOffset);
      head = 0;
      next = Math.max(next ?? 0, nextOffset);
    },
    nextOffset() {
      advance();
      return next;
    },
    get unsettled() {
      advance();
      return deliveries.length - head;
    },
  };
}
