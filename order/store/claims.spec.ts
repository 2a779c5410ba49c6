// What every order store promises about claims: who may write for a source, and what a redelivery finds.
import { describe, expect, test } from "bun:test";
import {
  batchOf,
  conflictsOf,
  createOrder,
  rejectionOf,
  type StorePlace,
  updatedOrder,
} from "./order-store-fixtures.ts";
import { claimOne, parkedRecord, progressOf, source, waitingUntil } from "./parked-record-fixtures.ts";
import { describeInterleavings } from "./interleavings.spec.ts";
import { openInstances } from "./store-instances.ts";

export function describeClaims(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`claims in ${name}`, () => {
    const instances = openInstances(createPlace);

    test("a source that nobody has had begins at epoch 1 with no progress and nothing parked", async () => {
      expect(await instances.store.claim(["b/0", "a/1", "b/0"])).toEqual([
        { source: "a/1", epoch: 1, nextOffset: null, parked: [] },
        { source: "b/0", epoch: 1, nextOffset: null, parked: [] },
      ]);
      expect(await instances.store.claim([])).toEqual([]);
    });

    test("each claim is newer than the ones before, of its source alone", async () => {
      const { store, neighbour } = instances;
      await store.claim(["a/0", "b/0"]);
      expect((await neighbour.claim(["a/0"]))[0]?.epoch).toBe(2);
      expect((await store.claim(["b/0", "a/0"])).map(({ epoch }) => epoch)).toEqual([3, 2]);
    });

    test("progress is stored with the batch, and a claim answers it", async () => {
      const { store, neighbour } = instances;
      const claim = await claimOne(store);
      const batch = batchOf({ progress: [progressOf(claim, 17)], changes: [createOrder("a")] });
      expect(await store.save(batch)).toEqual({ kind: "saved" });
      expect(await claimOne(neighbour)).toMatchObject({ epoch: 2, nextOffset: 17 });
    });

    test("progress is read without a claim, of the sources that have some", async () => {
      const { store, neighbour } = instances;
      const claim = await claimOne(store);
      expect(await neighbour.readProgress([claim.source])).toEqual(new Map());
      await store.save(batchOf({ progress: [progressOf(claim, 17)] }));
      expect(await neighbour.readProgress([claim.source, "never/1", claim.source])).toEqual(
        new Map([[claim.source, 17]]),
      );
      expect(await neighbour.readProgress([])).toEqual(new Map());
      expect(await store.save(batchOf({ progress: [progressOf(claim, 18)] }))).toEqual({ kind: "saved" });
    });

    test("progress never goes back, and a batch without new records leaves it where it is", async () => {
      const { store } = instances;
      const claim = await claimOne(store);
      for (const [nextOffset, after] of [
        [null, null],
        [0, 0],
        [9, 9],
        [4, 9],
        [null, 9],
        [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
      ] as const) {
        const latest = await claimOne(store);
        await store.save(batchOf({ progress: [progressOf(latest, nextOffset)] }));
        expect((await claimOne(store)).nextOffset).toBe(after);
      }
      expect(claim.nextOffset).toBeNull();
    });

    test("whoever held a source before can write nothing for it: no order, no record, no progress", async () => {
      const { store, neighbour } = instances;
      const old = await claimOne(store);
      const record = parkedRecord(1);
      await store.save(
        batchOf({ progress: [progressOf(old, 2)], changes: [createOrder("a")], park: [record] }),
      );
      const current = await claimOne(neighbour);
      const late = batchOf({
        progress: [progressOf(old, 9)],
        changes: [createOrder("b"), updatedOrder("a", 1, "late")],
        park: [parkedRecord(2)],
        repark: [{ ...record, ...waitingUntil(5) }],
      });
      expect(await store.save(late)).toEqual({ kind: "fenced", sources: [source] });
      const removal = batchOf({ progress: [progressOf(old)], unpark: [record] });
      expect(await store.save(removal)).toEqual({ kind: "fenced", sources: [source] });

      expect((await store.list({ limit: 9 })).map(({ orderId, status }) => [orderId, status])).toEqual([
        ["a", "new"],
      ]);
      expect(await store.listParked({ limit: 9 })).toEqual([record]);
      expect(await store.countParked()).toEqual({ waiting: 1, behind: 0, dead: 0 });
      expect(await store.count()).toBe(1);
      expect(await neighbour.save({ ...late, progress: [progressOf(current, 9)] })).toEqual({
        kind: "saved",
      });
    });

    test("one source that was taken refuses the whole batch, and only that source is named", async () => {
      const { store, neighbour } = instances;
      const claims = await store.claim(["a/0", "b/0", "c/0", "never/0"]);
      await neighbour.claim(["b/0", "c/0"]);
      const progress = claims.map((claim) => progressOf(claim, 5));
      const unknown = { source: "unknown/0", epoch: 1, nextOffset: 5 };
      const outcome = await store.save(
        batchOf({ progress: [...progress, unknown], changes: [createOrder("x")] }),
      );
      expect(outcome).toEqual({ kind: "fenced", sources: ["b/0", "c/0", "unknown/0"] });
      expect((await store.claim(["a/0"]))[0]?.nextOffset).toBeNull();
      expect(await store.count()).toBe(0);
    });

    test("a conflict moves no progress and touches no parked record", async () => {
      const { store } = instances;
      const claim = await claimOne(store);
      await store.save(batchOf({ changes: [createOrder("a")] }));
      const record = parkedRecord(1);
      await store.save(batchOf({ progress: [progressOf(claim, 2)], park: [record] }));
      for (const change of [createOrder("a"), updatedOrder("a", 4, "x")]) {
        const outcome = await store.save(
          batchOf({
            progress: [progressOf(claim, 9)],
            changes: [change, createOrder("b")],
            park: [parkedRecord(2)],
            unpark: [record],
          }),
        );
        expect(conflictsOf(outcome)).toEqual(["a"]);
      }
      expect((await claimOne(store)).nextOffset).toBe(2);
      expect(await store.listParked({ limit: 9 })).toEqual([record]);
      expect(await store.countParked()).toEqual({ waiting: 1, behind: 0, dead: 0 });
    });

    test("of instances that race for a source the last one to claim it can write, and no other", async () => {
      const { store, neighbour } = instances;
      const claims = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => {
          const owner = index % 2 === 0 ? store : neighbour;
          const claim = await claimOne(owner);
          return { owner, claim };
        }),
      );
      expect(claims.map(({ claim }) => claim.epoch).sort((left, right) => left - right)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      const outcomes = await Promise.all(
        claims.map(async ({ owner, claim }) => ({
          epoch: claim.epoch,
          outcome: await owner.save(
            batchOf({
              progress: [progressOf(claim, claim.epoch)],
              changes: [createOrder(`by-${claim.epoch}`)],
            }),
          ),
        })),
      );
      expect(outcomes.filter(({ outcome }) => outcome.kind === "saved").map(({ epoch }) => epoch)).toEqual([
        20,
      ]);
      expect((await store.list({ limit: 30 })).map(({ orderId }) => orderId)).toEqual(["by-20"]);
    });

    test("instances that claim many sources in different orders do not lock each other out", async () => {
      const { store, neighbour } = instances;
      const sources = Array.from({ length: 30 }, (_, partition) => `order-events/${partition}`);
      await Promise.all(
        Array.from({ length: 10 }, async (_, round) => {
          const owner = round % 2 === 0 ? store : neighbour;
          const claims = await owner.claim(round % 2 === 0 ? sources : sources.toReversed());
          await owner.save(
            batchOf({ progress: claims.toReversed().map((claim) => progressOf(claim, round)) }),
          );
        }),
      );
      expect((await store.claim(sources)).every(({ epoch }) => epoch === 11)).toBe(true);
    });

    test("what only a bug can ask for is refused by name, and writes nothing", async () => {
      const { store } = instances;
      const claim = await claimOne(store);
      const progress = [progressOf(claim, 1)];
      const record = parkedRecord(1);
      const bugs = [
        [{ progress: [...progress, ...progress] }, "source order-events/0 is twice in one batch"],
        [{ progress, park: [record], unpark: [record] }, "record 1 of order-events/0 is twice in one batch"],
        [{ progress, park: [parkedRecord(1, { source: "other/0" })] }, "other/0, which has no progress"],
        [{ progress: [progressOf(claim, 0.5)] }, "nextOffset of order-events/0 must be an integer"],
        [{ progress, unpark: [{ source, offset: -1 }] }, "must be an integer from 0, got -1"],
      ] as const;
      for (const [parts, message] of bugs) {
        const error = await rejectionOf(store.save(batchOf({ ...parts, changes: [createOrder("a")] })));
        expect(String(error)).toContain(message);
      }
      expect(await store.count()).toBe(0);
      expect((await claimOne(store)).nextOffset).toBeNull();
    });

    describeInterleavings(instances);
  });
}
