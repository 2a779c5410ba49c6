import { afterEach, describe, expect, test } from "bun:test";
import type { KafkaRecord, NextOffset } from "../../kafka/record.ts";
import { createLogger } from "../../service/logger.ts";
import type { OrderEvent } from "../domain/order.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import type { OrderStore } from "../store/order-store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { partitionKey } from "./partition.ts";
import type { Reading, RecordReader } from "./record-reader.ts";
import { createTestClock } from "../../service/test-clock.ts";
import { createWorker, type RecordSink } from "./worker.ts";

const topic = "order-events";
const stores: OrderStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

/** Records whose value is the event as JSON, so that these tests say what happens after decoding. */
const reader: RecordReader = {
  read({ value }): Reading {
    const text = value?.toString() ?? "";
    if (!text.startsWith("{"))
      return { kind: "unreadable", reason: "not_avro_framed", message: "Not an event." };
    return { kind: "event", event: JSON.parse(text) as OrderEvent, eventId: null };
  },
  resolve: async () => "known",
};

const create = (orderId: string): OrderEvent => ({
  kind: "create",
  eventType: "OrderEvent",
  orderId,
  customerId: "CUST-1",
  orderDate: "2026-01-02T03:04:05.678Z",
  items: [{ itemId: "TEA", quantity: 1, priceCents: 895 }],
  totalCents: 895,
  currency: "USD",
  status: "new",
});
const update = (orderId: string, status: string): OrderEvent => ({
  kind: "status",
  eventType: "OrderEvent",
  orderId,
  status,
});

function record(offset: number, event: OrderEvent | string, partition = 0): KafkaRecord {
  const value = Buffer.from(typeof event === "string" ? event : JSON.stringify(event));
  return { topic, partition, offset, timestampMs: 0, key: Buffer.from("key"), value, headers: [] };
}

async function openBench(
  intercept: (store: OrderStore) => Pick<OrderStore, "load" | "save"> = (store) => store,
) {
  const store = await openOrderStore(undefined);
  stores.push(store);
  const clock = createTestClock();
  const committed = new Map<string, number>();
  const pauses: string[] = [];
  const worker = createWorker({
    store: intercept(store),
    reader,
    clock,
    logger: createLogger({ level: "error", format: "json", write: () => undefined }),
    sourceOf: partitionKey,
    maxBatchSize: 10,
    maxInbox: 40,
  });
  const join = (): RecordSink =>
    worker.join(() => ({
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
  return { store, clock, committed, pauses, worker, sink, join };
}

/** Lets everything that can go on without time passing go on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

describe("the worker", () => {
  test("stores what a batch says and then commits the offset after it", async () => {
    const { store, sink, committed } = await openBench();
    sink.onRecords([record(7, create("A")), record(8, create("B")), record(9, update("A", "shipped"))]);
    await settle();
    expect((await store.readDetails("A"))?.status).toBe("shipped");
    expect((await store.readDetails("A"))?.version).toBe(2);
    expect(committed.get("order-events/0")).toBe(10);
  });

  test("never commits before the store has the events", async () => {
    const saving = Promise.withResolvers<void>();
    const { sink, committed, store } = await openBench((inner) => ({
      load: (ids) => inner.load(ids),
      save: async (changes) => {
        await saving.promise;
        return inner.save(changes);
      },
    }));
    sink.onRecords([record(0, create("A"))]);
    await settle();
    expect(committed.size).toBe(0);
    saving.resolve();
    await settle();
    expect(await store.count()).toBe(1);
    expect(committed.get("order-events/0")).toBe(1);
  });

  test("keeps the offset before an event that cannot be applied, while other orders go on", async () => {
    const { store, sink, committed } = await openBench();
    sink.onRecords([record(0, create("A")), record(1, create("A")), record(2, create("B"))]);
    await settle();
    expect(await store.count()).toBe(2);
    expect(committed.get("order-events/0")).toBe(1);
  });

  test("keeps the later events of an order behind the one that cannot be applied", async () => {
    const { store, sink, worker } = await openBench();
    sink.onRecords([record(0, create("A")), record(1, create("A")), record(2, update("A", "shipped"))]);
    await settle();
    sink.onRecords([record(3, update("A", "delivered"))]);
    await settle();
    expect((await store.readDetails("A"))?.status).toBe("new");
    expect(worker.state.held).toBe(3);
  });

  test("applies an update that overtook its create as soon as a later try finds the order", async () => {
    const { store, sink, clock, committed, join } = await openBench();
    const updates = join();
    updates.onAssigned([{ topic: "order-status-updates", partition: 0 }]);
    updates.onRecords([{ ...record(5, update("A", "shipped")), topic: "order-status-updates" }]);
    await settle();
    sink.onRecords([record(0, create("A"))]);
    await settle();
    expect((await store.readDetails("A"))?.status).toBe("new");
    clock.advance(1000);
    await settle();
    expect((await store.readDetails("A"))?.status).toBe("shipped");
    expect(committed.get("order-status-updates/0")).toBe(6);
  });

  test("a record that cannot be read is never passed by an offset", async () => {
    const { sink, committed, worker } = await openBench();
    sink.onRecords([record(0, create("A")), record(1, "poison"), record(2, create("B"))]);
    await settle();
    expect(committed.get("order-events/0")).toBe(1);
    expect(worker.state.unreadable).toBe(1);
  });

  test("delivering everything again has no second effect", async () => {
    const { store, sink } = await openBench();
    const records = [
      record(0, create("A")),
      record(1, update("A", "shipped")),
      record(2, update("A", "delivered")),
    ];
    sink.onRecords(records);
    await settle();
    sink.onLost([{ topic, partition: 0 }]);
    sink.onAssigned([{ topic, partition: 0 }]);
    sink.onRecords(records);
    await settle();
    expect(await store.readDetails("A")).toMatchObject({ status: "delivered", version: 3 });
  });

  test("waits while the store is away and loses nothing, and says what it waits for", async () => {
    let away = true;
    const { store, sink, clock, committed, worker } = await openBench((inner) => ({
      load: (ids) => (away ? Promise.reject(new StoreUnavailable("gone")) : inner.load(ids)),
      save: (changes) => inner.save(changes),
    }));
    sink.onRecords([record(0, create("A")), record(1, create("B"))]);
    await settle();
    expect(worker.state.waitingFor).toBe("the store");
    expect(committed.size).toBe(0);
    away = false;
    clock.advance(5000);
    await settle();
    expect(worker.state.waitingFor).toBeUndefined();
    expect(await store.count()).toBe(2);
    expect(committed.get("order-events/0")).toBe(2);
  });

  test("a commit that got lost after the store had the batch has no second effect", async () => {
    let losing = true;
    const { store, sink, clock, committed } = await openBench((inner) => ({
      load: (ids) => inner.load(ids),
      save: async (changes) => {
        const saved = await inner.save(changes);
        if (!losing) return saved;
        losing = false;
        throw new StoreUnavailable("the connection went during COMMIT");
      },
    }));
    sink.onRecords([record(0, create("A")), record(1, update("A", "shipped"))]);
    await settle();
    clock.advance(5000);
    await settle();
    expect(await store.readDetails("A")).toMatchObject({ status: "shipped", version: 2 });
    expect(committed.get("order-events/0")).toBe(2);
  });

  test("one order that the store cannot hold does not stop the others of its batch", async () => {
    const { store, sink, committed } = await openBench((inner) => ({
      load: (ids) => inner.load(ids),
      save: (changes) =>
        changes.some(({ order }) => order.orderId === "POISON")
          ? Promise.reject(new Error("surprise"))
          : inner.save(changes),
    }));
    sink.onRecords([
      record(0, create("A")),
      record(1, create("POISON")),
      record(2, create("B")),
      record(3, create("C")),
    ]);
    await settle();
    expect(await store.count()).toBe(3);
    expect(committed.get("order-events/0")).toBe(1);
  });

  test("a revoke waits for the running write, commits it, and takes nothing more of that partition", async () => {
    const saving = Promise.withResolvers<void>();
    const { store, sink, committed } = await openBench((inner) => ({
      load: (ids) => inner.load(ids),
      save: async (changes) => {
        await saving.promise;
        return inner.save(changes);
      },
    }));
    sink.onRecords([record(0, create("A"))]);
    await settle();
    sink.onRecords([record(1, create("B")), record(0, create("OTHER"), 1)]);
    const revoked = sink.onRevoked([{ topic, partition: 0 }]);
    sink.onRecords([record(2, create("C"))]);
    saving.resolve();
    await revoked;
    expect(committed.get("order-events/0")).toBe(1);
    await settle();
    expect((await store.list({ limit: 10 })).map(({ orderId }) => orderId)).toEqual(["A", "OTHER"]);
  });

  test("a revoke does not wait for a store that is away", async () => {
    const { sink, committed } = await openBench(() => ({
      load: () => Promise.reject(new StoreUnavailable("gone")),
      save: () => Promise.reject(new StoreUnavailable("gone")),
    }));
    sink.onRecords([record(0, create("A")), record(0, create("B"), 1)]);
    await settle();
    await sink.onRevoked([{ topic, partition: 0 }]);
    expect(committed.size).toBe(0);
  });

  test("pauses when too much is in memory and resumes when there is room", async () => {
    const saving = Promise.withResolvers<void>();
    const { sink, pauses, store } = await openBench((inner) => ({
      load: (ids) => inner.load(ids),
      save: async (changes) => {
        await saving.promise;
        return inner.save(changes);
      },
    }));
    sink.onRecords(Array.from({ length: 60 }, (_, offset) => record(offset, create(`O${offset}`))));
    await settle();
    expect(pauses).toEqual(["pause order-events/0", "pause order-events/1"]);
    saving.resolve();
    await settle();
    expect(pauses.slice(2)).toEqual(["resume order-events/0", "resume order-events/1"]);
    expect(await store.count()).toBe(60);
  });
});
