// What order says of itself. Healthy: every consumer runs, the store answers, and records are being settled.
import type { OrderHealth } from "../contract/ports.ts";
import type { OpenSaga } from "./saga/open-saga.ts";
import type { OrderStore } from "./store/order-store.ts";
import type { StallWatch } from "./worker/stall-watch.ts";
import type { Worker } from "./worker/worker.ts";

export interface OrderHealthOptions {
  readonly store: Pick<OrderStore, "count" | "countParked">;
  readonly consumers: () => readonly { readonly running: boolean }[];
  readonly worker: Pick<Worker, "state">;
  readonly saga: Pick<OpenSaga, "state">;
  readonly stalls: Pick<StallWatch, "stalled">;
  /** Whether every schema has its id. */
  readonly hasSchemas: () => boolean;
  /** True from the moment the service stops taking requests. */
  readonly draining: () => boolean;
}

export function createOrderHealth(options: OrderHealthOptions): OrderHealth {
  const { store, worker, saga, stalls, consumers, hasSchemas, draining } = options;
  // The last count that the store gave: health must have a body while the store is away.
  let lastCount = 0;
  let wasReady = false;

  async function ask<Value>(question: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await question();
    } catch {
      return undefined;
    }
  }

  async function storeAnswers(): Promise<boolean> {
    const count = await ask(() => store.count());
    lastCount = count ?? lastCount;
    return count !== undefined;
  }

  const consuming = () => {
    const all = consumers();
    return all.length > 0 && all.every(({ running }) => running);
  };
  const settling = () => {
    const { waitingFor, dlqBlockedBy, breaker } = worker.state;
    const decisionsAreSettled = saga.state.waitingFor === undefined && saga.state.blockedBy === undefined;
    return (
      waitingFor === undefined &&
      dlqBlockedBy === undefined &&
      breaker.state === "closed" &&
      decisionsAreSettled
    );
  };

  async function ready(): Promise<boolean> {
    const isReady = !draining() && consuming() && settling() && (await storeAnswers());
    wasReady ||= isReady;
    return isReady;
  }

  return {
    async read() {
      const storeIsThere = await storeAnswers();
      const running = consuming();
      const healthy = storeIsThere && running && settling() && stalls.stalled.length === 0;
      return {
        healthy,
        body: {
          status: healthy ? "healthy" : "unhealthy",
          consumer: running ? "running" : "stopped",
          orders_in_memory: lastCount,
        },
      };
    },

    ready,

    async serving() {
      if (!wasReady) return await ready();
      // Reads need the store alone.
      return !draining() && (await storeAnswers());
    },

    async detail() {
      const { waitingFor, dlqBlockedBy, breaker, redelivered } = worker.state;
      const parked = await ask(() => store.countParked());
      const { blockedBy, waitingFor: sagaWaitsFor } = saga.state;
      const registryIsAway = [waitingFor, sagaWaitsFor].includes("the schema registry");
      const broker = consuming()
        ? dependency(blockedBy === undefined, `System C's records are not published: ${blockedBy}`)
        : down("A consumer group is not joined, or no broker answers.");
      return {
        draining: draining(),
        store: dependency(parked !== undefined, "It does not answer; consumption waits for it."),
        registry:
          registryIsAway || !hasSchemas() ? down("It does not answer; what needs a new schema waits.") : up,
        broker,
        deadLetterTopic: dlqBlockedBy === undefined ? up : down(dlqBlockedBy),
        breaker: { state: breaker.state === "closed" ? "closed" : "probing", cause: breaker.cause ?? null },
        redelivered,
        parked: parked ?? null,
        stalledPartitions: [...stalls.stalled],
      };
    },
  };
}

const up = { state: "up", cause: null } as const;

function down(cause: string) {
  return { state: "down", cause } as const;
}

function dependency(isUp: boolean, cause: string) {
  return isUp ? up : down(cause);
}
