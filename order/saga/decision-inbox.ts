// Delivered decisions that nobody has worked on yet, taken in the order in which they happened: both decisions about an order
// then mostly come in one batch, and the saga is loaded and written once. Those of a partition stay in their order.
import type { Inbox } from "../worker/inbox.ts";
import type { AssignedPartition } from "../worker/partition.ts";
import type { TakenDecision } from "./decision-items.ts";

export interface DecisionInbox extends Inbox<TakenDecision> {
  /**
   * How full it is, as a number of usual records: one of a megabyte counts as many. Half of that while some partition has
   * nothing here: what comes next may be the partners of what is here.
   */
  readonly load: number;
}

interface Queue {
  readonly partition: AssignedPartition;
  items: TakenDecision[];
  /** Before this place everything is taken. */
  next: number;
}

/** A decision as documented has a few hundred bytes. */
const usualBytes = 4096;

export function createDecisionInbox(): DecisionInbox {
  let queues: Queue[] = [];
  let length = 0;
  let load = 0;

  function queueOf(partition: AssignedPartition): Queue {
    const found = queues.find((queue) => queue.partition === partition);
    if (found !== undefined) return found;
    const queue: Queue = { partition, items: [], next: 0 };
    queues.push(queue);
    return queue;
  }

  function count(item: TakenDecision, sign: 1 | -1): void {
    length += sign;
    load += sign * Math.max(1, item.valueLength / usualBytes);
  }

  function takeFirst(queue: Queue, taken: TakenDecision[]): void {
    const item = queue.items[queue.next];
    if (item === undefined) return;
    queue.next += 1;
    count(item, -1);
    taken.push(item);
  }

  return {
    push(item) {
      queueOf(item.delivery.partition).items.push(item);
      count(item, 1);
    },
    take(limit) {
      const claimed = queues.filter(
        ({ partition, items }) => partition.state === "claimed" && items.length > 0,
      );
      const taken: TakenDecision[] = [];
      // Of each partition one, whatever its time says: no partition waits for ever for others that seem older.
      for (const queue of claimed.toSorted(byTime)) if (taken.length < limit) takeFirst(queue, taken);
      while (taken.length < limit) {
        const oldest = claimed.reduce(older, undefined);
        if (oldest === undefined) break;
        takeFirst(oldest, taken);
      }
      for (const queue of claimed) {
        queue.items = queue.items.slice(queue.next);
        queue.next = 0;
      }
      return taken;
    },
    putBack(returned) {
      for (const queue of queues) {
        const own = returned.filter(({ delivery }) => delivery.partition === queue.partition);
        for (const item of own) count(item, 1);
        if (own.length > 0) queue.items = [...own, ...queue.items];
      }
    },
    dropForeign() {
      queues = queues.filter(({ partition: { state }, items }) => {
        const isOurs = state === "claimed" || state === "unclaimed";
        if (!isOurs) for (const item of items) count(item, -1);
        return isOurs;
      });
    },
    get length() {
      return length;
    },
    get load() {
      return queues.some(({ items }) => items.length === 0) ? load / 2 : load;
    },
  };
}

/** A record without a time goes first. */
function timeOf({ items, next }: Queue): number {
  return items[next]?.timestampMs ?? 0;
}

function byTime(left: Queue, right: Queue): number {
  return timeOf(left) - timeOf(right);
}

function older(oldest: Queue | undefined, queue: Queue): Queue | undefined {
  if (queue.next === queue.items.length) return oldest;
  return oldest === undefined || timeOf(queue) < timeOf(oldest) ? queue : oldest;
}
