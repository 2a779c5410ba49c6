import { afterEach, describe, expect, test } from "bun:test";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { closeBenches, create, openBench, record, settle, topic } from "./worker-bench.ts";

afterEach(closeBenches);

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
