// What every saga store promises about outboxes: messages are in them exactly when their save is, in one order, and a
// result never before its order's NEW.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { rejectionOf, type StorePlace } from "../../store/order-store-fixtures.ts";
import { anyBytes, anyText } from "../../store/record-arbitraries.ts";
import { openInstances } from "../../store/store-instances.ts";
import { describeSagaInterleavings } from "./interleavings.spec.ts";
import {
  creation,
  decided,
  message,
  placedSaga,
  placing,
  settled,
  stateOf,
  textsOf,
  writeOf,
} from "./saga-store-fixtures.ts";

export function describeOutboxes(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`outboxes in ${name}`, () => {
    const instances = openInstances(createPlace);
    const sagas = () => instances.store.sagas;
    const neighbour = () => instances.neighbour.sagas;

    test("a message comes back exactly: topic, bytes, headers in order whatever their names", async () => {
      const anyMessage = fc.record({
        topic: fc.constantFrom("orders", "recovererDLQ", "Ünïcödé\n\t\\"),
        key: anyBytes,
        value: anyBytes,
        headers: fc.array(fc.tuple(anyText, anyBytes), { maxLength: 4 }),
        orderId: fc.option(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
      });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(anyMessage, { minLength: 1, maxLength: 4 }), async (messages) => {
          run += 1;
          const outbox = `outbox-${run}`;
          const before = Date.now();
          const outcome = await sagas().save(writeOf({ messages, outbox }));
          expect(outcome).toEqual({ kind: "saved", lastSeq: messages.length });
          const rows = await neighbour().readOutbox(outbox, 0, 9);
          expect(rows).toEqual(
            messages.map((message, index) => ({
              ...message,
              seq: index + 1,
              createdAtMs: rows[index]?.createdAtMs ?? 0,
            })),
          );
          for (const { createdAtMs } of rows) expect(Math.abs(createdAtMs - before)).toBeLessThan(60_000);
        }),
        { numRuns: 60 },
      );
    });

    test("messages that are many megabytes together are appended whole and in order", async () => {
      const value = Buffer.alloc(3_000_000, 7);
      const messages = Array.from({ length: 5 }, (_, index) => ({ ...message(null, `${index}`), value }));
      expect(await sagas().save(writeOf({ messages }))).toEqual({ kind: "saved", lastSeq: 5 });
      const rows = await sagas().readOutbox("outbox-a", 0, 9);
      expect(rows.map(({ seq, value: { length } }) => [seq, length])).toEqual(
        [1, 2, 3, 4, 5].map((seq) => [seq, value.length]),
      );
    });

    test("numbers go on from save to save, and a refused save takes none", async () => {
      expect(await sagas().save(placing([1, 2]))).toEqual({ kind: "saved", lastSeq: 2 });
      expect((await neighbour().save(placing([2, 3]))).kind).toBe("conflicts");
      expect(await neighbour().save(placing([3]))).toEqual({ kind: "saved", lastSeq: 3 });
      expect(await sagas().save(writeOf({ changes: [creation(placedSaga(9))] }))).toEqual({
        kind: "saved",
        lastSeq: null,
      });
      expect(await textsOf(sagas(), "outbox-a")).toEqual(["1 NEW", "2 NEW", "3 NEW"]);
      expect((await sagas().readOutbox("outbox-a", 1, 1)).map(({ seq }) => seq)).toEqual([2]);
      expect(await sagas().readOutbox("outbox-a", 3, 9)).toEqual([]);
      expect(await sagas().readOutbox("another", 0, 9)).toEqual([]);
      expect(await stateOf(sagas(), "outbox-a")).toEqual({
        id: "outbox-a",
        nextSeq: 4,
        publishedSeq: 0,
        ends: {},
      });
    });

    test("who reads while two instances append never sees a number before the ones below it", async () => {
      const seen: number[] = [];
      let writing = true;
      const read = async () => {
        while (writing || seen.length < 120) {
          const rows = await neighbour().readOutbox("outbox-a", seen.at(-1) ?? 0, 1000);
          seen.push(...rows.map(({ seq }) => seq));
        }
      };
      const write = async (store: typeof sagas, first: number) => {
        for (let round = 0; round < 20; round++) {
          const orderIds = [first + 3 * round, first + 3 * round + 1, first + 3 * round + 2];
          const { kind } = await store().save(placing(orderIds));
          expect(kind).toBe("saved");
        }
      };
      const reading = read();
      await Promise.all([write(sagas, 1000), write(neighbour, 2000)]);
      writing = false;
      await reading;
      expect(seen).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    });

    test("placing sets an order's home: the place of its first message, also when decisions were first", async () => {
      await sagas().save(placing([1], "outbox-a"));
      await sagas().save(
        writeOf({ changes: [creation(decided(undefined, 3))], messages: [message(3, "letter")] }),
      );
      const early = await sagas().read(3);
      if (early === undefined) throw new Error("it was saved");
      expect(early.home).toBeNull();
      const placed = { ...early, order: placedSaga(3).order, version: 2 };
      await sagas().save(
        writeOf({
          changes: [creation(placedSaga(2)), { saga: placed, expectedVersion: 1 }],
          messages: [message(null, "letter"), message(3, "NEW"), message(2, "NEW"), message(3, "CONFIRMED")],
        }),
      );
      const homes = await neighbour().load([1, 2, 3]);
      expect([1, 2, 3].map((orderId) => homes.get(orderId)?.home)).toEqual([
        { outbox: "outbox-a", seq: 1 },
        { outbox: "outbox-a", seq: 5 },
        { outbox: "outbox-a", seq: 4 },
      ]);
      // It never moves.
      const [saga] = (await sagas().load([3])).values();
      if (saga === undefined) throw new Error("it was saved");
      const change = { saga: { ...saga, version: 3, home: null }, expectedVersion: 2 };
      await sagas().save(
        writeOf({ changes: [change], messages: [message(3, "letter")], outbox: "outbox-b" }),
      );
      expect((await sagas().read(3))?.home).toEqual({ outbox: "outbox-a", seq: 4 });
    });

    test("a result goes to the outbox that has its NEW until that is published, everything else to its own", async () => {
      await sagas().save(placing([1, 2, 3], "outbox-a"));
      await neighbour().save(placing([4], "outbox-b"));
      await sagas().settleOutbox("outbox-a", 2, {});
      const before = await neighbour().load([1, 2, 3, 4]);
      const changes = [...before.values()].map((saga) => ({ saga: settled(saga), expectedVersion: 1 }));
      const results = [3, 4, 2, 1].map((orderId) => message(orderId, "CONFIRMED"));
      const outcome = await neighbour().save(
        writeOf({ changes, messages: [message(null, "letter"), ...results], outbox: "outbox-b" }),
      );
      expect(outcome).toEqual({ kind: "saved", lastSeq: 5, elsewhere: [3] });
      expect(await textsOf(sagas(), "outbox-a")).toEqual(["3 NEW", "3 CONFIRMED"]);
      expect(await textsOf(sagas(), "outbox-b")).toEqual([
        "4 NEW",
        "null letter",
        "4 CONFIRMED",
        "2 CONFIRMED",
        "1 CONFIRMED",
      ]);
    });

    test("a save whose messages all go elsewhere has no number of its own", async () => {
      await sagas().save(placing([1], "outbox-a"));
      const saga = await neighbour().read(1);
      if (saga === undefined) throw new Error("it was saved");
      const outcome = await neighbour().save(
        writeOf({
          changes: [{ saga: settled(saga), expectedVersion: 1 }],
          messages: [message(1, "CONFIRMED")],
          outbox: "outbox-b",
        }),
      );
      expect(outcome).toEqual({ kind: "saved", lastSeq: null, elsewhere: [1] });
      expect(await textsOf(sagas(), "outbox-b")).toEqual([]);
      // A change without messages sends nothing elsewhere.
      const [again] = (await neighbour().load([1])).values();
      if (again === undefined) throw new Error("it was saved");
      const duplicate = { saga: decided(again, 1), expectedVersion: again.version };
      expect(await neighbour().save(writeOf({ changes: [duplicate], outbox: "outbox-b" }))).toEqual({
        kind: "saved",
        lastSeq: null,
      });
      expect(await sagas().listAbandonedOutboxes(0)).toEqual(["outbox-a"]);
    });

    test("what is published is removed, and older news changes nothing", async () => {
      await sagas().save(placing([1, 2, 3, 4]));
      const ends = { "orders/0": 7, "\0": 1 };
      await sagas().settleOutbox("outbox-a", 3, ends);
      expect(await textsOf(neighbour(), "outbox-a")).toEqual(["4 NEW"]);
      await neighbour().settleOutbox("outbox-a", 2, { "orders/0": 5 });
      await neighbour().settleOutbox("nobody's", 2, {});
      expect(await stateOf(sagas(), "outbox-a")).toEqual({
        id: "outbox-a",
        nextSeq: 5,
        publishedSeq: 3,
        ends,
      });
      expect((await sagas().stats()).unpublished).toBe(1);
      await sagas().settleOutbox("outbox-a", 3, { "orders/0": 9 });
      expect((await stateOf(sagas(), "outbox-a")).ends).toEqual({ "orders/0": 9 });
    });

    test("a number that the topics have had is not given again, also by a store that has forgotten it", async () => {
      await sagas().leaseOutbox("outbox-a", "me", 0, 10);
      await sagas().settleOutbox("outbox-a", 41, {});
      expect(await sagas().save(placing([1]))).toEqual({ kind: "saved", lastSeq: 42 });
      expect((await sagas().stats()).unpublished).toBe(1);
    });

    test("one at a time has a lease: it renews it, nobody else gets it before it is over or given up", async () => {
      const fresh = { id: "outbox-a", nextSeq: 1, publishedSeq: 0, ends: {} };
      expect(await sagas().leaseOutbox("outbox-a", "me", 0, 10)).toEqual(fresh);
      expect(await neighbour().leaseOutbox("outbox-a", "you", 9, 99)).toBe("leased by another");
      expect(await sagas().leaseOutbox("outbox-a", "me", 9, 20)).toEqual(fresh);
      expect(await neighbour().leaseOutbox("outbox-a", "you", 19, 99)).toBe("leased by another");
      expect(await neighbour().leaseOutbox("outbox-a", "you", 20, 99)).toEqual(fresh);
      expect(await sagas().leaseOutbox("outbox-a", "me", 21, 99)).toBe("leased by another");
      await sagas().releaseOutbox("outbox-a", "me");
      expect(await sagas().leaseOutbox("outbox-a", "me", 21, 99)).toBe("leased by another");
      await neighbour().releaseOutbox("outbox-a", "you");
      expect(await sagas().leaseOutbox("outbox-a", "me", 21, 99)).toEqual(fresh);
      expect(String(await rejectionOf(sagas().leaseOutbox("a\0", "me", 0, 1)))).toContain(
        "an outbox must be",
      );
      expect(String(await rejectionOf(sagas().leaseOutbox("a", "", 0, 1)))).toContain(
        "an outbox's owner must be",
      );
    });

    test("of instances that race for a lease one gets it", async () => {
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          (index % 2 === 0 ? sagas() : neighbour()).leaseOutbox("outbox-a", `owner-${index}`, 5, 10),
        ),
      );
      expect(answers.filter((answer) => answer !== "leased by another")).toHaveLength(1);
    });

    test("abandoned is an outbox with unpublished messages that nobody has a lease on", async () => {
      await sagas().save(placing([1], "without-owner"));
      await sagas().save(placing([2], "leased"));
      await sagas().save(placing([3], "published"));
      await sagas().leaseOutbox("leased", "me", 0, 10);
      await sagas().leaseOutbox("empty", "me", 0, 1);
      await sagas().settleOutbox("published", 1, {});
      expect(await neighbour().listAbandonedOutboxes(9)).toEqual(["without-owner"]);
      expect(await neighbour().listAbandonedOutboxes(10)).toEqual(["leased", "without-owner"]);
      await sagas().releaseOutbox("leased", "me");
      expect(await neighbour().listAbandonedOutboxes(0)).toEqual(["leased", "without-owner"]);
    });

    describeSagaInterleavings(instances);
  });
}
