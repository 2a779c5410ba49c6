// What every saga store promises about sagas, whatever keeps its rows.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { rejectionOf, type StorePlace } from "../../store/order-store-fixtures.ts";
import { progressOf } from "../../store/parked-record-fixtures.ts";
import { anyOriginal, anyText } from "../../store/record-arbitraries.ts";
import { openInstances } from "../../store/store-instances.ts";
import { StoreUnavailable } from "../../store/store-unavailable.ts";
import { original } from "../domain/saga-fixtures.ts";
import type { KeptDecision, Saga, SagaEvent } from "../domain/saga.ts";
import {
  conflictsOf,
  creation,
  decided,
  expiredSaga,
  longStory,
  message,
  placedSaga,
  placing,
  settled,
  textsOf,
  writeOf,
} from "./saga-store-fixtures.ts";
import { UnstorableSaga } from "./storable-saga.ts";

const source = "payment-orders/0";

const anySide = fc.constantFrom("payment" as const, "stock" as const);
const anyAnswer = fc.constantFrom("ACCEPT" as const, "REJECT" as const);
const anyTimeMs = fc.oneof(fc.maxSafeInteger(), fc.constantFrom(0, -1, 1_788_000_000_000, 9.2e18));
const anyReason = fc.constantFrom("unknown_order" as const, "outside_window" as const, null);

const anyKept: fc.Arbitrary<KeptDecision> = fc.record({
  answer: anyAnswer,
  source: fc.option(anyText),
  eventTimeMs: anyTimeMs,
  receivedAtMs: anyTimeMs,
  state: fc.constantFrom("pending" as const, "joined" as const, "late" as const, "expired" as const),
  replayed: fc.boolean(),
  deadlineAtMs: fc.option(fc.maxSafeInteger()),
  original: fc.option(anyOriginal),
  groupId: anyText,
});

const anyEvent: fc.Arbitrary<SagaEvent> = fc.oneof(
  fc.record({ kind: fc.constant("placed" as const), atMs: anyTimeMs }),
  fc.record({
    kind: fc.constantFrom("decided" as const, "late" as const, "replayed" as const),
    atMs: anyTimeMs,
    side: anySide,
    answer: anyAnswer,
    source: fc.option(anyText),
    eventTimeMs: anyTimeMs,
    reason: anyReason,
  }),
  fc.record({
    kind: fc.constant("settled" as const),
    atMs: anyTimeMs,
    status: fc.constantFrom("CONFIRMED" as const, "REJECTED" as const, "ROLLBACK" as const),
    source: fc.option(anyText),
  }),
);

const anySaga: fc.Arbitrary<Omit<Saga, "orderId" | "home" | "version">> = fc.record({
  order: fc.option(
    fc.record({
      customerId: anyText,
      items: fc.array(
        fc.record({ productId: anyText, quantity: fc.nat(), unitPriceCents: fc.maxSafeNat() }),
        { maxLength: 3 },
      ),
      placedAtMs: anyTimeMs,
    }),
  ),
  status: fc.constantFrom("NEW" as const, "CONFIRMED" as const, "REJECTED" as const, "ROLLBACK" as const),
  source: fc.option(anyText),
  payment: fc.option(anyKept),
  stock: fc.option(anyKept),
  deadlineAtMs: fc.option(fc.maxSafeInteger()),
  settledAtMs: fc.option(anyTimeMs),
  history: fc.array(anyEvent, { maxLength: 6 }),
});

export function describeSagaStore(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`sagas in ${name}`, () => {
    const instances = openInstances(createPlace);
    const sagas = () => instances.store.sagas;
    const neighbour = () => instances.neighbour.sagas;

    test("a saga comes back exactly, whatever its texts and bytes are, as a new one and as a changed one", async () => {
      let orderId = 0;
      await fc.assert(
        fc.asyncProperty(anySaga, anySaga, async (drawn, changed) => {
          orderId += 2;
          // Two in one batch: a hostile text must not reach its neighbour.
          const first: Saga = { ...drawn, orderId, home: null, version: 1 };
          const other: Saga = { ...changed, orderId: orderId + 1, home: null, version: 1 };
          await sagas().save(writeOf({ changes: [creation(other), creation(first)] }));
          expect(await neighbour().load([orderId, orderId + 1])).toEqual(
            new Map([
              [orderId, first],
              [orderId + 1, other],
            ]),
          );
          const next: Saga = {
            ...changed,
            orderId,
            order: first.order ?? changed.order,
            home: null,
            version: 2,
          };
          await sagas().save(writeOf({ changes: [{ saga: next, expectedVersion: 1 }] }));
          expect(await neighbour().read(orderId)).toEqual(next);
        }),
        { numRuns: 60 },
      );
    });

    test("decisions of many megabytes each are kept whole, in one save", async () => {
      const value = Buffer.alloc(3_000_000, 7);
      const waiting = [1, 2, 3, 4].map((orderId) =>
        decided(undefined, orderId, { original: { ...original(orderId), value } }),
      );
      await sagas().save(writeOf({ changes: waiting.map(creation) }));
      const again = waiting.map((saga) => ({ saga: { ...saga, version: 2 }, expectedVersion: 1 }));
      await neighbour().save(writeOf({ changes: again }));
      const sizes = [...(await sagas().load([1, 2, 3, 4])).values()].map(
        ({ payment }) => payment?.original?.value?.length,
      );
      expect(sizes).toEqual([3_000_000, 3_000_000, 3_000_000, 3_000_000]);
      expect(await sagas().stats()).toMatchObject({ withoutOrder: 4, decisions: { pending: 4 } });
    });

    test("ids that nobody has, or that are none, are absent", async () => {
      await sagas().save(placing([1]));
      const ids = [1, 2, 0, -1, 0.5, Number.NaN, Number.MAX_SAFE_INTEGER, 2 ** 60];
      expect([...(await sagas().load(ids)).keys()]).toEqual([1]);
      expect(await sagas().load([])).toEqual(new Map());
      expect(await sagas().read(2)).toBeUndefined();
      expect(await sagas().read(0.5)).toBeUndefined();
    });

    test("a change on another version than expected writes nothing, and names every saga that stands against it", async () => {
      await sagas().save(placing([1, 2, 3]));
      await neighbour().save(writeOf({ changes: [{ saga: settled(placedSaga(2)), expectedVersion: 1 }] }));
      const outcome = await sagas().save(
        writeOf({
          changes: [
            creation(placedSaga(3)),
            creation(placedSaga(4)),
            { saga: decided(placedSaga(2), 2), expectedVersion: 1 },
            { saga: decided(placedSaga(1), 1), expectedVersion: 1 },
            { saga: decided(placedSaga(5), 5), expectedVersion: 1 },
          ],
          messages: [message(1, "never")],
          counted: { joined: 9 },
        }),
      );
      expect(conflictsOf(outcome)).toEqual([2, 3, 5]);
      expect((await sagas().load([1, 4])).get(1)?.version).toBe(1);
      expect(await sagas().read(4)).toBeUndefined();
      expect(await textsOf(sagas(), "outbox-a")).toEqual(["1 NEW", "2 NEW", "3 NEW"]);
      expect(await sagas().stats()).toMatchObject({
        orders: { NEW: 2, CONFIRMED: 1 },
        counted: { joined: 0 },
      });
    });

    test("of two instances that decide about one saga at a time one is written, and the other is told", async () => {
      await sagas().save(placing([1]));
      const saga = placedSaga(1);
      const outcomes = await Promise.all([
        sagas().save(writeOf({ changes: [{ saga: decided(saga, 1), expectedVersion: 1 }] })),
        neighbour().save(
          writeOf({ changes: [{ saga: decided(saga, 1, { side: "stock" }), expectedVersion: 1 }] }),
        ),
        sagas().save(writeOf({ changes: [creation(decided(undefined, 2))] })),
        neighbour().save(writeOf({ changes: [creation(decided(undefined, 2, { side: "stock" }))] })),
      ]);
      expect(outcomes.map(({ kind }) => kind).sort()).toEqual(["conflicts", "conflicts", "saved", "saved"]);
      expect(await sagas().stats()).toMatchObject({ withoutOrder: 1, decisions: { pending: 2 } });
    });

    test("instances that write the same sagas in different orders do not lock each other out", async () => {
      const orderIds = Array.from({ length: 40 }, (_, index) => index + 1);
      await sagas().save(placing(orderIds));
      const versions = Array.from({ length: 12 }, (_, index) => index);
      const outcomes = await Promise.all(
        versions.map(async (index) => {
          const [store, ids] = index % 2 === 0 ? [sagas(), orderIds] : [neighbour(), orderIds.toReversed()];
          const before = await store.load(ids);
          const changes = ids.flatMap((orderId) => {
            const saga = before.get(orderId);
            return saga === undefined
              ? []
              : [{ saga: decided(saga, orderId), expectedVersion: saga.version }];
          });
          const messages = ids.map((orderId) => message(orderId, `${index}`));
          return store.save(
            writeOf({
              changes: [...changes, creation(placedSaga(100 + index))],
              messages,
              outbox: `outbox-${index % 3}`,
            }),
          );
        }),
      );
      const saved = outcomes.filter(({ kind }) => kind === "saved").length;
      expect(saved).toBeGreaterThan(0);
      expect((await sagas().read(1))?.version).toBe(1 + saved);
    });

    test("only the newest claim of a source can write for it; progress is stored with the sagas", async () => {
      const [old] = await sagas().claim([source]);
      if (old === undefined) throw new Error("claimed nothing");
      expect(old).toEqual({ source, epoch: 1, nextOffset: null });
      const change = creation(decided(undefined, 1));
      const saved = await sagas().save(
        writeOf({ progress: [{ source, epoch: old.epoch, nextOffset: 17 }], changes: [change] }),
      );
      expect(saved.kind).toBe("saved");
      const [current] = await neighbour().claim([source, source]);
      expect(current).toEqual({ source, epoch: 2, nextOffset: 17 });
      const late = writeOf({
        progress: [{ source, epoch: old.epoch, nextOffset: 18 }],
        changes: [creation(decided(undefined, 2))],
        messages: [message(2, "never")],
        counted: { early: 1 },
      });
      expect(await sagas().save(late)).toEqual({ kind: "fenced", sources: [source] });
      expect(await sagas().read(2)).toBeUndefined();
      expect(await sagas().stats()).toMatchObject({ withoutOrder: 1, unpublished: 0, counted: { early: 0 } });
      // One table for all of the service's sources.
      expect((await instances.store.claim([source]))[0]).toMatchObject({ epoch: 3, nextOffset: 17 });
      expect(await sagas().claim([])).toEqual([]);
    });

    test("a batch without sagas moves its progress, and one without anything does nothing", async () => {
      const [claim] = await instances.store.claim([source]);
      if (claim === undefined) throw new Error("claimed nothing");
      expect(await sagas().save(writeOf({ progress: [progressOf(claim, 5)] }))).toEqual({
        kind: "saved",
        lastSeq: null,
      });
      expect(await sagas().claim([source])).toEqual([{ source, epoch: 2, nextOffset: 5 }]);
      expect(await sagas().save(writeOf({}))).toEqual({ kind: "saved", lastSeq: null });
    });

    test("no order id is given twice, whoever asks, and those of one answer ascend", async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? sagas() : neighbour()).allocateOrderIds(index),
        ),
      );
      for (const ids of answers) expect(ids).toEqual(ids.toSorted((left, right) => left - right));
      const all = answers.flat();
      expect(new Set(all).size).toBe(190);
      expect(all.every((id) => Number.isSafeInteger(id) && id > 0)).toBe(true);
    });

    test("what is due is listed once its deadline has passed, the longest overdue first", async () => {
      const deadlines = new Map([
        [1, 500],
        [2, 300],
        [3, 400],
        [4, 300],
      ]);
      const waiting = [...deadlines].map(([orderId, deadlineAtMs]) =>
        creation({ ...decided(undefined, orderId), deadlineAtMs }),
      );
      await sagas().save(
        writeOf({ changes: [...waiting, creation(settled(placedSaga(5))), creation(expiredSaga(6))] }),
      );
      const dueAt = async (nowMs: number, limit = 9) =>
        (await neighbour().listDue(nowMs, limit)).map(({ orderId }) => orderId);
      expect(await dueAt(299)).toEqual([]);
      expect(await dueAt(300)).toEqual([2, 4]);
      expect(await dueAt(1e15)).toEqual([2, 4, 3, 1]);
      expect(await dueAt(1e15, 3)).toEqual([2, 4, 3]);
      const due = (await sagas().listDue(300.9, 1))[0];
      expect(due).toEqual({ ...decided(undefined, 2), deadlineAtMs: 300 });
      await sagas().save(
        writeOf({ changes: [{ saga: { ...expiredSaga(2), version: 2 }, expectedVersion: 1 }] }),
      );
      expect(await dueAt(1e15)).toEqual([4, 3, 1]);
    });

    test("pages hold placed orders by id, and the total all of them; a decision alone is no order", async () => {
      await sagas().save(placing([30, 4, 100]));
      await sagas().save(
        writeOf({ changes: [creation(decided(undefined, 7)), creation(settled(placedSaga(9)))] }),
      );
      const page = async (offset: number, limit: number) => {
        const { sagas, total } = await neighbour().list({ offset, limit });
        return [total, ...sagas.map(({ orderId }) => orderId)];
      };
      expect(await page(0, 2)).toEqual([4, 4, 9]);
      expect(await page(2, 2)).toEqual([4, 30, 100]);
      expect(await page(4, 2)).toEqual([4]);
      expect(await page(0, 0)).toEqual([4]);
      expect(await page(Number.MAX_SAFE_INTEGER, 1)).toEqual([4]);
      const { order } = placedSaga(7);
      await sagas().save(
        writeOf({ changes: [{ saga: { ...decided(undefined, 7), order, version: 2 }, expectedVersion: 1 }] }),
      );
      expect(await page(0, 9)).toEqual([5, 4, 7, 9, 30, 100]);
      expect((await neighbour().list({ offset: 2, limit: 1 })).sagas).toEqual([settled(placedSaga(9))]);
    });

    test("totals are exact, also of what was refused, and of sagas that go from one kind to another", async () => {
      expect(await sagas().stats()).toEqual({
        orders: { NEW: 0, CONFIRMED: 0, REJECTED: 0, ROLLBACK: 0 },
        withoutOrder: 0,
        decisions: { pending: 0, joined: 0, late: 0, expired: 0 },
        counted: { joined: 0, early: 0, duplicate: 0, contradictory: 0, late: 0, expired: 0, replayed: 0 },
        unpublished: 0,
      });
      const early = decided(undefined, 3);
      const story = { ...longStory(), orderId: 5 };
      await sagas().save(placing([1, 2]));
      await neighbour().save(
        writeOf({
          changes: [creation(early), creation(expiredSaga(4)), creation(story)],
          counted: { early: 1, expired: 2, late: 1, replayed: 1, duplicate: 1, contradictory: 1, joined: 1 },
        }),
      );
      await sagas().save(placing([2, 9]));
      await sagas().save(
        writeOf({
          changes: [
            { saga: settled(placedSaga(1)), expectedVersion: 1 },
            { saga: { ...settled({ ...placedSaga(3), version: 1 }), version: 2 }, expectedVersion: 1 },
          ],
          messages: [message(1, "CONFIRMED"), message(3, "CONFIRMED")],
          counted: { joined: 2 },
        }),
      );
      expect(await neighbour().stats()).toEqual({
        orders: { NEW: 2, CONFIRMED: 2, REJECTED: 0, ROLLBACK: 1 },
        withoutOrder: 0,
        decisions: { pending: 0, joined: 6, late: 0, expired: 1 },
        counted: { joined: 3, early: 1, duplicate: 1, contradictory: 1, late: 1, expired: 2, replayed: 1 },
        unpublished: 4,
      });
    });

    test("what no store can hold is named, and writes nothing", async () => {
      const saga = placedSaga(8);
      const unstorable: readonly (readonly [Saga, string])[] = [
        [{ ...saga, orderId: 0 }, "orderId must be an integer from 1"],
        [{ ...saga, orderId: 2 ** 60 }, "orderId must be an integer from 1"],
        [{ ...saga, version: 2 ** 31 }, "version must be an integer"],
        [{ ...saga, deadlineAtMs: 0.5 }, "deadlineAtMs must be an integer"],
        [{ ...saga, settledAtMs: Number.POSITIVE_INFINITY }, "settledAtMs must be a finite number"],
        [decided(undefined, 8, { eventTimeMs: Number.NaN }), "eventTimeMs must be a finite number"],
        [
          {
            ...saga,
            order: {
              customerId: "c",
              items: [{ productId: "p", quantity: Number.NaN, unitPriceCents: 1 }],
              placedAtMs: 1,
            },
          },
          "quantity must be a finite number",
        ],
      ];
      for (const [bad, reason] of unstorable) {
        const error = await rejectionOf(
          sagas().save(writeOf({ changes: [creation(placedSaga(1)), creation(bad)] })),
        );
        expect(error).toBeInstanceOf(UnstorableSaga);
        expect(String(error)).toContain(`the saga of order ${bad.orderId} cannot be stored: ${reason}`);
      }
      expect(await sagas().read(1)).toBeUndefined();
    });

    test("what only a bug can ask for is refused by name, and writes nothing", async () => {
      const [claim] = await sagas().claim([source]);
      if (claim === undefined) throw new Error("claimed nothing");
      const progress = { source, epoch: claim.epoch, nextOffset: 1 };
      const bugs = [
        [
          { changes: [creation(placedSaga(1)), creation(placedSaga(1))] },
          "the saga of order 1 is twice in one save",
        ],
        [{ changes: [{ saga: placedSaga(1), expectedVersion: 1 }] }, "version 1 does not follow 1"],
        [{ progress: [progress, progress] }, `source ${source} is twice in one batch`],
        [{ outbox: "a\0" }, "the outbox must be a text of 1 to 500 characters"],
        [{ outbox: "" }, "the outbox must be a text"],
        [{ messages: [{ ...message(1, ""), topic: "\ud800" }] }, "a message's topic must be a text"],
      ] as const;
      for (const [parts, reason] of bugs) {
        const error = await rejectionOf(
          sagas().save(writeOf({ changes: [creation(placedSaga(2))], ...parts })),
        );
        expect(String(error)).toContain(reason);
      }
      expect(await sagas().load([1, 2])).toEqual(new Map());
    });

    test("a store that was closed is unavailable", async () => {
      const store = sagas();
      await instances.store.close();
      expect(await rejectionOf(store.save(placing([1])))).toBeInstanceOf(StoreUnavailable);
      expect(await rejectionOf(store.stats())).toBeInstanceOf(StoreUnavailable);
    });
  });
}
