import { afterEach, describe, expect, test } from "bun:test";
import type { KafkaRecord, NextOffset } from "../../kafka/record.ts";
import { createLogger } from "../../service/logger.ts";
import type { RecordSink } from "../consumer-group.ts";
import { createBreaker } from "../dead-letters/breaker.ts";
import { decide, type OrderEvent } from "../domain/order.ts";
import { retryPolicies } from "../domain/verdict.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import type { OrderStore } from "../store/order-store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { partitionKey } from "./partition.ts";
import type { Reading, RecordReader } from "./record-reader.ts";
import { createTestClock } from "../../service/test-clock.ts";
import type { ParkedRecord } from "../store/parked-records.ts";
import { simulatedFailure } from "./failures.ts";
import { createWorker, type WorkerOptions } from "./worker.ts";

const topic = "order-events";
const stores: OrderStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

/** Records whose value is the event as JSON, so that these tests say what happens after decoding. */
const reader: RecordReader = {
  read({ value }): Exclude<Reading, { kind: "unresolved-schema" }> {
    const text = value?.toString() ?? "";
    if (!text.startsWith("{")) {
      return { kind: "unreadable", reason: "not_avro_framed", message: "Not an event.", decoded: null };
    }
    const event = JSON.parse(text) as OrderEvent;
    const decoded = { name: event.eventType, event, schemaId: 1 } as unknown as NonNullable<
      Extract<Reading, { kind: "event" }>["decoded"]
    >;
    return { kind: "event", event, eventId: null, decoded };
  },
  resolve: async () => "known",
};

const create = (orderId: string, eventType: OrderEvent["eventType"] = "OrderEvent"): OrderEvent => ({
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
const update = (
  orderId: string,
  status: string,
  eventType: OrderEvent["eventType"] = "OrderEvent",
): OrderEvent => ({ kind: "status", eventType, orderId, status });

function record(offset: number, event: OrderEvent | string, partition = 0): KafkaRecord {
  const value = Buffer.from(typeof event === "string" ? event : JSON.stringify(event));
  const key = Buffer.from(typeof event === "string" ? "key" : event.orderId);
  return { topic, partition, offset, timestampMs: 0, key, value, headers: [] };
}

type WorkerStore = Pick<
  OrderStore,
  "load" | "stage" | "save" | "claim" | "readProgress" | "loadParked" | "listDue"
>;

async function openBench(
  intercept: (store: OrderStore) => Partial<WorkerStore> = () => ({}),
  more: Partial<Pick<WorkerOptions, "simulate" | "reader" | "breaker">> = {},
) {
  const store = await openOrderStore(undefined);
  stores.push(store);
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
async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) {
    for (let step = 0; step < 50; step += 1) await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("the worker", () => {
  test("stores what a batch says and then commits the offset after it", async () => {
    const { store, sink, committed } = await openBench();
    sink.onRecords([record(7, create("A")), record(8, create("B")), record(9, update("A", "shipped"))]);
    await settle();
    expect(await store.readDetails("A")).toMatchObject({ status: "shipped", version: 2 });
    expect(committed.get("order-events/0")).toBe(10);
  });

  test("never commits before the store has the events", async () => {
    const saving = Promise.withResolvers<void>();
    const { sink, committed, store } = await openBench((inner) => ({
      save: async (batch) => {
        await saving.promise;
        return inner.save(batch);
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

  test("decides a full next batch while the one before is being written, on what that one will have done", async () => {
    const asked: string[] = [];
    const first = Promise.withResolvers<void>();
    const { store, sink, committed } = await openBench((inner) => ({
      load: (ids) => {
        asked.push(`load ${ids.join()}`);
        return inner.load(ids);
      },
      stage: (changes) => {
        asked.push(`stage ${changes.length}`);
        inner.stage(changes);
      },
      save: async (batch) => {
        asked.push(`save to ${batch.progress[0]?.nextOffset}`);
        if (asked.length === 1) await first.promise;
        return inner.save(batch);
      },
    }));
    sink.onRecords(Array.from({ length: 10 }, (_, offset) => record(offset, create(`A${offset}`))));
    await settle();
    sink.onRecords(
      Array.from({ length: 10 }, (_, index) => record(10 + index, update(`A${index}`, "shipped"))),
    );
    await settle();
    expect(asked).toEqual(["save to 10", "stage 10"]);
    expect(committed.size).toBe(0);
    first.resolve();
    await settle();
    expect(asked).toEqual(["save to 10", "stage 10", "save to 20"]);
    expect(await store.readDetails("A9")).toMatchObject({ status: "shipped", version: 2 });
    expect(committed.get("order-events/0")).toBe(20);
  });

  test("decides nothing ahead of time on a batch that another instance's writing has changed", async () => {
    const first = Promise.withResolvers<void>();
    let saves = 0;
    const { store, sink, letters } = await openBench((inner) => ({
      save: async (batch) => {
        saves += 1;
        if (saves === 1) await first.promise;
        return inner.save(batch);
      },
    }));
    sink.onRecords(Array.from({ length: 10 }, (_, offset) => record(offset, create(`A${offset}`))));
    await settle();
    sink.onRecords(
      Array.from({ length: 10 }, (_, index) => record(10 + index, update(`A${index}`, "shipped"))),
    );
    await settle();
    const origin = { topic, partition: 1, offset: 0, eventId: null };
    const decision = decide(undefined, create("A0"), { ...origin, source: "order-events/1" });
    if (decision.kind !== "apply" || !("items" in decision.order)) throw new Error(decision.kind);
    const changes = [{ order: decision.order, expectedVersion: 0 }];
    await store.save({ progress: [], changes, park: [], repark: [], unpark: [] });
    first.resolve();
    await settle();
    expect(letters.map(({ offset }) => offset)).toEqual([0]);
    for (const index of [0, 9]) {
      expect(await store.readDetails(`A${index}`)).toMatchObject({ status: "shipped", version: 2 });
    }
  });

  test("keeps records behind those that the breaker put back while they were already taken for the next batch", async () => {
    const first = Promise.withResolvers<void>();
    let saves = 0;
    let isBad = false;
    const failure = { ...simulatedFailure("Order"), reason: "processing_error" };
    const { store, sink, letters, clock } = await openBench(
      (inner) => ({
        save: async (batch) => {
          saves += 1;
          if (saves === 1) await first.promise;
          return inner.save(batch);
        },
      }),
      {
        breaker: createBreaker({ maxFailedKeys: 2 }),
        simulate: ({ lane }) => (isBad && ["A1", "A2"].includes(lane) ? failure : undefined),
      },
    );
    sink.onRecords(Array.from({ length: 10 }, (_, offset) => record(offset, create(`A${offset}`, "Order"))));
    await settle();
    sink.onRecords(
      Array.from({ length: 10 }, (_, index) => record(10 + index, update(`A${index}`, "shipped"))),
    );
    await settle();
    // Another instance's writing makes the batch be decided once more, and then it fails.
    const origin = { topic, partition: 1, offset: 0, eventId: null };
    const decision = decide(undefined, create("A0"), { ...origin, source: "order-events/1" });
    if (decision.kind !== "apply") throw new Error(decision.kind);
    const changes = [{ order: decision.order, expectedVersion: 0 }];
    await store.save({ progress: [], changes, park: [], repark: [], unpark: [] });
    isBad = true;
    first.resolve();
    await settle();
    isBad = false;
    for (let round = 0; round < 20; round += 1) {
      clock.advance(3000);
      await settle();
    }
    for (let index = 1; index < 10; index += 1) {
      expect(await store.readDetails(`A${index}`)).toMatchObject({ status: "shipped", version: 2 });
    }
    // The create that came second.
    expect(letters.filter(({ offset }) => offset !== 0)).toEqual([]);
  });

  test("commits what is stored while the next batch waits for the registry", async () => {
    const [first, registry] = [Promise.withResolvers<void>(), Promise.withResolvers<"known">()];
    let isKnown = false;
    const { store, sink, committed } = await openBench(
      (inner) => ({
        save: async (batch) => {
          await first.promise;
          return inner.save(batch);
        },
      }),
      {
        reader: {
          read: (read) =>
            isKnown || read.offset < 10 ? reader.read(read) : { kind: "unresolved-schema", schemaId: 7 },
          resolve: () => registry.promise,
        },
      },
    );
    sink.onRecords(Array.from({ length: 10 }, (_, offset) => record(offset, create(`A${offset}`))));
    await settle();
    sink.onRecords(Array.from({ length: 10 }, (_, index) => record(10 + index, create(`B${index}`))));
    await settle();
    first.resolve();
    await settle();
    expect(committed.get("order-events/0")).toBe(10);
    isKnown = true;
    registry.resolve("known");
    await settle();
    expect(committed.get("order-events/0")).toBe(20);
    expect(await store.count()).toBe(20);
  });

  test("dead-letters a failure of system B at once, and commits past it only when the broker has the letter", async () => {
    const { store, sink, committed, letters, acknowledge } = await openBench();
    sink.onRecords([record(0, create("A")), record(1, create("A")), record(2, update("A", "shipped"))]);
    await settle();
    expect(await store.readDetails("A")).toMatchObject({ status: "shipped" });
    expect(letters.map(({ offset, death }) => [offset, death?.category])).toEqual([[1, "NO_RETRY_DLQ"]]);
    expect(committed.get("order-events/0")).toBe(1);
    acknowledge();
    await settle();
    expect(committed.get("order-events/0")).toBe(3);
    expect(await store.countParked()).toEqual({ waiting: 0, behind: 0, dead: 0 });
  });

  test("retries a failure of system A after 1 s, 2 s and 4 s, never early, and then dead-letters it", async () => {
    const { sink, clock, letters, committed, acknowledge } = await openBench();
    sink.onRecords([record(0, update("NOBODY", "shipped", "Order"))]);
    await settle();
    // Parked in the store, so its offset is not held back.
    expect(committed.get("order-events/0")).toBe(1);
    for (const waitMs of [1000, 2000, 4000]) {
      expect(letters).toEqual([]);
      clock.advance(waitMs - 1);
      await settle();
      expect(letters).toEqual([]);
      clock.advance(1);
      await settle();
    }
    expect(letters.map(({ attempts }) => attempts.map(({ attempt }) => attempt))).toEqual([[1, 2, 3, 4]]);
    const failedAt = letters[0]?.attempts.map(({ failedAtMs }) => failedAtMs) ?? [];
    expect(failedAt.slice(1).map((at, index) => at - (failedAt[index] ?? 0))).toEqual([1000, 2000, 4000]);
    acknowledge();
  });

  test("keeps the later events of a retrying order behind it while other orders of its partition go on", async () => {
    const { store, sink, clock, letters } = await openBench();
    sink.onRecords([
      record(0, create("A", "Order")),
      record(1, create("A", "Order")),
      record(2, update("A", "shipped")),
    ]);
    await settle();
    sink.onRecords([record(3, update("A", "delivered")), record(4, create("B"))]);
    await settle();
    expect((await store.readDetails("A"))?.status).toBe("new");
    expect(await store.readDetails("B")).toMatchObject({ status: "new" });
    for (const waitMs of [1000, 2000, 4000]) {
      clock.advance(waitMs);
      await settle();
    }
    expect(letters.map(({ offset }) => offset)).toEqual([1]);
    expect(await store.readDetails("A")).toMatchObject({ status: "delivered", version: 3 });
  });

  test("applies an update that overtook its create on another topic when its retry finds the order", async () => {
    const { store, sink, clock, letters, join } = await openBench();
    const updates = join();
    updates.onAssigned([{ topic: "order-status-updates", partition: 0 }]);
    updates.onRecords([
      { ...record(5, update("A", "shipped", "OrderStatusUpdate")), topic: "order-status-updates" },
    ]);
    await settle();
    sink.onRecords([record(0, create("A", "Order"))]);
    await settle();
    expect((await store.readDetails("A"))?.status).toBe("new");
    clock.advance(1000);
    await settle();
    expect((await store.readDetails("A"))?.status).toBe("shipped");
    expect(letters).toEqual([]);
    expect(await store.countParked()).toEqual({ waiting: 0, behind: 0, dead: 0 });
  });

  test("parked records and their attempts survive the worker, and the next owner carries on", async () => {
    const { sink, clock, letters, join, openWorker } = await openBench();
    sink.onRecords([record(0, create("TEST-FAIL-1", "Order"))]);
    await settle();
    clock.advance(1000);
    await settle();
    sink.onLost([{ topic, partition: 0 }]);
    const next = join(openWorker());
    next.onAssigned([{ topic, partition: 0 }]);
    await settle();
    clock.advance(2000);
    await settle();
    clock.advance(4000);
    await settle();
    expect(letters.map(({ attempts }) => attempts.map(({ attempt }) => attempt))).toEqual([[1, 2, 3, 4]]);
    expect(
      letters[0]?.attempts.every(({ errorMessage }) => errorMessage === "Simulated processing failure"),
    ).toBe(true);
  });

  test("a dead letter that was not acknowledged before a crash is published by the next owner, without a second attempt", async () => {
    const { sink, letters, join, openWorker } = await openBench();
    const records = [record(0, create("A")), record(1, create("A"))];
    sink.onRecords(records);
    await settle();
    letters.splice(0);
    sink.onLost([{ topic, partition: 0 }]);
    const next = join(openWorker());
    next.onAssigned([{ topic, partition: 0 }]);
    next.onRecords(records);
    await settle();
    expect(letters.map(({ offset, attempts }) => [offset, attempts.length])).toEqual([[1, 1]]);
  });

  test("the next owner reads on where the store has got to, whatever the broker knows, and commits that", async () => {
    const { sink, committed, letters, join, openWorker } = await openBench();
    expect(await sink.startAt?.([{ topic, partition: 0 }])).toEqual([]);
    sink.onRecords([record(0, create("A")), record(1, create("A")), record(2, create("B"))]);
    await settle();
    expect(committed.get("order-events/0")).toBe(1);
    letters.splice(0);
    sink.onLost([{ topic, partition: 0 }]);
    const heir = openWorker();
    const next = join(heir);
    expect(await next.startAt?.([{ topic, partition: 0 }])).toEqual([{ topic, partition: 0, nextOffset: 3 }]);
    next.onAssigned([{ topic, partition: 0 }]);
    await settle();
    expect(committed.get("order-events/0")).toBe(1);
    heir.onPublished(letters);
    await settle();
    expect(committed.get("order-events/0")).toBe(3);
  });

  test("a record that cannot be read is one dead letter, and the next record goes on", async () => {
    const { sink, store, letters } = await openBench();
    sink.onRecords([record(0, create("A")), record(1, "poison"), record(2, create("B"))]);
    await settle();
    expect(await store.count()).toBe(2);
    expect(letters.map(({ offset, death }) => [offset, death?.reason])).toEqual([[1, "not_avro_framed"]]);
    expect(letters[0]?.original.value?.toString()).toBe("poison");
  });

  test("delivering everything again, from anywhere, has no second effect and makes no second letter", async () => {
    const { store, sink, letters, acknowledge } = await openBench();
    const records = [
      record(0, create("A")),
      record(1, create("A")),
      record(2, update("A", "shipped")),
      record(3, update("B", "too early")),
      record(4, create("B")),
    ];
    sink.onRecords(records);
    await settle();
    expect(letters).toHaveLength(2);
    acknowledge();
    await settle();
    for (const from of [0, 1, 3]) {
      sink.onLost([{ topic, partition: 0 }]);
      sink.onAssigned([{ topic, partition: 0 }]);
      sink.onRecords(records.slice(from));
      await settle();
    }
    expect(letters).toEqual([]);
    expect(await store.readDetails("A")).toMatchObject({ status: "shipped", version: 2 });
    expect(await store.readDetails("B")).toMatchObject({ status: "new", version: 1 });
  });

  test("a worker that was overtaken writes nothing any more", async () => {
    const { store, sink, join, openWorker, committed } = await openBench();
    sink.onRecords([record(0, create("A"))]);
    await settle();
    const next = join(openWorker());
    next.onAssigned([{ topic, partition: 0 }]);
    await settle();
    sink.onRecords([record(1, create("B"))]);
    await settle();
    expect(await store.count()).toBe(1);
    expect(committed.get("order-events/0")).toBe(1);
    next.onRecords([record(1, create("B"))]);
    await settle();
    expect(await store.count()).toBe(2);
  });

  test("waits while the store is away, burns no attempt, and says what it waits for", async () => {
    let away = true;
    const { store, sink, clock, committed, worker, letters } = await openBench((inner) => ({
      save: (batch) => (away ? Promise.reject(new StoreUnavailable("gone")) : inner.save(batch)),
    }));
    sink.onRecords([record(0, create("A")), record(1, update("NOBODY", "x", "Order"))]);
    for (let round = 0; round < 10; round += 1) {
      await settle();
      clock.advance(5000);
    }
    expect(worker.state.waitingFor).toBe("the store");
    expect(committed.size).toBe(0);
    away = false;
    clock.advance(5000);
    await settle();
    expect(worker.state.waitingFor).toBeUndefined();
    expect(await store.count()).toBe(1);
    expect((await store.listParked({ limit: 10 })).map(({ attempts }) => attempts.length)).toEqual([1]);
    expect(letters).toEqual([]);
    expect(committed.get("order-events/0")).toBe(2);
  });

  test("a store that cannot take a whole batch in its time gets smaller ones", async () => {
    const { store, sink, clock, committed } = await openBench((inner) => ({
      save: (batch) =>
        batch.changes.length > 3 ? Promise.reject(new StoreUnavailable("too slow")) : inner.save(batch),
    }));
    sink.onRecords(Array.from({ length: 20 }, (_, offset) => record(offset, create(`O${offset}`))));
    for (let round = 0; round < 30; round += 1) {
      await settle();
      clock.advance(5000);
    }
    expect(await store.count()).toBe(20);
    expect(committed.get("order-events/0")).toBe(20);
  });

  test("a commit that got lost after the store had the batch has no second effect", async () => {
    let losing = true;
    const { store, sink, clock, committed, letters, acknowledge } = await openBench((inner) => ({
      save: async (batch) => {
        const saved = await inner.save(batch);
        if (!losing) return saved;
        losing = false;
        throw new StoreUnavailable("the connection went during COMMIT");
      },
    }));
    sink.onRecords([record(0, create("A")), record(1, update("A", "shipped")), record(2, create("A"))]);
    await settle();
    clock.advance(5000);
    await settle();
    expect(await store.readDetails("A")).toMatchObject({ status: "shipped", version: 2 });
    expect(letters.map(({ offset, attempts }) => [offset, attempts.length])).toEqual([[2, 1]]);
    expect(committed.get("order-events/0")).toBeUndefined();
    acknowledge();
    await settle();
    expect(committed.get("order-events/0")).toBe(3);
  });

  test("one order that the store cannot hold fails alone, with what the store said", async () => {
    const { store, sink } = await openBench((inner) => ({
      save: (batch) =>
        batch.changes.some(({ order }) => order.orderId === "POISON")
          ? Promise.reject(new Error("surprise"))
          : inner.save(batch),
    }));
    sink.onRecords([
      record(0, create("A")),
      record(1, create("POISON")),
      record(2, create("B")),
      record(3, create("C")),
    ]);
    await settle();
    expect(await store.count()).toBe(3);
    const parked = await store.listParked({ limit: 10 });
    expect(parked.map(({ lane, state, attempts }) => [lane, state, attempts[0]?.errorMessage])).toEqual([
      ["POISON", "waiting", "surprise"],
    ]);
  });

  test("the same surprise on many orders opens the breaker, which neither burns attempts nor fills the DLQ", async () => {
    let broken = true;
    const { store, sink, clock, worker, letters } = await openBench((inner) => ({
      save: (batch) =>
        broken && batch.changes.length > 0 ? Promise.reject(new Error("bad deploy")) : inner.save(batch),
    }));
    sink.onRecords(Array.from({ length: 30 }, (_, offset) => record(offset, create(`O${offset}`))));
    for (let round = 0; round < 20; round += 1) {
      await settle();
      clock.advance(3000);
    }
    expect(worker.state.breaker.state).toBe("open");
    expect(letters).toEqual([]);
    const attempts = (await store.listParked({ limit: 100 })).map((parked) => parked.attempts.length);
    // Twenty opened it; in a minute there are six probes, each a new record.
    expect(attempts.length).toBeLessThanOrEqual(26);
    expect(Math.max(...attempts)).toBeLessThanOrEqual(2);
    broken = false;
    for (let round = 0; round < 40; round += 1) {
      clock.advance(5000);
      await settle();
    }
    expect(worker.state.breaker.state).toBe("closed");
    expect(await store.count()).toBe(30);
    expect(letters).toEqual([]);
  });

  test("orders that will always fail cannot keep the breaker open: others are tried before them", async () => {
    const { store, sink, clock, worker } = await openBench((inner) => ({
      save: (batch) =>
        batch.changes.some(({ order }) => order.orderId.startsWith("POISON"))
          ? Promise.reject(new Error("cannot be stored"))
          : inner.save(batch),
    }));
    sink.onRecords(Array.from({ length: 22 }, (_, offset) => record(offset, create(`POISON-${offset}`))));
    await settle();
    expect(worker.state.breaker.state).toBe("open");
    sink.onRecords(Array.from({ length: 5 }, (_, index) => record(22 + index, create(`GOOD-${index}`))));
    for (let round = 0; round < 40; round += 1) {
      clock.advance(5000);
      await settle();
    }
    expect(await store.count()).toBe(5);
  });

  test("an operator can retry a parked event now, and can end it", async () => {
    const { store, sink, worker, letters } = await openBench();
    sink.onRecords([record(0, update("A", "x", "Order")), record(1, update("B", "x", "Order"))]);
    await settle();
    sink.onRecords([{ ...record(0, create("A")), partition: 1 }]);
    await settle();
    expect(await store.retryNow({ source: "order-events/0", offset: 0 }, 1_000_000)).toBe(true);
    expect(await store.orderDeath({ source: "order-events/0", offset: 1 })).toBe(true);
    worker.poke();
    await settle();
    expect((await store.readDetails("A"))?.status).toBe("x");
    expect(letters.map(({ lane, death }) => [lane, death?.reason])).toEqual([["B", "operator_request"]]);
  });

  test("a revoke waits for the running write, commits it, and takes nothing more of that partition", async () => {
    const saving = Promise.withResolvers<void>();
    const { store, sink, committed } = await openBench((inner) => ({
      save: async (batch) => {
        await saving.promise;
        return inner.save(batch);
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
      save: async (batch) => {
        await saving.promise;
        return inner.save(batch);
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

describe("a partition that is sent on by order", () => {
  const stalled = { topic, partition: 0 };

  test("goes on at the new offset in the store and at the broker, whoever owns it next", async () => {
    const { store, sink, worker, committed } = await openBench();
    sink.onRecords([record(7, create("A"))]);
    await settle();
    expect(await worker.skipTo(stalled, 20)).toBe("skipped");
    expect(committed.get("order-events/0")).toBe(20);
    const [claim] = await store.claim(["order-events/0"]);
    expect(claim?.nextOffset).toBe(20);
  });

  test("applies what comes from the new offset on, and nothing of what was skipped", async () => {
    const { store, sink, worker, committed } = await openBench();
    sink.onRecords([record(7, create("A"))]);
    await settle();
    await worker.skipTo(stalled, 20);
    sink.onRecords([record(19, create("SKIPPED")), record(20, create("B"))]);
    await settle();
    expect((await store.list({ limit: 10 })).map(({ orderId }) => orderId)).toEqual(["A", "B"]);
    expect(committed.get("order-events/0")).toBe(21);
  });

  test("leaves the other partitions alone", async () => {
    const { store, sink, worker, committed } = await openBench();
    await worker.skipTo(stalled, 20);
    sink.onRecords([record(3, create("OTHER"), 1)]);
    await settle();
    expect(await store.count()).toBe(1);
    expect(Object.fromEntries(committed)).toEqual({ "order-events/0": 20, "order-events/1": 4 });
  });

  test("never goes back, when the store was further already", async () => {
    const { store, sink, worker, committed } = await openBench();
    await worker.skipTo(stalled, 20);
    expect(await worker.skipTo(stalled, 15)).toBe("skipped");
    sink.onRecords([record(16, create("SKIPPED"))]);
    await settle();
    expect(await store.count()).toBe(0);
    expect(committed.get("order-events/0")).toBe(20);
  });

  test("stays where it is while a dead letter before the gap is not acknowledged", async () => {
    const { sink, worker, committed, acknowledge, store } = await openBench();
    sink.onRecords([record(0, create("A")), record(1, create("A"))]);
    await settle();
    expect(await worker.skipTo(stalled, 20)).toBe("unsettled");
    expect(committed.get("order-events/0")).toBe(1);
    acknowledge();
    await settle();
    expect(await worker.skipTo(stalled, 20)).toBe("skipped");
    expect(await store.countParked()).toEqual({ waiting: 0, behind: 0, dead: 0 });
  });

  test("stays where it is when it is somebody else's", async () => {
    const { store, sink, worker, committed } = await openBench();
    sink.onRecords([record(0, create("A"))]);
    await settle();
    expect(await worker.skipTo({ topic, partition: 9 }, 20)).toBe("not ours");
    await store.claim(["order-events/0"]);
    expect(await worker.skipTo(stalled, 20)).toBe("not ours");
    expect(committed.get("order-events/0")).toBe(1);
    await worker.stop();
    expect(await worker.skipTo(stalled, 20)).toBe("not ours");
  });

  test("is told that the store is away, and everything is as it was when it is back", async () => {
    let away = false;
    const { store, sink, worker, committed, clock } = await openBench((inner) => ({
      save: (batch) => (away ? Promise.reject(new StoreUnavailable("gone")) : inner.save(batch)),
    }));
    sink.onRecords([record(0, create("A"))]);
    await settle();
    away = true;
    const skipping = worker.skipTo(stalled, 20).catch((error: unknown) => error);
    await settle();
    expect(await skipping).toBeInstanceOf(StoreUnavailable);
    away = false;
    clock.advance(10_000);
    await settle();
    sink.onRecords([record(1, create("B"))]);
    await settle();
    expect(await store.count()).toBe(2);
    expect(committed.get("order-events/0")).toBe(2);
  });
});
