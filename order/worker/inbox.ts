// Delivered records that nobody has worked on yet, in the order of their delivery.
import type { DeliveredItem } from "./read-items.ts";

export interface Inbox {
  push(item: DeliveredItem): void;
  /** Takes out at most `limit` of the oldest records whose partition is claimed; the others stay. */
  take(limit: number): DeliveredItem[];
  /** Puts records back in front, as they were taken. */
  putBack(items: readonly DeliveredItem[]): void;
  /** Forgets the records of partitions that are not ours any more. */
  dropForeign(): void;
  readonly length: number;
}

export function createInbox(): Inbox {
  let items: DeliveredItem[] = [];

  const isOurs = ({ partition: { state } }: DeliveredItem) => state === "claimed" || state === "unclaimed";
  const isClaimed = ({ partition: { state } }: DeliveredItem) => state === "claimed";

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
