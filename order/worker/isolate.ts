// When a batch fails for a reason that nobody expected, finds the order that causes it, so that one poisonous order
// stops itself and not the others of its batch.
import { type AppliedBatch, applyEvents, type EventDelivery } from "./apply-events.ts";
import type { OrderStore } from "../store/order-store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";

export interface IsolatedBatch extends AppliedBatch {
  /** Events of orders whose change cannot be written, with what the store said. */
  readonly surprised: readonly { readonly items: readonly EventDelivery[]; readonly error: unknown }[];
}

/** Throws only StoreUnavailable. Halves the orders until the cause stands alone: log2(n) extra transactions a culprit. */
export async function applyIsolated(
  store: Pick<OrderStore, "load" | "save">,
  items: readonly EventDelivery[],
): Promise<IsolatedBatch> {
  try {
    return { ...(await applyEvents(store, items)), surprised: [] };
  } catch (error) {
    if (error instanceof StoreUnavailable) throw error;
    const orderIds = [...new Set(items.map(({ event }) => event.orderId))];
    if (orderIds.length === 1) return { done: [], rejected: [], behind: [], surprised: [{ items, error }] };
    const firstHalf = new Set(orderIds.slice(0, orderIds.length / 2));
    const first = await applyIsolated(
      store,
      items.filter(({ event }) => firstHalf.has(event.orderId)),
    );
    const second = await applyIsolated(
      store,
      items.filter(({ event }) => !firstHalf.has(event.orderId)),
    );
    return {
      done: [...first.done, ...second.done],
      rejected: [...first.rejected, ...second.rejected],
      behind: [...first.behind, ...second.behind],
      surprised: [...first.surprised, ...second.surprised],
    };
  }
}
