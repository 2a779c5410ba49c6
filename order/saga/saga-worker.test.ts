import { afterEach, describe, expect, test } from "bun:test";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { type BenchOptions, decisionRecord, openSagaBench, settle, topics } from "./saga-bench.ts";

const anyItems = [{ productId: "P-1", quantity: 1, price: 10 }];
const context = { requestId: "request-1" };
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(options?: BenchOptions) {
  const bench = await openSagaBench(options);
  closing.push(() => bench.close());
  const place = async () => {
    const placed = bench.commands.place({ customerId: "CUST-1", items: anyItems }, context);
    await settle();
    const answer = await placed;
    if (!answer.ok) throw new Error(answer.failure.message);
    return answer.value.orderId;
  };
  return { ...bench, place };
}

describe("the saga worker", () => {
  test("settles an order that it has just placed in one save and no other query, publishes its result straight from memory, and commits after the save", async () => {
    const { place, sink, clock, calls, published, committed } = await open();
    const orderId = await place();
    calls.splice(0);
    sink.onRecords([decisionRecord("payment", 4, orderId), decisionRecord("stock", 9, orderId, "REJECT")]);
    await settle();
    expect(published(topics.orders)).toMatchObject([
      { orderId, status: "NEW", source: null },
      { orderId, status: "ROLLBACK", source: "INVENTORY" },
    ]);
    expect(calls.filter((name) => ["load", "save", "readOutbox"].includes(name))).toEqual(["save"]);
    expect([...committed]).toEqual([]);
    clock.advance(100);
    await settle();
    expect([...committed]).toEqual([
      ["payment-orders/0", 5],
      ["stock-orders/0", 10],
    ]);
  });

  test("commits nothing and dead-letters nothing while the store is away, and settles when it is back", async () => {
    let isAway = false;
    const { place, sink, clock, worker, published, committed } = await open({
      intercept: (store) => ({
        async save(write) {
          if (isAway) throw new StoreUnavailable("away");
          return store.save(write);
        },
      }),
    });
    const orderId = await place();
    isAway = true;
    sink.onRecords([decisionRecord("payment", 0, orderId), decisionRecord("stock", 0, orderId)]);
    for (let second = 0; second < 8; second += 1) {
      clock.advance(1000);
      await settle();
    }
    expect(worker.waitingFor).toBe("the store");
    expect(committed.size).toBe(0);
    isAway = false;
    clock.advance(5000);
    await settle();
    expect(worker.waitingFor).toBeUndefined();
    expect(published(topics.orders).map(({ status }) => status)).toEqual(["NEW", "CONFIRMED"]);
    expect(published(topics.dlq)).toEqual([]);
  });

  test("decides again when another instance has changed the saga since it was loaded", async () => {
    let meanwhile: (() => Promise<unknown>) | undefined;
    const { place, sink, store, published } = await open({
      intercept: (store) => ({
        async save(write) {
          const first = meanwhile;
          meanwhile = undefined;
          await first?.();
          return store.save(write);
        },
      }),
    });
    const orderId = await place();
    meanwhile = async () => {
      const saga = await store.read(orderId);
      if (saga === undefined) throw new Error("it is not there");
      const changes = [{ saga: { ...saga, version: saga.version + 1 }, expectedVersion: saga.version }];
      await store.save({ progress: [], changes, messages: [], outbox: "instance-2" });
    };
    sink.onRecords([decisionRecord("payment", 0, orderId), decisionRecord("stock", 0, orderId)]);
    await settle();
    expect(published(topics.orders).map(({ status }) => status)).toEqual(["NEW", "CONFIRMED"]);
    expect(await store.read(orderId)).toMatchObject({ status: "CONFIRMED", version: 4 });
  });

  test("does nothing a second time for records that the store has, whatever the broker says", async () => {
    const { place, sink, published, store } = await open();
    const orderId = await place();
    const records = [decisionRecord("payment", 0, orderId), decisionRecord("stock", 0, orderId)];
    sink.onRecords(records);
    await settle();
    const before = await store.read(orderId);
    sink.onAssigned([
      { topic: topics.payment, partition: 0 },
      { topic: topics.stock, partition: 0 },
    ]);
    sink.onRecords(records);
    await settle();
    expect(await store.read(orderId)).toEqual(before);
    expect(published(topics.orders)).toHaveLength(2);
  });

  test("writes nothing for a partition that another worker has claimed, until it is told that it owns it", async () => {
    const { place, sink, store, clock, committed, published } = await open();
    const orderId = await place();
    sink.onRecords([decisionRecord("payment", 0, orderId)]);
    await settle();
    await store.claim(["stock-orders/0"]);
    sink.onRecords([decisionRecord("stock", 0, orderId)]);
    await settle();
    expect(committed.get("stock-orders/0")).toBeUndefined();
    expect(published(topics.orders)).toHaveLength(1);
    sink.onLost([{ topic: topics.stock, partition: 0 }]);
    clock.advance(1000);
    await settle();
    expect(committed.get("stock-orders/0")).toBeUndefined();
  });

  test("lets go of partitions when its last save is certain", async () => {
    const saving = Promise.withResolvers<void>();
    let isSlow = false;
    const { place, sink, committed } = await open({
      intercept: (store) => ({
        async save(write) {
          if (isSlow) await saving.promise;
          return store.save(write);
        },
      }),
    });
    const orderId = await place();
    isSlow = true;
    sink.onRecords([decisionRecord("payment", 0, orderId)]);
    await settle();
    let isDone = false;
    const revoked = sink.onRevoked([{ topic: topics.payment, partition: 0 }]).then(() => (isDone = true));
    await settle();
    expect(isDone).toBe(false);
    saving.resolve();
    await revoked;
    expect(committed.get("payment-orders/0")).toBe(1);
  });
});

describe("an order to skip what cannot be read", () => {
  test("moves the store's progress and the committed offset past it, once everything before is settled", async () => {
    const { place, sink, worker, committed, store } = await open();
    const orderId = await place();
    const partition = { topic: topics.payment, partition: 0 };
    sink.onRecords([decisionRecord("payment", 4, orderId)]);
    await settle();
    expect(worker.owns(partition)).toBe(true);
    const skipped = worker.skipTo(partition, 40);
    await settle();
    expect(await skipped).toBe("skipped");
    expect(committed.get("payment-orders/0")).toBe(40);
    expect(await store.claim(["payment-orders/0"])).toMatchObject([{ nextOffset: 40 }]);
    expect(await worker.skipTo({ topic: topics.payment, partition: 7 }, 1)).toBe("not ours");
  });
});

describe("deadlines", () => {
  test("end a decision's waiting when the window has closed on a quiet topic, not before, with its bytes", async () => {
    const { place, sink, clock, published, store } = await open();
    const orderId = await place();
    const record = decisionRecord("payment", 0, orderId);
    sink.onRecords([record]);
    await settle();
    clock.advance(9_900);
    await settle();
    expect(published(topics.dlq)).toEqual([]);
    clock.advance(300);
    await settle();
    const [letter, ...more] = published(topics.dlq);
    expect(more).toEqual([]);
    expect(letter).toMatchObject({ reasonCode: "partner_missing", originalOffset: 0, consumerGroup: "saga" });
    expect(Buffer.from(letter.originalValue.data)).toEqual(Buffer.from(String(record.value)));
    expect(await store.read(orderId)).toMatchObject({ status: "NEW", payment: { state: "expired" } });
  });

  test("wait while the store is away, and are kept afterwards", async () => {
    let isAway = false;
    const { place, sink, clock, published } = await open({
      intercept: (store) => ({
        async listDue(nowMs, limit) {
          if (isAway) throw new StoreUnavailable("away");
          return store.listDue(nowMs, limit);
        },
      }),
    });
    const orderId = await place();
    sink.onRecords([decisionRecord("stock", 0, orderId)]);
    await settle();
    isAway = true;
    clock.advance(20_000);
    await settle();
    expect(published(topics.dlq)).toEqual([]);
    isAway = false;
    clock.advance(1100);
    await settle();
    expect(published(topics.dlq)).toMatchObject([{ reasonCode: "partner_missing" }]);
  });

  test("are kept back while so much is unread that the partner may be among it, for a minute at most", async () => {
    let isBehind = true;
    const { place, sink, clock, published } = await open({ isBehind: () => isBehind });
    const pass = async (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        clock.advance(1000);
        await settle();
      }
    };
    const [first, second] = [await place(), await place()];
    sink.onRecords([decisionRecord("stock", 0, first)]);
    await settle();
    await pass(15);
    expect(published(topics.dlq)).toEqual([]);
    isBehind = false;
    await pass(2);
    expect(published(topics.dlq)).toHaveLength(1);
    isBehind = true;
    sink.onRecords([decisionRecord("stock", 1, second)]);
    await settle();
    await pass(59);
    expect(published(topics.dlq)).toHaveLength(1);
    await pass(3);
    expect(published(topics.dlq)).toHaveLength(2);
  });

  test("do nothing about an order that was settled in time", async () => {
    const { place, sink, clock, published } = await open();
    const orderId = await place();
    sink.onRecords([decisionRecord("stock", 0, orderId), decisionRecord("payment", 0, orderId)]);
    await settle();
    clock.advance(30_000);
    await settle();
    expect(published(topics.dlq)).toEqual([]);
    expect(published(topics.orders)).toHaveLength(2);
  });
});
