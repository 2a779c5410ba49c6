// What the worker does while the store is away, slow, or has lost an answer.
import { afterEach, describe, expect, test } from "bun:test";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { closeBenches, create, openBench, record, settle, update } from "./worker-bench.ts";

afterEach(closeBenches);

describe("the worker", () => {
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
});
