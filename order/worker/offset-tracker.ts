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
      next = first.offset + 1;
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
