import { afterEach, describe, expect, test } from "bun:test";
import { createBreaker } from "../dead-letters/breaker.ts";
import { decide } from "../domain/order.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { simulatedFailure } from "./failures.ts";
import { closeBenches, create, openBench, reader, record, settle, topic, update } from "./worker-bench.ts";

afterEach(closeBenches);

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
