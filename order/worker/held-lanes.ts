// Lanes whose first event could not be applied yet, with the later events of the same lane waiting behind it.
// Nothing here is settled, so no offset passes it: a crash reads all of it again.
import type { EventDelivery } from "./apply-events.ts";
import { laneOf } from "./apply-events.ts";
import type { AssignedPartition } from "./partition.ts";

export interface HeldLane {
  readonly items: readonly EventDelivery[];
  /** How often its first event was tried. */
  readonly attempts: number;
}

export interface HeldLanes {
  /** Puts the lane of these items back, all of it in order, to be tried at `dueAtMs`. */
  hold(items: readonly EventDelivery[], attempts: number, dueAtMs: number): void;
  /** Queues the item when its lane is held; false when the lane is free. */
  queueBehind(item: EventDelivery): boolean;
  /** Takes out every lane that is due. */
  takeDue(nowMs: number): HeldLane[];
  /** When the next lane is due; undefined without any. */
  nextDueAtMs(): number | undefined;
  /** Lets go of what belongs to a partition that is no longer ours. */
  drop(partition: AssignedPartition): void;
  /** Events held now. */
  readonly size: number;
}

interface Lane {
  items: EventDelivery[];
  readonly attempts: number;
  readonly dueAtMs: number;
}

export function createHeldLanes(): HeldLanes {
  const lanes = new Map<string, Lane>();
  let size = 0;

  return {
    hold(items, attempts, dueAtMs) {
      const first = items[0];
      if (first === undefined) return;
      lanes.set(laneOf(first), { items: [...items], attempts, dueAtMs });
      size += items.length;
    },
    queueBehind(item) {
      const lane = lanes.size === 0 ? undefined : lanes.get(laneOf(item));
      if (lane === undefined) return false;
      lane.items.push(item);
      size += 1;
      return true;
    },
    takeDue(nowMs) {
      const due = [...lanes].filter(([, { dueAtMs }]) => dueAtMs <= nowMs);
      for (const [key, { items }] of due) {
        lanes.delete(key);
        size -= items.length;
      }
      return due.map(([, { items, attempts }]) => ({ items, attempts }));
    },
    nextDueAtMs() {
      let next: number | undefined;
      for (const { dueAtMs } of lanes.values()) next = Math.min(next ?? dueAtMs, dueAtMs);
      return next;
    },
    drop(partition) {
      for (const [key, lane] of lanes) {
        if (lane.items[0]?.delivery.partition !== partition) continue;
        lanes.delete(key);
        size -= lane.items.length;
      }
    },
    get size() {
      return size;
    },
  };
}
