// System C without Kafka, for suites: the real parts over SQLite in memory, a clock that a test moves, and a publisher whose
// answers a test may choose.
import type { KafkaRecord, NextOffset, OutgoingRecord } from "../../kafka/record.ts";
import type { TransactionOutcome } from "../../kafka/transactional-publisher.ts";
import { createLogger } from "../../service/logger.ts";
import { createTestClock } from "../../service/test-clock.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import { partitionKey } from "../worker/partition.ts";
import { createBuiltInCatalog } from "./catalog/built-in-catalog.ts";
import { createDeadlineWatch } from "./deadline-watch.ts";
import { createDecisionReader } from "./decision-reader.ts";
import { createOrderPlacer } from "./order-placer.ts";
import { createSagaCommands } from "./place-order.ts";
import { createSagaMessages } from "./saga-messages.ts";
import { createSagaOutbox } from "./saga-outbox.ts";
import { createSagaWorker } from "./saga-worker.ts";
import { createSagaWriter } from "./saga-writer.ts";
import type { ShrinkMessage } from "./shrink-letter.ts";
import type { SagaStore } from "./store/saga-store.ts";

export const windowMs = 10_000;
export const topics = {
  payment: "payment-orders",
  stock: "stock-orders",
  orders: "orders",
  dlq: "recovererDLQ",
};
export const silentLogger = createLogger({ level: "error", format: "json", write: () => undefined });

export interface BenchOptions {
  readonly isBehind?: () => boolean;
  readonly shrink?: ShrinkMessage;
  /** Replaces some of the store's operations. */
  readonly intercept?: (store: SagaStore) => Partial<SagaStore>;
  /** What becomes of a transaction; default: it is committed. */
  readonly answer?: (records: readonly OutgoingRecord[]) => Promise<TransactionOutcome>;
}

export async function openSagaBench(options: BenchOptions = {}) {
  const {
    intercept = (): Partial<SagaStore> => ({}),
    answer = commit,
    isBehind = () => false,
    shrink = () => undefined,
  } = options;
  const orderStore = await openOrderStore(undefined);
  const real = orderStore.sagas;
  const replaced = intercept(real);
  const calls: string[] = [];
  /** Counted, and each replaceable. */
  const store = new Proxy(real, {
    get(target, name: keyof SagaStore) {
      calls.push(name);
      return replaced[name] ?? target[name];
    },
  });
  const clock = createTestClock(1_000_000);
  const transactions: (readonly OutgoingRecord[])[] = [];
  const committed = new Map<string, number>();
  const outbox = createSagaOutbox({
    id: "instance-1",
    store,
    openPublisher: async () => ({
      init: async () => ({ ok: true }),
      async publishAll(records) {
        const outcome = await answer(records);
        if (outcome.ok) transactions.push(records);
        return outcome;
      },
      close: async () => undefined,
    }),
    readBack: async () => ({ ok: true, value: { highestSeq: 0, nextOffsets: [] } }),
    shrink,
    clock,
    logger: silentLogger,
  });
  const reader = createDecisionReader(
    {
      decode: () => ({ ok: false, failure: { kind: "undecodable", reason: "tombstone", message: "None." } }),
      resolve: async () => "missing",
    },
    topics,
  );
  const messages = createSagaMessages({
    codec: { encode: (_topic, _name, event) => ({ ok: true, value: Buffer.from(JSON.stringify(event)) }) },
    reader,
    ordersTopic: topics.orders,
    dlqTopic: topics.dlq,
  });
  const writer = createSagaWriter({ store, messages, outbox, clock });
  const deadlines = createDeadlineWatch({ store, writer, isBehind, clock, logger: silentLogger });
  const worker = createSagaWorker({
    store,
    readProgress: (sources) => orderStore.readProgress(sources),
    reader,
    writer,
    windowMs,
    clock,
    logger: silentLogger,
    sourceOf: partitionKey,
    onSaved: (sagas) => deadlines.note(sagas),
  });
  const placer = createOrderPlacer({ store, writer, outbox, windowMs, clock });
  const sink = worker.join("saga", () => ({
    pause: () => undefined,
    resume: () => undefined,
    async commit(offsets: readonly NextOffset[]) {
      for (const { nextOffset, ...partition } of offsets) committed.set(partitionKey(partition), nextOffset);
      return { ok: true };
    },
  }));
  await outbox.start();
  deadlines.start();
  sink.onAssigned([
    { topic: topics.payment, partition: 0 },
    { topic: topics.stock, partition: 0 },
  ]);
  await settle();
  return {
    store: real,
    /** Names of the store's operations that were asked for. */
    calls,
    clock,
    commands: createSagaCommands({ catalog: createBuiltInCatalog(), store, placer, clock }),
    outbox,
    worker,
    sink,
    transactions,
    committed,
    published: (topic: string) =>
      transactions
        .flat()
        .filter((record) => record.topic === topic)
        .map(({ value }) => JSON.parse(String(value))),
    async close() {
      await placer.stop();
      await worker.stop();
      await deadlines.stop();
      await outbox.stop();
      await orderStore.close();
    },
  };
}

let offsets = 0;
function commit(records: readonly OutgoingRecord[]): Promise<TransactionOutcome> {
  return Promise.resolve({ ok: true, value: records.map(() => ({ partition: 0, offset: (offsets += 1) })) });
}

export function decisionRecord(
  side: "payment" | "stock",
  offset: number,
  orderId: number,
  status = "ACCEPT",
  timestampMs = 1_000_000,
): KafkaRecord {
  const value = Buffer.from(JSON.stringify({ orderId, status, source: null }));
  return { topic: topics[side], partition: 0, offset, timestampMs, key: null, value, headers: [] };
}

/** Lets everything that can go on without time passing go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn += 1) {
    for (let step = 0; step < 50; step += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
