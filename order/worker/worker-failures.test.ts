// What becomes of events that fail: retries, what waits behind them, dead letters, the breaker.
import { afterEach, describe, expect, test } from "bun:test";
import { closeBenches, create, openBench, record, settle, topic, update } from "./worker-bench.ts";

afterEach(closeBenches);

describe("the worker", () => {
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

  test("a record that cannot be read is one dead letter, and the next record goes on", async () => {
    const { sink, store, letters } = await openBench();
    sink.onRecords([record(0, create("A")), record(1, "poison"), record(2, create("B"))]);
    await settle();
    expect(await store.count()).toBe(2);
    expect(letters.map(({ offset, death }) => [offset, death?.reason])).toEqual([[1, "not_avro_framed"]]);
    expect(letters[0]?.original.value?.toString()).toBe("poison");
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
});
