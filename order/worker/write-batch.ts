// Brings a planned batch into the store: what is not known yet is loaded, and what another instance changed meanwhile is
// decided again on what it wrote.
import type { OrderState } from "../domain/order.ts";
import type { OrderStore, SourceProgress } from "../store/order-store.ts";
import type { AssignedPartition } from "./partition.ts";
import { type BatchPlan, planBatch, type PlanOptions } from "./plan-batch.ts";
import type { WorkItem } from "./work-item.ts";

export type WriteOutcome =
  | { readonly kind: "written"; readonly plan: BatchPlan }
  /** Nothing was written: other workers have claimed these sources since. */
  | { readonly kind: "fenced"; readonly sources: readonly string[] }
  /** Nothing was written: `accept` did not like the plan. */
  | { readonly kind: "refused"; readonly plan: BatchPlan };

export interface WriteOptions extends PlanOptions {
  readonly store: Pick<OrderStore, "load" | "save">;
  /** Asked before a plan is written. */
  readonly accept: (plan: BatchPlan) => boolean;
}

/** Throws what the store throws; then all of it or nothing may be written. */
export async function writeBatch(items: readonly WorkItem[], options: WriteOptions): Promise<WriteOutcome> {
  const { store, accept } = options;
  const progress = progressOf(items);
  const orders = new Map<string, OrderState>();
  const looked = new Set<string>();
  // Each round that ends in a conflict is one that another writer won, so this ends.
  for (let toLoad = ordersToLoad(items); ;) {
    if (toLoad.length > 0)
      for (const [orderId, order] of await store.load(toLoad)) orders.set(orderId, order);
    for (const orderId of toLoad) looked.add(orderId);
    const plan = planBatch(items, orders, options);
    toLoad = missed(items, plan, looked);
    if (toLoad.length > 0) continue;
    if (!accept(plan)) return { kind: "refused", plan };
    const { changes, park, repark, unpark } = plan;
    const saved = await store.save({ progress, changes, park, repark, unpark });
    if (saved.kind === "saved") return { kind: "written", plan };
    if (saved.kind === "fenced") return saved;
    toLoad = [...saved.orderIds];
    for (const orderId of toLoad) orders.delete(orderId);
  }
}

/**
 * Orders that an item did not find although nobody has asked the store for them: a create that was expected to be their
 * first event waits or has failed, so it did not meet them.
 */
function missed(items: readonly WorkItem[], plan: BatchPlan, looked: ReadonlySet<string>): string[] {
  if (plan.allDone) return [];
  const orderIds = items.flatMap(({ reading }, index) => {
    const end = plan.ends[index];
    const failure = end?.kind === "waiting" || end?.kind === "dead" ? end.failure : null;
    return failure?.reason === "unknown_order" && reading.kind === "event" ? [reading.event.orderId] : [];
  });
  return [...new Set(orderIds)].filter((orderId) => !looked.has(orderId));
}

/** New records come in offset order, so the last one of a source says how far the batch brings it. */
function progressOf(items: readonly WorkItem[]): SourceProgress[] {
  const nextOffsets = new Map<AssignedPartition, number | null>();
  for (const { partition, record, delivery } of items) {
    if (delivery !== null) nextOffsets.set(partition, record.offset + 1);
    else if (!nextOffsets.has(partition)) nextOffsets.set(partition, null);
  }
  const bySource = new Map<string, SourceProgress>();
  for (const [{ source, epoch }, nextOffset] of nextOffsets) {
    if (nextOffset !== null || !bySource.has(source)) bySource.set(source, { source, epoch, nextOffset });
  }
  return [...bySource.values()];
}

/**
 * Orders of which the batch holds something other than a create first: their state is needed. A create is expected to be
 * the first of its order, and the store says when it is not, so the usual create costs no query.
 */
function ordersToLoad(items: readonly WorkItem[]): string[] {
  const seen = new Set<string>();
  const toLoad: string[] = [];
  for (const { reading } of items) {
    if (reading.kind !== "event") continue;
    const { orderId, kind } = reading.event;
    if (seen.has(orderId)) continue;
    seen.add(orderId);
    if (kind !== "create") toLoad.push(orderId);
  }
  return toLoad;
}
