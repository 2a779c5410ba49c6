// Delivered records that nobody has worked on yet, in the order of their delivery.
import type { DeliveredItem } from "./read-items.ts";

/** Whatever was made of a record, with the partition that it came from. */
type Held = Pick<DeliveredItem, "partition">;

export interface Inbox<Item = DeliveredItem> {
  push(item: Item): void;
  /** Takes out at most `limit` of the oldest records whose partition is claimed; the others stay. */
  take(limit: number): Item[];
  /** Puts records back in front, as they were taken. */
  putBack(items: readonly Item[]): void;
  /** Forgets the records of partitions that are not ours any more. */
  dropForeign(): void;
  readonly length: number;
}

export function createInbox<Item extends Held = DeliveredItem>(): Inbox<Item> {
  let items: Item[] = [];

  const isOurs = ({ partition: { state } }: Item) => state === "claimed" || state === "unclaimed";
  const isClaimed = ({ partition: { state } }: Item) => state === "claimed";

  return {
    push: (item) => void items.push(item),
    take(limit) {
      // Nearly always everything is claimed, and the oldest records are simply the first.
      const first = items.slice(0, limit);
      if (first.every(isClaimed)) return items.splice(0, limit);
      const taken = items.filter(isClaimed).slice(0, limit);
      const isTaken = new Set(taken);
      items = items.filter((item) => !isTaken.has(item));
      return taken;
    },
    putBack(returned) {
      if (returned.length > 0) items = [...returned.filter(isOurs), ...items];
    },
    dropForeign() {
      items = items.filter(isOurs);
    },
    get length() {
      return items.length;
    },
  };
}
