// What every saga store promises about Idempotency-Keys, whatever keeps its rows.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { rejectionOf, type StorePlace } from "../../store/order-store-fixtures.ts";
import { openInstances } from "../../store/store-instances.ts";
import { keyed, keyedPlacing, placing, textsOf, writeOf } from "./saga-store-fixtures.ts";
import type { SagaSaveOutcome } from "./saga-store.ts";

const anyKey = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 1, maxLength: 255 })
  .map((codes) => String.fromCharCode(...codes));

export function describeRequests(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`idempotency keys in ${name}`, () => {
    const instances = openInstances(createPlace);
    const sagas = () => instances.store.sagas;
    const neighbour = () => instances.neighbour.sagas;

    test("a key is known with its order, everywhere, from the moment its order is", async () => {
      expect(await sagas().readRequest("key-1")).toBeUndefined();
      await sagas().save(keyedPlacing([1, 2]));
      expect(await neighbour().readRequest("key-1")).toEqual({
        fingerprint: keyed("key-1", 1).fingerprint,
        orderId: 1,
      });
      expect(await neighbour().readRequest("key-2")).toMatchObject({ orderId: 2 });
      expect(await sagas().readRequest("KEY-1")).toBeUndefined();
    });

    test("any visible ASCII is a key, and no two keys are one", async () => {
      let orderId = 0;
      const taken = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(anyKey, { minLength: 1, maxLength: 4 }), async (drawn) => {
          const keys = drawn.filter((key) => !taken.has(key));
          const requests = keys.map((key) => {
            orderId += 1;
            taken.set(key, orderId);
            return keyed(key, orderId);
          });
          await sagas().save({ ...placing(requests.map(({ orderId }) => orderId)), requests });
          for (const key of drawn) {
            expect(await neighbour().readRequest(key)).toMatchObject({ orderId: taken.get(key) });
          }
        }),
        { numRuns: 40 },
      );
    });

    test("one taken key refuses the whole save: no order, no message, no number, no other key", async () => {
      await sagas().save(keyedPlacing([1]));
      const before = await sagas().stats();
      const write = keyedPlacing([2, 3, 4]);
      const requests = [keyed("key-1", 2), keyed("key-9", 3), keyed("key-1b", 4)];
      expect(await neighbour().save({ ...write, requests, outbox: "outbox-b" })).toEqual({
        kind: "keys-taken",
        keys: ["key-1"],
      });
      expect(await sagas().load([2, 3, 4])).toEqual(new Map());
      expect(await sagas().readRequest("key-9")).toBeUndefined();
      expect(await sagas().readRequest("key-1")).toMatchObject({ orderId: 1 });
      expect(await sagas().stats()).toEqual(before);
      expect(await neighbour().save({ ...write, outbox: "outbox-b" })).toEqual({ kind: "saved", lastSeq: 3 });
    });

    test("all keys that are taken are named, and a repeat of the very same save by its orders", async () => {
      await sagas().save(keyedPlacing([1, 2, 3]));
      const requests = [keyed("key-3", 7), keyed("key-7", 8), keyed("key-1", 9)];
      expect(await sagas().save({ ...placing([7, 8, 9]), requests })).toEqual({
        kind: "keys-taken",
        keys: ["key-1", "key-3"],
      });
      expect(await sagas().save(keyedPlacing([1, 2, 3]))).toEqual({ kind: "conflicts", orderIds: [1, 2, 3] });
      // As after a look: the orders are there, and nothing is left to write but the keys.
      expect(await sagas().save(writeOf({ requests: [keyed("key-1", 1)] }))).toEqual({
        kind: "keys-taken",
        keys: ["key-1"],
      });
    });

    test("a save that is refused for another reason leaves its keys free", async () => {
      await sagas().save(placing([1]));
      expect((await sagas().save(keyedPlacing([1]))).kind).toBe("conflicts");
      expect(await sagas().readRequest("key-1")).toBeUndefined();
      expect(await sagas().save({ ...placing([2]), requests: [keyed("key-1", 2)] })).toMatchObject({
        kind: "saved",
      });
    });

    test("of two that want the same keys at the same moment one has them all, in whatever order they ask", async () => {
      for (let round = 0; round < 10; round += 1) {
        const [first, second] = [10 * round + 1, 10 * round + 5];
        const keys = ["a", "b", "c", "d"].map((letter) => `${letter}-${round}`);
        const wanting = (base: number, asked: readonly string[], outbox: string) => ({
          ...placing(
            asked.map((_, index) => base + index),
            outbox,
          ),
          requests: asked.map((key, index) => keyed(key, base + index)),
        });
        const outcomes: readonly SagaSaveOutcome[] = await Promise.all([
          sagas().save(wanting(first, keys, "outbox-a")),
          neighbour().save(wanting(second, keys.toReversed(), "outbox-b")),
        ]);
        expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(["keys-taken", "saved"]);
        const winner = outcomes[0]?.kind === "saved" ? first : second;
        const orderIds = await Promise.all(
          keys.map(async (key) => (await sagas().readRequest(key))?.orderId),
        );
        expect(new Set(orderIds)).toEqual(new Set([winner, winner + 1, winner + 2, winner + 3]));
      }
      const stored = [...(await textsOf(sagas(), "outbox-a")), ...(await textsOf(sagas(), "outbox-b"))];
      expect(stored).toHaveLength(40);
    });

    test("old keys are forgotten a few at a time, the oldest first, and are free again", async () => {
      const requests = [3000, 1000, 2000, 4000].map((requestedAtMs, index) =>
        keyed(`key-${requestedAtMs}`, index + 1, { requestedAtMs }),
      );
      await sagas().save({ ...placing([1, 2, 3, 4]), requests });
      const known = async () => {
        const found = await Promise.all(requests.map(({ key }) => neighbour().readRequest(key)));
        return found.flatMap((request) => request?.orderId ?? []);
      };
      expect(await sagas().forgetRequests(1000, 10)).toBe(0);
      expect(await sagas().forgetRequests(4000, 2)).toBe(2);
      expect(await known()).toEqual([1, 4]);
      expect(await neighbour().forgetRequests(4000.5, 10)).toBe(1);
      expect(await known()).toEqual([4]);
      expect(await sagas().forgetRequests(4001, 0)).toBe(0);
      // The orders stay.
      expect((await sagas().list({ offset: 0, limit: 10 })).total).toBe(4);
      const again = { ...placing([5]), requests: [keyed("key-1000", 5)] };
      expect((await neighbour().save(again)).kind).toBe("saved");
      expect(await sagas().readRequest("key-1000")).toMatchObject({ orderId: 5 });
    });

    test("what no key can be is nobody's, and refused by name; nothing is written then", async () => {
      for (const key of ["", " ", "a b", "a\0", "clé", "\u{1f511}", "k".repeat(256)]) {
        expect(await sagas().readRequest(key)).toBeUndefined();
        const error = await rejectionOf(sagas().save({ ...placing([1]), requests: [keyed(key, 1)] }));
        expect(String(error)).toContain("an Idempotency-Key must be 1 to 255 visible ASCII characters");
      }
      const bugs = [
        [[keyed("k", 1), keyed("k", 2)], "an Idempotency-Key is twice in one save"],
        [[keyed("k", 1, { fingerprint: "x" })], "fingerprint must be 64 hexadecimal digits"],
        [[keyed("k", 0)], "orderId must be a positive integer, got 0"],
        [[keyed("k", 1, { requestedAtMs: Number.NaN })], "time must be a number of milliseconds, got NaN"],
      ] as const;
      for (const [requests, reason] of bugs) {
        expect(String(await rejectionOf(sagas().save({ ...placing([1]), requests })))).toContain(reason);
      }
      expect(await sagas().read(1)).toBeUndefined();
    });
  });
}
