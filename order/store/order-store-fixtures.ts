// Orders, writers and places for the suites of this folder.
import type { OrderState } from "../domain/order.ts";
import type { BatchWrite, OrderChange, OrderStore, SaveOutcome, StoredOrder } from "./order-store.ts";

/** Somewhere empty to keep orders; several stores may be open on it at once. */
export interface StorePlace {
  /** Opens a store, as one more instance of the service would. */
  open(): Promise<OrderStore>;
  /** Removes what was kept there; every store has been closed. */
  remove(): Promise<void>;
}

export function createdOrder(orderId: string, differences: Partial<StoredOrder> = {}): StoredOrder {
  return {
    orderId,
    customerId: "CUST-1",
    orderDate: "2026-09-01T12:00:00.000Z",
    items: [
      { itemId: "ITEM-1", quantity: 2, priceCents: 1999 },
      { itemId: "ITEM-2", quantity: 1, priceCents: 599 },
    ],
    totalCents: 4597,
    shippingCents: 92,
    currency: "USD",
    status: "new",
    createdBy: withEventId("event-1"),
    applied: { "order-events/0": 3 },
    version: 1,
    ...differences,
  };
}

export function withEventId(eventId: string): StoredOrder["createdBy"] {
  return { topic: "order-events", partition: 0, offset: 3, eventId };
}

/** What `load` answers of an order. */
export function stateOf({ orderId, status, createdBy, applied, version }: OrderState): OrderState {
  return { orderId, status, createdBy, applied, version };
}

type WholeChange = OrderChange & { readonly order: StoredOrder };

export function creation(order: StoredOrder): WholeChange {
  return { order, expectedVersion: 0 };
}

export function createOrder(orderId: string): WholeChange {
  return creation(createdOrder(orderId));
}

export function updatedOrder(orderId: string, expectedVersion: number, status: string): WholeChange {
  return { order: createdOrder(orderId, { status, version: expectedVersion + 1 }), expectedVersion };
}

export function batchOf(parts: Partial<BatchWrite>): BatchWrite {
  return { progress: [], changes: [], park: [], repark: [], unpark: [], ...parts };
}

/** A batch of orders alone. */
export function changing(changes: readonly OrderChange[]): BatchWrite {
  return batchOf({ changes });
}

/** The orders that stood against a batch, sorted; none when it was saved. */
export function conflictsOf(outcome: SaveOutcome): readonly string[] {
  if (outcome.kind === "fenced") throw new Error(`fenced: ${outcome.sources.join(", ")}`);
  return outcome.kind === "saved" ? [] : [...outcome.orderIds].sort();
}

/** Saves what is not there yet, as the worker does with creates that it has not looked up. */
export async function saveMissing(store: OrderStore, changes: readonly OrderChange[]): Promise<void> {
  for (let open = changes; ;) {
    const conflicts = new Set(conflictsOf(await store.save(changing(open))));
    if (conflicts.size === 0) return;
    open = open.filter(({ order }) => !conflicts.has(order.orderId));
  }
}

/** What a promise rejects with; a promise that resolves is an error of its own. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return new Error("expected a rejection, but it resolved");
}

export interface StatusEvent {
  readonly orderId: string;
  readonly status: string;
  readonly topic: string;
  readonly offset: number;
}

/** Orders after these events, one after the other: the first of an order creates it. */
export function foldEvents(
  events: readonly StatusEvent[],
  start: ReadonlyMap<string, OrderState> = new Map(),
): Map<string, OrderState> {
  const orders = new Map<string, OrderState>(start);
  for (const { orderId, status, topic, offset } of events) {
    const before = orders.get(orderId);
    const createdBy = before?.createdBy ?? { topic, partition: 0, offset, eventId: null };
    const applied = { ...before?.applied, [`${topic}/0`]: offset };
    orders.set(
      orderId,
      createdOrder(orderId, { createdBy, status, applied, version: (before?.version ?? 0) + 1 }),
    );
  }
  return orders;
}

/**
 * A consumer in small: takes batch after batch of its topic, loads, decides, saves, and takes the batch again after a conflict.
 * One `step` is one call of the store, so that a test decides how two writers interleave. Written events are appended
 * to `log` when their save has resolved.
 */
export function createWriter(store: OrderStore, batches: readonly StatusEvent[][], log: StatusEvent[]) {
  const waiting = [...batches];
  let open: readonly StatusEvent[] = [];
  let changes: readonly OrderChange[] | undefined;

  async function load(): Promise<void> {
    const before = await store.load(open.map((event) => event.orderId));
    const after = foldEvents(open, before);
    const touched = new Set(open.map((event) => event.orderId));
    changes = [...after.values()]
      .filter((order) => touched.has(order.orderId))
      .map((order) => ({ order, expectedVersion: before.get(order.orderId)?.version ?? 0 }));
  }

  async function save(decided: readonly OrderChange[]): Promise<void> {
    changes = undefined;
    if (conflictsOf(await store.save(changing(decided))).length > 0) return;
    log.push(...open);
    open = [];
  }

  return {
    /** Whether there is still something to do. */
    get busy(): boolean {
      return open.length > 0 || waiting.length > 0;
    },
    async step(): Promise<void> {
      if (open.length === 0) open = waiting.shift() ?? [];
      if (open.length === 0) return;
      await (changes === undefined ? load() : save(changes));
    },
  };
}
