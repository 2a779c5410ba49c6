// Applies a batch of events to the store: one query, decisions in memory, one transaction. Events of one order in one
// source keep their order: after a rejected event the later ones of that lane are left behind it.
import { decide, type EventOrigin, type Order, type OrderEvent, type Rejection } from "../domain/order.ts";
import type { OrderChange, OrderStore } from "../store/order-store.ts";
import type { RecordDelivery } from "./partition.ts";

/** A record that could be read. */
export interface EventDelivery {
  readonly delivery: RecordDelivery;
  readonly event: OrderEvent;
  readonly origin: EventOrigin;
}

export interface AppliedBatch {
  /** In the store, or in it already. */
  readonly done: readonly EventDelivery[];
  readonly rejected: readonly { readonly item: EventDelivery; readonly rejection: Rejection }[];
  /** Not looked at: an earlier event of their lane was rejected. */
  readonly behind: readonly EventDelivery[];
}

/** Events of one lane have their effect one after the other; lanes do not wait for each other. */
export function laneOf({ event, origin }: EventDelivery): string {
  return `${origin.source} ${event.orderId}`;
}

/** Throws what the store throws; then nothing, or everything up to a lost commit, may be written, and trying again is safe. */
export async function applyEvents(
  store: Pick<OrderStore, "load" | "save">,
  items: readonly EventDelivery[],
): Promise<AppliedBatch> {
  const done: EventDelivery[] = [];
  const rejected: { item: EventDelivery; rejection: Rejection }[] = [];
  const behind: EventDelivery[] = [];

  // Another instance may change an order between our load and our save: those orders are decided again on what it
  // wrote. Each round at least one of the writers gets through, so this ends.
  for (let undecided = groupByOrder(items); undecided.size > 0;) {
    const orders = await store.load([...undecided.keys()]);
    const outcomes = new Map<string, OrderOutcome>();
    const changes: OrderChange[] = [];
    for (const [orderId, events] of undecided) {
      const before = orders.get(orderId);
      const outcome = decideAll(before, events);
      outcomes.set(orderId, outcome);
      if (outcome.changed !== undefined)
        changes.push({ order: outcome.changed, expectedVersion: before?.version ?? 0 });
    }
    const conflicts = new Set(changes.length === 0 ? [] : (await store.save(changes)).conflicts);
    for (const [orderId, outcome] of outcomes) {
      if (conflicts.has(orderId)) continue;
      undecided.delete(orderId);
      done.push(...outcome.done);
      rejected.push(...outcome.rejected);
      behind.push(...outcome.behind);
    }
  }
  return { done, rejected, behind };
}

function groupByOrder(items: readonly EventDelivery[]): Map<string, EventDelivery[]> {
  const groups = new Map<string, EventDelivery[]>();
  for (const item of items) {
    const group = groups.get(item.event.orderId);
    if (group === undefined) groups.set(item.event.orderId, [item]);
    else group.push(item);
  }
  return groups;
}

interface OrderOutcome {
  readonly done: EventDelivery[];
  readonly rejected: { item: EventDelivery; rejection: Rejection }[];
  readonly behind: EventDelivery[];
  /** Undefined when nothing has to be written. */
  readonly changed: Order | undefined;
}

function decideAll(before: Order | undefined, events: readonly EventDelivery[]): OrderOutcome {
  const done: EventDelivery[] = [];
  const rejected: { item: EventDelivery; rejection: Rejection }[] = [];
  const behind: EventDelivery[] = [];
  const blockedLanes = new Set<string>();
  let order = before;
  for (const item of events) {
    if (blockedLanes.size > 0 && blockedLanes.has(laneOf(item))) {
      behind.push(item);
      continue;
    }
    const decision = decide(order, item.event, item.origin);
    switch (decision.kind) {
      case "apply":
        order = decision.order;
        done.push(item);
        break;
      case "already-applied":
        done.push(item);
        break;
      case "reject":
        rejected.push({ item, rejection: decision.rejection });
        blockedLanes.add(laneOf(item));
        break;
    }
  }
  return { done, rejected, behind, changed: order === before ? undefined : order };
}
