// What operators have ordered to be skipped: held until the worker is between two batches.
import type { TopicPartition } from "../../kafka/record.ts";
import { partitionKey } from "./partition.ts";

/**
 * `skipped`: the store and the broker have the new offset. `uncommitted`: only the store has it. Nothing was done:
 * `unsettled`: records before the gap are still being worked on; `not ours`: the partition is not assigned, or claimed by
 * another worker.
 */
export type SkipOutcome = "skipped" | "uncommitted" | "unsettled" | "not ours";

export interface SkipQueue {
  add(partition: TopicPartition, nextOffset: number): Promise<SkipOutcome>;
  /** Carries out one after the other; stops at the first that throws, whose promise rejects likewise. */
  carryOut(skip: (key: string, nextOffset: number) => Promise<SkipOutcome>): Promise<void>;
  /** Nothing is carried out any more. */
  close(): void;
}

interface Order {
  readonly key: string;
  readonly nextOffset: number;
  readonly resolve: (outcome: SkipOutcome) => void;
  readonly reject: (error: unknown) => void;
}

export function createSkipQueue(): SkipQueue {
  const orders: Order[] = [];
  let closed = false;

  return {
    add(partition, nextOffset) {
      if (closed) return Promise.resolve("not ours");
      const { promise, resolve, reject } = Promise.withResolvers<SkipOutcome>();
      orders.push({ key: partitionKey(partition), nextOffset, resolve, reject });
      return promise;
    },
    async carryOut(skip) {
      for (let order = orders.shift(); order !== undefined; order = orders.shift()) {
        try {
          order.resolve(await skip(order.key, order.nextOffset));
        } catch (error) {
          order.reject(error);
          throw error;
        }
      }
    },
    close() {
      closed = true;
      for (const { resolve } of orders.splice(0)) resolve("not ours");
    },
  };
}
