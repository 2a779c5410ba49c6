// What every order store promises about records that wait.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { batchOf, type StorePlace } from "./order-store-fixtures.ts";
import type { BatchWrite, OrderStore } from "./order-store.ts";
import {
  behind,
  claimOne,
  dead,
  failedAttempt,
  parkedRecord,
  progressOf,
  source,
  waitingUntil,
} from "./parked-record-fixtures.ts";
import type { ParkedRecord } from "./parked-records.ts";
import { anyAttempts, anyDeath, anyEvent, anyOriginal, anyText } from "./record-arbitraries.ts";
import { openInstances } from "./store-instances.ts";

/** Claims what the records belong to and saves. */
async function save(store: OrderStore, parts: Partial<BatchWrite>): Promise<void> {
  const ids = [...(parts.park ?? []), ...(parts.repark ?? []), ...(parts.unpark ?? [])];
  const claims = await store.claim(ids.map((id) => id.source));
  const outcome = await store.save(batchOf({ progress: claims.map((claim) => progressOf(claim)), ...parts }));
  expect(outcome).toEqual({ kind: "saved" });
}

const park = (store: OrderStore, ...records: readonly ParkedRecord[]) => save(store, { park: records });

export function describeParkedRecords(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`parked records in ${name}`, () => {
    const instances = openInstances(createPlace);

    test("a record comes back exactly, whatever its bytes, headers and texts are", async () => {
      const anyParked: fc.Arbitrary<ParkedRecord> = fc.record({
        source: anyText.map((text) => `s${text}`),
        offset: fc.maxSafeNat(),
        lane: anyText,
        groupId: anyText,
        original: anyOriginal,
        event: anyEvent,
        attempts: anyAttempts,
        state: fc.constantFrom("waiting" as const, "behind" as const, "dead" as const),
        dueAtMs: fc.option(fc.maxSafeNat()),
        death: fc.option(anyDeath),
      });
      await fc.assert(
        fc.asyncProperty(anyParked, async (record) => {
          const { store, neighbour } = instances;
          await park(store, record);
          expect(await neighbour.loadParked([record])).toEqual([record]);
          expect(await store.listParked({ limit: 5, orderId: record.lane })).toEqual([record]);
          const { state, dueAtMs, lane, offset } = record;
          expect((await claimOne(store, record.source)).parked).toEqual([
            { source: record.source, offset, lane, state, dueAtMs },
          ]);
          await save(neighbour, { unpark: [record] });
          expect(await store.listParked({ limit: 5 })).toEqual([]);
        }),
        { numRuns: 100 },
      );
    });

    test("no key is not an empty key, a tombstone not an empty value, and headers keep order, repeats and nulls", async () => {
      const { store } = instances;
      const original = (key: Buffer | null, value: Buffer | null) => ({
        ...parkedRecord(0).original,
        key,
        value,
        headers: [
          ["b", null],
          ["__proto__", Buffer.from([0, 255, 128])],
          ["", Buffer.alloc(0)],
          ["a", Buffer.from("1")],
          ["b", Buffer.from("2")],
        ] as const,
      });
      const records = [
        parkedRecord(1, { original: original(null, null) }),
        parkedRecord(2, { original: original(Buffer.alloc(0), Buffer.alloc(0)) }),
        parkedRecord(3, { original: original(Buffer.from([0]), Buffer.alloc(3_000_000, 7)) }),
      ];
      await park(store, ...records);
      expect(await store.loadParked(records)).toEqual(records);
      expect(
        (await store.loadParked(records)).map(({ original }) => [original.key, original.value?.length]),
      ).toEqual([
        [null, undefined],
        [Buffer.alloc(0), 0],
        [Buffer.from([0]), 3_000_000],
      ]);
    });

    test("a batch of large records is parked whole", async () => {
      const { store } = instances;
      const records = Array.from({ length: 12 }, (_, offset) =>
        parkedRecord(offset, {
          original: { ...parkedRecord(offset).original, value: Buffer.alloc(2_000_000, offset) },
        }),
      );
      await park(store, ...records);
      expect(await store.countParked()).toEqual({ waiting: 12, behind: 0, dead: 0 });
      expect(await store.loadParked(records.slice(5, 7))).toEqual(records.slice(5, 7));
    });

    test("a record is parked once: parking it again changes nothing, moving one that has gone neither", async () => {
      const { store } = instances;
      const record = parkedRecord(1);
      await park(store, record);
      await park(store, parkedRecord(1, { lane: "other", ...dead }), parkedRecord(2, behind));
      expect(await store.loadParked([record])).toEqual([record]);
      await save(store, { unpark: [record, { source, offset: 77 }] });
      await save(store, {
        repark: [{ source, offset: 1, ...dead }],
        unpark: [{ source: "other/0", offset: 2 }],
      });
      expect(await store.loadParked([record])).toEqual([]);
      expect(await store.countParked()).toEqual({ waiting: 0, behind: 1, dead: 0 });
    });

    test("a repark changes state, attempts, due time and death, and nothing else", async () => {
      const { store } = instances;
      const record = parkedRecord(1, behind);
      await park(store, record);
      for (const progress of [
        waitingUntil(7),
        { ...waitingUntil(9), attempts: [1, 2].map(failedAttempt) },
        dead,
      ]) {
        await save(store, { repark: [{ source, offset: 1, ...progress }] });
        expect(await store.loadParked([record])).toEqual([{ ...record, ...progress }]);
      }
    });

    test("of many attempts the first and the last ones are kept", async () => {
      const { store } = instances;
      const attempts = Array.from({ length: 50 }, (_, index) => failedAttempt(index + 1));
      await park(store, parkedRecord(1, { attempts }));
      const [record] = await store.loadParked([{ source, offset: 1 }]);
      expect(record?.attempts).toEqual([...attempts.slice(0, 10), ...attempts.slice(-10)]);
    });

    test("a claim answers its source's parked records by offset, and no other source's", async () => {
      const { store, neighbour } = instances;
      await park(store, parkedRecord(30, behind), parkedRecord(4), parkedRecord(200, dead));
      await park(store, parkedRecord(5, { source: "order-events/1" }));
      const { parked } = await claimOne(neighbour);
      expect(parked.map(({ offset, state, dueAtMs, lane }) => [offset, state, dueAtMs, lane])).toEqual([
        [4, "waiting", 1000, "ORD-1"],
        [30, "behind", null, "ORD-1"],
        [200, "dead", null, "ORD-1"],
      ]);
    });

    test("what is due is listed earliest first, never early, for the sources asked for, up to the limit", async () => {
      const { store } = instances;
      const other = "order-events/1";
      await park(
        store,
        parkedRecord(1, waitingUntil(300)),
        parkedRecord(2, waitingUntil(100)),
        parkedRecord(3, waitingUntil(201)),
        parkedRecord(4, behind),
        parkedRecord(5, dead),
        parkedRecord(6, { source: other, ...waitingUntil(150) }),
        parkedRecord(7, { source: "order-events/2", ...waitingUntil(1) }),
        // Not a whole millisecond: not due before it has passed.
        parkedRecord(8, waitingUntil(199.5)),
      );
      const due = async (sources: readonly string[], nowMs: number, limit: number) =>
        (await store.listDue(sources, nowMs, limit)).map(({ offset }) => offset);
      expect(await due([source, other], 200, 10)).toEqual([2, 6, 8]);
      expect(await due([source, other], 199.9, 10)).toEqual([2, 6]);
      expect(await due([other, source, other], 1000, 3)).toEqual([2, 6, 8]);
      expect(await due([source], 1000, 10)).toEqual([2, 8, 3, 1]);
      expect(await due([source], 99, 10)).toEqual([]);
      expect(await due([], 1000, 10)).toEqual([]);
      expect(await store.listDue([other], 150, 1)).toEqual([
        { source: other, offset: 6, lane: "ORD-1", state: "waiting", dueAtMs: 150, order: null },
      ]);
    });

    test("an operator's retry makes a waiting record due, and never later than it was", async () => {
      const { store, neighbour } = instances;
      await park(store, parkedRecord(1, waitingUntil(9000)), parkedRecord(2, behind), parkedRecord(3, dead));
      expect(await neighbour.retryNow({ source, offset: 1 }, 500)).toBe(true);
      expect((await store.listDue([source], 500, 9)).map(({ offset }) => offset)).toEqual([1]);
      expect(await neighbour.retryNow({ source, offset: 1 }, 8000)).toBe(true);
      expect((await store.loadParked([{ source, offset: 1 }]))[0]?.dueAtMs).toBe(500);
      for (const offset of [2, 3, 4]) expect(await neighbour.retryNow({ source, offset }, 500)).toBe(false);
    });

    test("an operator's order of death is listed first, whatever the record waits for, until it is carried out", async () => {
      const { store, neighbour } = instances;
      await park(
        store,
        parkedRecord(1, waitingUntil(100)),
        parkedRecord(2, waitingUntil(9000)),
        parkedRecord(3, behind),
      );
      expect(await neighbour.orderDeath({ source, offset: 2 })).toBe(true);
      expect(await neighbour.orderDeath({ source, offset: 3 })).toBe(true);
      expect(await neighbour.orderDeath({ source, offset: 4 })).toBe(false);
      const due = async () =>
        (await store.listDue([source], 100, 9)).map(({ offset, order }) => [offset, order]);
      expect(await due()).toEqual([
        [3, "dead-letter"],
        [2, "dead-letter"],
        [1, null],
      ]);
      // The owner was in the middle of an attempt: the order outlives what it writes about it.
      await save(store, { repark: [{ source, offset: 2, ...waitingUntil(9500) }] });
      expect(await due()).toContainEqual([2, "dead-letter"]);
      await save(store, { repark: [{ source, offset: 2, ...dead }], unpark: [{ source, offset: 3 }] });
      expect(await due()).toEqual([[1, null]]);
      // It is on its way already.
      expect(await neighbour.orderDeath({ source, offset: 2 })).toBe(true);
      expect(await due()).toEqual([[1, null]]);
    });

    test("operators that race with the owner's save are told the truth, and never bring a record back", async () => {
      const { store, neighbour } = instances;
      const records = Array.from({ length: 40 }, (_, offset) => parkedRecord(offset, waitingUntil(9000)));
      await park(store, ...records);
      const claim = await claimOne(store);
      await Promise.all(
        records.map(async (record, index) => {
          const ask = index % 2 === 0 ? neighbour.retryNow(record, 5) : neighbour.orderDeath(record);
          const unpark = store.save(batchOf({ progress: [progressOf(claim)], unpark: [record] }));
          await Promise.all([ask, unpark]);
        }),
      );
      expect(await store.listParked({ limit: 50 })).toEqual([]);
      expect(await store.listDue([source], 10_000, 50)).toEqual([]);
      for (const record of records) {
        expect(await neighbour.retryNow(record, 5)).toBe(false);
        expect(await neighbour.orderDeath(record)).toBe(false);
      }
      expect(await store.countParked()).toEqual({ waiting: 0, behind: 0, dead: 0 });
    });

    test("operators page through them by source and offset, of all orders or of one, while they come and go", async () => {
      const { store } = instances;
      const record = (partition: number, offset: number, lane: string) =>
        parkedRecord(offset, { source: `order-events/${partition}`, lane });
      await park(
        store,
        record(0, 9, "a"),
        record(0, 10, "b"),
        record(1, 1, "a"),
        record(1, 2, "c"),
        record(2, 0, "a"),
      );
      const place = ({ source, offset }: ParkedRecord) => `${source}/${offset}`;
      const page = async (request: Parameters<OrderStore["listParked"]>[0]) =>
        (await store.listParked(request)).map(place);
      expect(await page({ limit: 2 })).toEqual(["order-events/0/9", "order-events/0/10"]);
      await save(store, { unpark: [record(0, 10, "b")], park: [record(0, 3, "z"), record(0, 11, "z")] });
      const after = { source: "order-events/0", offset: 10 };
      expect(await page({ limit: 2, after })).toEqual(["order-events/0/11", "order-events/1/1"]);
      expect(await page({ limit: 9, orderId: "a" })).toEqual([
        "order-events/0/9",
        "order-events/1/1",
        "order-events/2/0",
      ]);
      expect(await page({ limit: 1, orderId: "a", after })).toEqual(["order-events/1/1"]);
      expect(await page({ limit: 9, orderId: "nobody" })).toEqual([]);
    });

    test("counts are exact by state, whatever two instances park, move and remove at once", async () => {
      const { store, neighbour } = instances;
      const states = [waitingUntil(1), behind, dead];
      await Promise.all(
        [store, neighbour].map(async (owner, partition) => {
          const own = (offset: number) => ({ source: `order-events/${partition}`, offset });
          const claim = await claimOne(owner, `order-events/${partition}`);
          const progress = [progressOf(claim)];
          for (let round = 0; round < 10; round++) {
            const offsets = Array.from({ length: 9 }, (_, index) => round * 6 + index);
            await owner.save(
              batchOf({
                progress,
                park: offsets.map((offset) =>
                  parkedRecord(offset, { ...own(offset), ...states[offset % 3] }),
                ),
              }),
            );
            await owner.save(
              batchOf({
                progress,
                repark: offsets
                  .slice(0, 3)
                  .map((offset) => ({ ...own(offset), ...(states[round % 3] ?? dead) })),
                unpark: offsets.slice(3, 5).map(own),
              }),
            );
          }
        }),
      );
      const all = await store.listParked({ limit: 1000 });
      const counted = { waiting: 0, behind: 0, dead: 0 };
      for (const { state } of all) counted[state] += 1;
      expect(await neighbour.countParked()).toEqual(counted);
      expect(all.length).toBeGreaterThan(50);
    });
  });
}
