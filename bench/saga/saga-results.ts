// What a reader of committed records finds on `orders`: while a program runs, when each order's result became readable; after
// it has stopped, whether every order has exactly one result and the right one, by reading the whole topic again.
import { openConsumer } from "../../kafka/consumer.ts";
import { readTopic } from "../../kafka/read-topic.ts";
import type { Logger } from "../../service/logger.ts";
import { createResultCheck } from "./result-check.ts";

export interface ResultTopic {
  readonly brokers: string;
  readonly topic: string;
  readonly logger: Logger;
}

export interface ResultReader {
  /** By order: when its first result came, by performance.now(). */
  readonly arrivedAtMs: ReadonlyMap<number, number>;
  /** Resolves when `count` orders have a result; rejects when no further one comes for a minute, with what `explain` says. */
  reached(count: number, explain: () => string): Promise<void>;
  close(): Promise<void>;
}

const silenceMs = 60_000;
const clientId = "orderwire-bench";

/** Resolves when it reads: nothing that is published from now on is read late because a group had still to be joined. */
export async function openResultReader({ brokers, topic, logger }: ResultTopic): Promise<ResultReader> {
  const assigned = Promise.withResolvers<void>();
  const arrivedAtMs = new Map<number, number>();
  let wanted = 0;
  let complete: PromiseWithResolvers<void> | undefined;
  let timer: Timer | undefined;
  let renewWatch = (): void => undefined;

  function watchSilence(explain: () => string): void {
    clearTimeout(timer);
    timer = setTimeout(() => void giveUp(explain), silenceMs);
  }

  async function giveUp(explain: () => string): Promise<void> {
    const said = explain();
    const found = await requireResults({ brokers, topic, logger }, wanted).then(
      () => "The topic has them all: this reader missed some.",
      (error: unknown) => `The topic, read again: ${String(error)}`,
    );
    const message = `no result came for ${silenceMs / 1000} s after those of ${arrivedAtMs.size} orders`;
    complete?.reject(new Error([message, found, said].join("\n")));
  }

  const consumer = await openConsumer({
    brokers,
    clientId,
    groupId: `bench-reader-${crypto.randomUUID().slice(0, 8)}`,
    topics: [topic],
    logger,
    handlers: {
      onRecords(records) {
        const atMs = performance.now();
        for (const { key } of records) {
          const orderId = Number(key?.toString("latin1"));
          if (!arrivedAtMs.has(orderId)) arrivedAtMs.set(orderId, atMs);
        }
        if (complete === undefined) return;
        if (arrivedAtMs.size >= wanted) complete.resolve();
        else renewWatch();
      },
      onAssigned: () => assigned.resolve(),
      onRevoked: () => Promise.resolve(),
      onLost: () => undefined,
      onFailed: (message) => logger.error("The reader of results failed", { detail: message }),
    },
  });
  await assigned.promise;

  return {
    arrivedAtMs,
    async reached(count, explain) {
      if (arrivedAtMs.size >= count) return;
      wanted = count;
      complete = Promise.withResolvers();
      renewWatch = () => watchSilence(explain);
      renewWatch();
      await complete.promise.finally(() => clearTimeout(timer));
    },
    close: () => consumer.close(),
  };
}

/** Throws unless the orders 1 to `orders` have one result each, the right one, and nothing else is there. */
export async function requireResults({ brokers, topic, logger }: ResultTopic, orders: number): Promise<void> {
  const check = createResultCheck(orders);
  const outcome = await readTopic({
    brokers,
    clientId,
    logger,
    topic,
    from: new Map(),
    onRecords: (records) => records.forEach(({ value }) => check.take(value)),
    deadlineMs: 120_000,
  });
  if (!outcome.ok) throw new Error(outcome.failure.message);
  const faults = check.faults();
  if (faults.length > 0) throw new Error([`${faults.length} faults:`, ...faults.slice(0, 5)].join("\n  "));
}
