// Brings a planned batch into the store: what is not known yet is loaded, and what another instance changed meanwhile is
// decided again on what it wrote.
import type { OrderState } from "../domain/order.ts";
import type { ReplayDesk } from "../replays/replay-desk.ts";
import type { OrderStore, SourceProgress } from "../store/order-store.ts";
import type { ReachCrashPoint } from "./crash-points.ts";
import type { AssignedPartition } from "./partition.ts";
import { type BatchPlan, planBatch, type PlanOptions } from "./plan-batch.ts";
import type { WorkItem } from "./work-item.ts";

export type WriteOutcome =
  | { readonly kind: "written"; readonly plan: BatchPlan }
  /** Nothing was written: other workers have claimed these sources since. */
  | { readonly kind: "fenced"; readonly sources: readonly string[] }
  /** Nothing was written: `accept` did not like the plan. */
  | { readonly kind: "refused"; readonly plan: BatchPlan };

export interface WriteOptions extends Omit<PlanOptions, "replayOf"> {
  readonly store: Pick<OrderStore, "load" | "stage" | "save">;
  readonly replays?: ReplayDesk | undefined;
  /** Asked before a plan is written. */
  readonly accept: (plan: BatchPlan) => boolean;
  /** What these items do, decided already. */
  readonly draft?: BatchDraft | undefined;
  /** The store has been asked to write this, for the first time. Must not throw. */
  readonly onSaving?: ((plan: BatchPlan) => void) | undefined;
}

/** A batch that was decided before its turn came. */
export interface BatchDraft {
  readonly plan: BatchPlan;
  readonly orders: Map<string, OrderState>;
  readonly looked: Set<string>;
}

/**
 * Decides what `items` do after `before` was written, while it is being written. Undefined when they had better be decided in
 * their own turn: some fail or are replays. Throws what the store throws.
 */
export async function draftBatch(
  items: readonly WorkItem[],
  before: BatchPlan,
  options: PlanOptions &
    Pick<WriteOptions, "store" | "replays"> & { readonly reachCrashPoint: ReachCrashPoint },
): Promise<BatchDraft | undefined> {
  if ((await standingsOf(items, options.replays)).size > 0) return undefined;
  const changed = new Map(before.changes.map(({ order }) => [order.orderId, order]));
  const looked = new Set(ordersToLoad(items, noStandings));
  const toLoad = [...looked].filter((orderId) => !changed.has(orderId));
  const orders = new Map<string, OrderState>(toLoad.length > 0 ? await options.store.load(toLoad) : []);
  for (const { reading } of items) {
    const order = reading.kind === "event" ? changed.get(reading.event.orderId) : undefined;
    if (order !== undefined) orders.set(order.orderId, order);
  }
  const plan = planBatch(items, orders, options);
  if (plan.allDone) options.store.stage(plan.changes);
  options.reachCrashPoint("after-draft");
  return plan.allDone ? { plan, orders, looked } : undefined;
}

/** Throws what the store throws; then all of it or nothing may be written. */
export async function writeBatch(items: readonly WorkItem[], options: WriteOptions): Promise<WriteOutcome> {
  const { store, accept, replays, draft, onSaving } = options;
  const progress = progressOf(items);
  let told = false;
  let standings = draft === undefined ? await standingsOf(items, replays) : noStandings;
  const { orders, looked } = draft ?? { orders: new Map<string, OrderState>(), looked: new Set<string>() };
  let drafted = draft?.plan;
  // Each round that ends in a conflict is one that another writer won, so this ends.
  for (let toLoad = drafted === undefined ? ordersToLoad(items, standings) : []; ;) {
    if (toLoad.length > 0)
      for (const [orderId, order] of await store.load(toLoad)) orders.set(orderId, order);
    for (const orderId of toLoad) looked.add(orderId);
    const replayOf = ({ record }: WorkItem) => standings.get(record);
    const plan = drafted ?? planBatch(items, orders, { ...options, replayOf });
    drafted = undefined;
    toLoad = missed(items, plan, looked);
    if (toLoad.length > 0) continue;
    if (!accept(plan)) return { kind: "refused", plan };
    const { changes, park, repark, unpark } = plan;
    const settle = plan.settle.map((settlement) => ({
      ...settlement,
      quarantineAfter: replays?.quarantineAfter ?? 1,
    }));
    const saving = store.save({ progress, changes, park, repark, unpark, settle });
    if (!told) onSaving?.(plan);
    told = true;
    const saved = await saving;
    if (saved.kind === "saved") return { kind: "written", plan };
    if (saved.kind === "fenced") return saved;
    if (saved.kind === "settled") standings = await standingsOf(items, replays);
    toLoad = saved.kind === "conflicts" ? [...saved.orderIds] : [];
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

type ReplayStandings = Awaited<ReturnType<ReplayDesk["standings"]>>;

const noStandings: ReplayStandings = new Map();

async function standingsOf(
  items: readonly WorkItem[],
  replays: ReplayDesk | undefined,
): Promise<ReplayStandings> {
  return replays === undefined ? noStandings : await replays.standings(items.map(({ record }) => record));
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
function ordersToLoad(items: readonly WorkItem[], replays: ReplayStandings): string[] {
  const seen = new Set<string>();
  const toLoad: string[] = [];
  for (const { reading, record } of items) {
    if (reading.kind !== "event") continue;
    const { orderId, kind } = reading.event;
    if (seen.has(orderId)) continue;
    seen.add(orderId);
    // A replayed create is seldom the first of its order.
    if (kind !== "create" || replays.has(record)) toLoad.push(orderId);
  }
  return toLoad;
}
