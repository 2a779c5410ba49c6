// Publishes what orders are to the compacted topic of their states, after the store has it. Promises of its records of one key:
// their versions never fall, and the last one is what the store has, also after a crash, and whoever publishes.
//
// It reads each order after everything that it published before, so what it reads is never older. There is one publisher at a
// time: the store names it, and Kafka refuses what an earlier one still sends, because the later one has taken the
// transactional id before it read anything. What is published twice after a crash has a version that is not lower.
import type { TransactionalPublisher } from "../../kafka/transactional-publisher.ts";
import type { Codec } from "../../schemas/codec.ts";
import { backoffMs, type Backoff } from "../../service/backoff.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { OrderStore, StoredOrder } from "../store/order-store.ts";
import { stateOnWire } from "./state-on-wire.ts";

export interface StatePublisher {
  /** Something has changed: it need not wait for its next look. */
  poke(): void;
  /** Ends after the transaction that runs. */
  stop(): Promise<void>;
}

export interface StatePublisherOptions {
  readonly store: Pick<OrderStore, "changes" | "list">;
  readonly publisher: Pick<TransactionalPublisher, "init" | "publishAll" | "initialised">;
  readonly codec: Pick<Codec, "encode" | "ready">;
  readonly topic: string;
  /** Names this instance among those that could publish. */
  readonly holder: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** After a publisher has died, another one begins within this time. */
const holdMs = 10_000;
/** Others' changes are looked for; our own poke. */
const lookMs = 250;
const maxOrders = 10_000;
const maxBatches = 500;
/** Batches that are kept for readers who come back. */
const keptBatches = 10_000;
const delays: Backoff = { firstMs: 200, maxMs: 5000 };

export function createStatePublisher(options: StatePublisherOptions): StatePublisher {
  const { store, publisher, codec, topic, holder, clock, logger } = options;
  const { changes } = store;
  const ended = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  let stopping = false;
  let failures = 0;
  let poked = false;
  let wake: (() => void) | undefined;
  let trimAtMs = 0;

  /** True when there may be more at once. */
  async function step(): Promise<boolean> {
    const nowMs = clock.nowMs();
    const progress = await changes.hold(holder, nowMs, nowMs + holdMs);
    if (progress === undefined) return false;
    if (!publisher.initialised) {
      const init = await publisher.init();
      if (!init.ok) throw new Error(init.failure.message);
    }
    if (progress.filledTo !== null) {
      const orders = await store.list({ limit: maxOrders, afterOrderId: progress.filledTo });
      await publish(orders);
      await changes.advance(holder, { ...progress, filledTo: orders.at(-1)?.orderId ?? null });
      return true;
    }
    const batches = upTo(maxOrders, await changes.after(progress.published, maxBatches));
    const last = batches.at(-1);
    if (last === undefined) {
      if (nowMs < trimAtMs) return false;
      trimAtMs = nowMs + 60_000;
      await changes.trim(keptBatches);
      return false;
    }
    await publish(await changes.states([...new Set(batches.flatMap(({ orderIds }) => orderIds))]));
    await changes.advance(holder, { ...progress, published: last.place });
    return true;
  }

  async function publish(orders: readonly StoredOrder[]): Promise<void> {
    const outcome = await publisher.publishAll(orders.map(toRecord));
    if (!outcome.ok) throw new Error(outcome.failure.message);
  }

  function toRecord(order: StoredOrder) {
    const encoded = codec.encode(topic, "OrderState", stateOnWire(order));
    if (!encoded.ok) throw new Error(encoded.failure.message);
    return { topic, key: Buffer.from(order.orderId), value: encoded.value, headers: [] };
  }

  async function run(): Promise<void> {
    // The registry may be away for longer than anybody waits for an end.
    await Promise.race([codec.ready(), stopped.promise]);
    while (!stopping) {
      let more = false;
      try {
        more = await step();
        if (failures > 0) logger.info("States of orders are published again", { topic });
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures === 1) {
          const cause = error instanceof Error ? error.message : String(error);
          logger.warn("States of orders cannot be published for now", { topic, cause });
        }
      }
      if (!more && !stopping) await pause(failures === 0 ? lookMs : backoffMs(delays, failures));
    }
    ended.resolve();
  }

  function pause(delayMs: number): Promise<void> {
    if (poked && failures === 0) {
      poked = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const cancel = clock.after(delayMs, () => wake?.());
      wake = () => {
        wake = undefined;
        poked = false;
        cancel();
        resolve();
      };
    });
  }

  void run();
  return {
    poke() {
      poked = true;
      if (failures === 0) wake?.();
    },
    stop() {
      stopping = true;
      stopped.resolve();
      wake?.();
      return ended.promise;
    },
  };
}

/** As many batches as have so many orders, one at least. */
function upTo<Batch extends { readonly orderIds: readonly string[] }>(
  limit: number,
  batches: readonly Batch[],
): readonly Batch[] {
  let orders = 0;
  const end = batches.findIndex(({ orderIds }) => {
    orders += orderIds.length;
    return orders > limit;
  });
  return end === -1 ? batches : batches.slice(0, Math.max(1, end));
}
