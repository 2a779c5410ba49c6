// A worker over a store of its own, a consumer group that only notes what it is told, and a broker that acknowledges when it is asked to.
import type { KafkaRecord, NextOffset } from "../../kafka/record.ts";
import { createLogger } from "../../service/logger.ts";
import type { RecordSink } from "../consumer-group.ts";
import { createBreaker } from "../dead-letters/breaker.ts";
import type { OrderEvent } from "../domain/order.ts";
import { retryPolicies } from "../domain/verdict.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import type { OrderStore } from "../store/order-store.ts";
import { partitionKey } from "./partition.ts";
import type { Reading, RecordReader } from "./record-reader.ts";
import { createTestClock } from "../../service/test-clock.ts";
import type { ParkedRecord } from "../store/parked-records.ts";
import { simulatedFailure } from "./failures.ts";
import { decodedEvent } from "./simulation/simulated-reader.ts";
import { createWorker, type WorkerOptions } from "./worker.ts";

export const topic = "order-events";
/** Records whose value is the event as JSON, so that these tests say what happens after decoding. */
export const reader: RecordReader = {
  read({ value }): Exclude<Reading, { kind: "unresolved-schema" }> {
    const text = value?.toString() ?? "";
    if (!text.startsWith("{")) {
      return { kind: "unreadable", reason: "not_avro_framed", message: "Not an event.", decoded: null };
    }
    const event: OrderEvent = JSON.parse(text);
    return { kind: "event", event, eventId: null, decoded: decodedEvent({ event, schemaId: 1 }) };
  },
  resolve: async () => "known",
};

export const create = (orderId: string, eventType: OrderEvent["eventType"] = "OrderEvent"): OrderEvent => ({
  kind: "create",
  eventType,
  orderId,
  customerId: "CUST-1",
  orderDate: "2026-01-02T03:04:05.678Z",
  items: [{ itemId: "TEA", quantity: 1, priceCents: 895 }],
  totalCents: 895,
  currency: "USD",
  status: "new",
});
export const update = (
  orderId: string,
  status: string,
  eventType: OrderEvent["eventType"] = "OrderEvent",
): OrderEvent => ({ kind: "status", eventType, orderId, status });

export function record(offset: number, event: OrderEvent | string, partition = 0): KafkaRecord {
  const value = Buffer.from(typeof event === "string" ? event : JSON.stringify(event));
  const key = Buffer.from(typeof event === "string" ? "key" : event.orderId);
  return { topic, partition, offset, timestampMs: 0, key, value, headers: [] };
}

type WorkerStore = Pick<
  OrderStore,
  "load" | "stage" | "save" | "claim" | "readProgress" | "loadParked" | "listDue"
>;

const opened: OrderStore[] = [];

/** After each test. */
export async function closeBenches(): Promise<void> {
  for (const store of opened.splice(0)) await store.close();
}

export async function openBench(
  intercept: (store: OrderStore) => Partial<WorkerStore> = () => ({}),
  more: Partial<Pick<WorkerOptions, "simulate" | "reader" | "breaker">> = {},
) {
  const store = await openOrderStore(undefined);
  opened.push(store);
  const clock = createTestClock(1_000_000);
  const committed = new Map<string, number>();
  const pauses: string[] = [];
  const letters: ParkedRecord[] = [];
  const plain: WorkerStore = {
    load: (ids) => store.load(ids),
    stage: (changes) => store.stage(changes),
    save: (batch) => store.save(batch),
    claim: (sources) => store.claim(sources),
    readProgress: (sources) => store.readProgress(sources),
    loadParked: (ids) => store.loadParked(ids),
    listDue: (sources, nowMs, limit) => store.listDue(sources, nowMs, limit),
  };
  const openWorker = () =>
    createWorker({
      store: { ...plain, ...intercept(store) },
      reader,
      policies: retryPolicies({ maxRetries: 3, backoffMs: 1000, maxBackoffMs: 30_000 }),
      simulate: ({ lane }) => (lane.startsWith("TEST-FAIL") ? simulatedFailure("Order") : undefined),
      outbox: {
        add: (records) => void letters.push(...records),
        forget: () => undefined,
        get size() {
          return letters.length;
        },
        blockedBy: undefined,
      },
      breaker: createBreaker(),
      clock,
      logger: createLogger({ level: "error", format: "json", write: () => undefined }),
      sourceOf: partitionKey,
      maxBatchSize: 10,
      maxInbox: 40,
      commitEveryMs: 0,
      ...more,
    });
  const worker = openWorker();
  const join = (joined = worker): RecordSink =>
    joined.join("group", () => ({
      pause: (partitions) =>
        void pauses.push(...partitions.map((partition) => `pause ${partitionKey(partition)}`)),
      resume: (partitions) =>
        void pauses.push(...partitions.map((partition) => `resume ${partitionKey(partition)}`)),
      commit: async (offsets: readonly NextOffset[]) => {
        for (const { nextOffset, ...partition } of offsets)
          committed.set(partitionKey(partition), nextOffset);
        return { ok: true };
      },
    }));
  const sink = join();
  sink.onAssigned([
    { topic, partition: 0 },
    { topic, partition: 1 },
  ]);
  /** The broker acknowledges every letter that is out. */
  const acknowledge = () =>
    worker.onPublished(letters.splice(0).map(({ source, offset }) => ({ source, offset })));
  return { store, clock, committed, pauses, worker, sink, join, letters, acknowledge, openWorker };
}

/** Lets everything that can go on without time passing go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) {
    for (let step = 0; step < 50; step += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}
