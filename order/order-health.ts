// What order says of itself. Healthy: every consumer runs, the store answers, and records are being settled.
import type { OrderHealth } from "../contract/ports.ts";
import type { OrderStore } from "./store/order-store.ts";
import type { Worker } from "./worker/worker.ts";

export interface OrderHealthOptions {
  readonly store: Pick<OrderStore, "count" | "ping">;
  readonly consumers: () => readonly { readonly running: boolean }[];
  readonly worker: Pick<Worker, "state">;
  /** True from the moment the service stops taking requests. */
  readonly draining: () => boolean;
}

export function createOrderHealth({ store, consumers, worker, draining }: OrderHealthOptions): OrderHealth {
  // The last count that the store gave: health must have a body while the store is away.
  let lastCount = 0;

  async function countOrders(): Promise<boolean> {
    try {
      lastCount = await store.count();
      return true;
    } catch {
      return false;
    }
  }

  const consuming = () => {
    const all = consumers();
    return all.length > 0 && all.every(({ running }) => running);
  };

  return {
    async read() {
      const storeAnswers = await countOrders();
      const running = consuming();
      const healthy = storeAnswers && running && worker.state.waitingFor === undefined;
      return {
        healthy,
        body: {
          status: healthy ? "healthy" : "unhealthy",
          consumer: running ? "running" : "stopped",
          orders_in_memory: lastCount,
        },
      };
    },
    async ready() {
      return !draining() && consuming() && worker.state.waitingFor === undefined && (await countOrders());
    },
  };
}
