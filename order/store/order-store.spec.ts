// What every order store promises, whatever keeps its rows. The suites that run it are beside it: sqlite.test.ts and
// postgres.real.test.ts.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { OrderStore, StoredOrder } from "./order-store.ts";
import {
  changing,
  conflictsOf,
  saveMissing,
  createOrder,
  createWriter,
  createdOrder,
  creation,
  foldEvents,
  stateOf,
  rejectionOf,
  updatedOrder,
  withEventId,
  type StatusEvent,
  type StorePlace,
} from "./order-store-fixtures.ts";
import { UnstorableOrder } from "./storable.ts";
import { StoreUnavailable } from "./store-unavailable.ts";

export function describeOrderStore(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`the order store in ${name}`, () => {
    let place: StorePlace;
    /** Two instances of the service on one store. */
    let store: OrderStore;
    let neighbour: OrderStore;

    beforeEach(async () => {
      place = await createPlace();
      store = await place.open();
      neighbour = await place.open();
    });
    afterEach(async () => {
      await store.close();
      await neighbour.close();
      await place.remove();
    });

    test("gives back every value exactly as it was saved", async () => {
      const orders = [
        createdOrder("plain"),
        createdOrder("no event id", {
          createdBy: { topic: "orders", partition: 0, offset: 0, eventId: null },
        }),
        createdOrder("\\N", { customerId: "", status: "\\.", createdBy: withEventId("\\N") }),
        createdOrder(`quotes " ' and {braces}, NULL`, {
          customerId: "tab\tline\nreturn\r\\t\\\\",
          status: "\u0001\u007f",
        }),
        createdOrder("Ünïcödé 注文 😀 \ufffd", {
          customerId: "e\u0301",
          items: [{ itemId: "😀\0\ud800", quantity: 1, priceCents: 0 }],
        }),
        createdOrder("largest", {
          totalCents: Number.MAX_SAFE_INTEGER,
          shippingCents: Number.MAX_SAFE_INTEGER,
          createdBy: {
            topic: "orders",
            partition: 2 ** 31 - 1,
            offset: Number.MAX_SAFE_INTEGER,
            eventId: "e",
          },
          applied: { "orders/2147483647": Number.MAX_SAFE_INTEGER, "a/0": 0 },
          version: 2 ** 31 - 1,
        }),
        createdOrder("many lines", {
          items: Array.from({ length: 1000 }, (_, line) => ({
            itemId: `ITEM-${line}`,
            quantity: 1,
            priceCents: line,
          })),
        }),
      ];
      expect(await store.save(changing(orders.map(creation)))).toEqual({ kind: "saved" });
      const loaded = await neighbour.load(orders.map((order) => order.orderId));
      expect([...loaded.keys()].sort()).toEqual(orders.map((order) => order.orderId).sort());
      for (const order of orders) {
        expect(loaded.get(order.orderId)).toEqual(stateOf(order));
        expect(await neighbour.readDetails(order.orderId)).toEqual(order);
      }
    });

    test("loads what exists and leaves out what does not", async () => {
      await store.save(changing([createOrder("a"), createOrder("b")]));
      expect([...(await store.load(["b", "missing", "a", "b"])).keys()].sort()).toEqual(["a", "b"]);
      expect(await store.load([])).toEqual(new Map());
      expect(await store.readDetails("a")).toEqual(createdOrder("a"));
      expect(await store.readDetails("missing")).toBeUndefined();
    });

    test("an id is compared by its exact characters", async () => {
      await store.save(changing([createOrder("é"), createOrder("A"), createOrder("a ")]));
      const loaded = await store.load(["e\u0301", "a", "A ", "%", "_", "é"]);
      expect([...loaded.keys()]).toEqual(["é"]);
    });

    test("a create of an order that exists conflicts, and nothing of its batch is written", async () => {
      await store.save(changing([createOrder("b")]));
      const outcome = await neighbour.save(
        changing([
          createOrder("a"),
          creation(createdOrder("b", { customerId: "somebody else" })),
          createOrder("c"),
        ]),
      );
      expect(outcome).toEqual({ kind: "conflicts", orderIds: ["b"] });
      expect(await store.load(["a", "b", "c"])).toEqual(new Map([["b", stateOf(createdOrder("b"))]]));
      expect(await store.readDetails("b")).toEqual(createdOrder("b"));
      expect(await store.count()).toBe(1);
    });

    test("an update writes status, applied offsets and version, and keeps what the create fixed", async () => {
      await store.save(changing([createOrder("a")]));
      const created = createdOrder("a");
      const shipped = { status: "shipped", applied: { "order-events/0": 7, "status/2": 1 }, version: 3 };
      const disguised = { ...created, ...shipped, customerId: "somebody else", totalCents: 1, items: [] };
      expect(await store.save(changing([{ order: disguised, expectedVersion: 1 }]))).toEqual({
        kind: "saved",
      });
      expect(await neighbour.readDetails("a")).toEqual({ ...created, ...shipped });
    });

    test("an update of another version than the stored one, or of no order, conflicts and writes nothing", async () => {
      await store.save(changing([createOrder("a")]));
      await store.save(changing([updatedOrder("a", 1, "shipped")]));
      const outcome = await neighbour.save(
        changing([updatedOrder("a", 1, "lost"), updatedOrder("missing", 1, "lost")]),
      );
      expect(conflictsOf(outcome)).toEqual(["a", "missing"]);
      expect(await store.readDetails("a")).toEqual(updatedOrder("a", 1, "shipped").order);
      expect(await store.count()).toBe(1);
    });

    test("a batch of creates and updates is written whole or not at all", async () => {
      await store.save(changing(["u1", "u2", "taken"].map((orderId) => createOrder(orderId))));
      await neighbour.save(changing([updatedOrder("u2", 1, "first")]));
      const outcome = await store.save(
        changing([
          updatedOrder("u2", 1, "second"),
          createOrder("new"),
          updatedOrder("u1", 1, "shipped"),
          createOrder("taken"),
        ]),
      );
      expect(conflictsOf(outcome)).toContain("taken");
      const statuses = async () =>
        (await store.list({ limit: 10 })).map(({ orderId, status }) => [orderId, status]);
      expect(await statuses()).toEqual([
        ["taken", "new"],
        ["u1", "new"],
        ["u2", "first"],
      ]);
      expect(await store.count()).toBe(3);
      const rest = [updatedOrder("u2", 2, "second"), createOrder("new"), updatedOrder("u1", 1, "shipped")];
      expect(await store.save(changing(rest))).toEqual({ kind: "saved" });
      expect(await statuses()).toEqual([
        ["new", "new"],
        ["taken", "new"],
        ["u1", "shipped"],
        ["u2", "second"],
      ]);
      expect(await store.count()).toBe(4);
    });

    test("a batch that lost names every order that stands against it", async () => {
      await store.save(changing(["u1", "u2", "taken", "too"].map((orderId) => createOrder(orderId))));
      await neighbour.save(changing([updatedOrder("u2", 1, "first")]));
      const creates = [createOrder("too"), createOrder("new"), createOrder("taken")];
      expect(conflictsOf(await store.save(changing(creates)))).toEqual(["taken", "too"]);
      const all = changing([...creates, updatedOrder("u1", 1, "x"), updatedOrder("u2", 1, "x")]);
      expect(conflictsOf(await store.save(all))).toEqual(["taken", "too", "u2"]);
      const updates = changing([updatedOrder("u2", 1, "x"), updatedOrder("u1", 1, "x")]);
      expect(conflictsOf(await store.save(updates))).toEqual(["u2"]);
      expect((await store.readDetails("u1"))?.status).toBe("new");
    });

    test("saving the same batch twice has one effect, so an unknown outcome may be repeated", async () => {
      const batch = [createOrder("a"), createOrder("b")];
      await store.save(changing(batch));
      expect(conflictsOf(await store.save(changing(batch)))).toEqual(["a", "b"]);
      const update = [updatedOrder("a", 1, "shipped")];
      await store.save(changing(update));
      expect(conflictsOf(await store.save(changing(update)))).toEqual(["a"]);
      expect((await store.readDetails("a"))?.version).toBe(2);
      expect(await store.count()).toBe(2);
    });

    test("of two instances that create the same orders at once, one wins and the other is told", async () => {
      const ids = Array.from({ length: 500 }, (_, index) => `order-${index}`);
      const mine = ids.map((orderId) => creation(createdOrder(orderId, { customerId: "mine" })));
      const theirs = ids
        .toReversed()
        .map((orderId) => creation(createdOrder(orderId, { customerId: "theirs" })));
      const [first, second] = await Promise.all([
        store.save(changing(mine)),
        neighbour.save(changing(theirs)),
      ]);
      expect([first.kind, second.kind].sort()).toEqual(["conflicts", "saved"]);
      const winner = first.kind === "saved" ? "mine" : "theirs";
      const stored = await store.list({ limit: 1000 });
      expect(new Set(stored.map(({ customerId }) => customerId))).toEqual(new Set([winner]));
      expect(await neighbour.count()).toBe(500);
    });

    test("instances that update the same orders at once lose no update and do not lock each other out", async () => {
      const ids = Array.from({ length: 60 }, (_, index) => `order-${index}`);
      await store.save(changing(ids.map((orderId) => createOrder(orderId))));
      const rounds = 8;
      async function bump(writer: OrderStore, mine: readonly string[]): Promise<void> {
        for (let round = 0; round < rounds; round++) {
          for (let open = true; open;) {
            const loaded = await writer.load(mine);
            const orders = mine.map((orderId) => loaded.get(orderId) ?? createdOrder(orderId));
            const changes = orders.map((order) => ({
              order: { ...order, version: order.version + 1 },
              expectedVersion: order.version,
            }));
            open = conflictsOf(await writer.save(changing(changes))).length > 0;
          }
        }
      }
      await Promise.all([
        bump(store, ids),
        bump(neighbour, ids.toReversed()),
        bump(store, ids.slice(20, 40)),
      ]);
      for (const { orderId, version } of await store.list({ limit: 100 })) {
        const writers = ids.indexOf(orderId) >= 20 && ids.indexOf(orderId) < 40 ? 3 : 2;
        expect([orderId, version]).toEqual([orderId, 1 + writers * rounds]);
      }
    });

    test("whatever way two writers interleave, the outcome is that of their events one after the other", async () => {
      const event = fc.record({
        order: fc.integer({ min: 0, max: 3 }),
        status: fc.constantFrom("x", "y", "z"),
      });
      const batches = fc.array(fc.array(event, { minLength: 1, maxLength: 4 }), { maxLength: 5 });
      let run = 0;
      await fc.assert(
        fc.asyncProperty(batches, batches, fc.infiniteStream(fc.boolean()), async (left, right, turns) => {
          run += 1;
          const prefix = `run-${run}`;
          const countBefore = await store.count();
          const log: StatusEvent[] = [];
          const first = createWriter(store, toEvents(prefix, "left", left), log);
          const second = createWriter(neighbour, toEvents(prefix, "right", right), log);
          while (first.busy || second.busy) await (turns.next().value === true ? first : second).step();
          expect(log.length).toBe([...left, ...right].flat().length);
          const expected = foldEvents(log);
          expect(await store.load([...expected.keys()])).toEqual(
            new Map([...expected].map(([orderId, order]) => [orderId, stateOf(order)])),
          );
          expect(await store.count()).toBe(countBefore + expected.size);
        }),
        { numRuns: 60 },
      );
    });

    test("lists by the bytes of the id, in pages that stay stable while orders are added", async () => {
      // U+FFFD sorts before U+1F600 by bytes and code points, after it by UTF-16 code units.
      const ids = ["A", "B", "a", "a1", "aa", "b", "~", "é", "注", "\ufffd", "😀"];
      await store.save(changing(ids.toReversed().map((orderId) => createOrder(orderId))));
      const firstPage = await store.list({ limit: 4 });
      expect(firstPage.map((order) => order.orderId)).toEqual(ids.slice(0, 4));
      await neighbour.save(changing([createOrder("0"), createOrder("a11")]));
      const secondPage = await store.list({ limit: 4, afterOrderId: "a1" });
      expect(secondPage.map((order) => order.orderId)).toEqual(["a11", "aa", "b", "~"]);
      const lastPage = await store.list({ limit: 10, afterOrderId: "~" });
      expect(lastPage.map((order) => order.orderId)).toEqual(["é", "注", "\ufffd", "😀"]);
      expect(await store.list({ limit: 10, afterOrderId: "😀" })).toEqual([]);
    });

    test("names the orders that an event of a topic was applied to, and no other topic's", async () => {
      const on = (orderId: string, applied: Record<string, number>) =>
        creation(createdOrder(orderId, { applied }));
      await store.save(
        changing([
          on("c", { "orders/0": 5 }),
          on("b", { "status/1": 5, "orders/12": 0 }),
          on("a", { "status/1": 6 }),
          on("d", { "my-orders/0": 1 }),
          on("e", { "orders-2/0": 1 }),
          on("f", { 'x"orders/0': 1 }),
        ]),
      );
      expect(await store.idsFromTopic("orders")).toEqual(["b", "c"]);
      expect(await store.idsFromTopic("status")).toEqual(["a", "b"]);
      for (const unknown of ["order", "rders", "%", "o_ders", "", "5", "orders/0", "nul\0", "\ud800"]) {
        expect(await store.idsFromTopic(unknown)).toEqual([]);
      }
    });

    test("counts exactly, on every instance, after creates, conflicts and updates", async () => {
      expect(await store.count()).toBe(0);
      await Promise.all(
        Array.from({ length: 20 }, (_, batch) =>
          saveMissing(
            batch % 2 === 0 ? store : neighbour,
            Array.from({ length: 30 }, (_, index) => createOrder(`order-${batch * 15 + index}`)),
          ),
        ),
      );
      expect(await store.count()).toBe(19 * 15 + 30);
      await store.save(
        changing([updatedOrder("order-0", 1, "shipped"), updatedOrder("missing", 1, "shipped")]),
      );
      expect(await neighbour.count()).toBe((await store.list({ limit: 1000 })).length);
    });

    test("an order that no store can hold is named, and nothing of its batch is written", async () => {
      const unstorable: Partial<StoredOrder>[] = [
        { customerId: "nul\0" },
        { orderId: "half\ud83d" },
        { orderId: "long".repeat(1000) },
        { status: "\udc00" },
        { totalCents: 0.5 },
        { shippingCents: 2 ** 53 },
        { totalCents: Number.NaN },
        { createdBy: withEventId("\0") },
        { version: 0 },
      ];
      for (const flaw of unstorable) {
        const order = createdOrder("flawed", flaw);
        const saving = store.save(changing([createOrder("good"), creation(order)]));
        expect(await rejectionOf(saving)).toMatchObject({ name: "UnstorableOrder", orderId: order.orderId });
        expect(await rejectionOf(saving)).toBeInstanceOf(UnstorableOrder);
      }
      expect(await store.count()).toBe(0);
      expect(await store.save(changing([createOrder("good")]))).toEqual({ kind: "saved" });
    });

    test("text that no store can hold is looked up and not found", async () => {
      await store.save(changing([createOrder("\ufffd"), createOrder("a")]));
      expect((await store.load(["\ud800", "a\0", "a"])).size).toBe(1);
      expect(await store.readDetails("\ud800")).toBeUndefined();
      expect(await store.list({ limit: 10, afterOrderId: "\ud800" })).toEqual([]);
    });

    test("an order given twice in one batch is refused as a bug", async () => {
      const saving = store.save(changing([createOrder("a"), updatedOrder("a", 1, "shipped")]));
      expect(String(await rejectionOf(saving))).toContain('order "a" is twice in one batch');
      expect(await store.count()).toBe(0);
    });

    test("changes that were staged are saved like any others, once, and only when they are saved", async () => {
      const changes = [createOrder("staged"), createOrder("staged too")];
      store.stage(changes);
      expect(await store.count()).toBe(0);
      expect(await store.save(changing(changes))).toEqual({ kind: "saved" });
      expect([...(await neighbour.load(["staged", "staged too"])).keys()].sort()).toEqual([
        "staged",
        "staged too",
      ]);
      expect(conflictsOf(await store.save(changing(changes)))).toEqual(["staged", "staged too"]);
    });

    test("a batch of ten thousand orders is one transaction like any other", async () => {
      const ids = Array.from({ length: 10_000 }, (_, index) => `order-${index}`);
      await store.save(changing([createOrder("order-77")]));
      const creates = ids.map((orderId) => createOrder(orderId));
      store.stage(creates);
      expect(conflictsOf(await store.save(changing(creates)))).toEqual(["order-77"]);
      await saveMissing(store, creates);
      const updates = ids.map((orderId) => updatedOrder(orderId, 1, "shipped"));
      neighbour.stage(updates);
      expect(await neighbour.save(changing(updates))).toEqual({ kind: "saved" });
      expect((await store.load(ids)).size).toBe(10_000);
      expect(await store.count()).toBe(10_000);
    });

    test("an empty batch is done, a ping answers, and a closed store refuses", async () => {
      expect(await store.save(changing([]))).toEqual({ kind: "saved" });
      await store.ping();
      await store.close();
      expect(await rejectionOf(store.ping())).toBeInstanceOf(StoreUnavailable);
      expect(await rejectionOf(store.save(changing([createOrder("late")])))).toBeInstanceOf(StoreUnavailable);
    });
  });
}

/** The batches of one topic, offsets counted through. */
function toEvents(
  prefix: string,
  topic: string,
  batches: readonly { readonly order: number; readonly status: string }[][],
): StatusEvent[][] {
  let offset = 0;
  return batches.map((batch) =>
    batch.map(({ order, status }) => ({ orderId: `${prefix}-${order}`, status, topic, offset: offset++ })),
  );
}
