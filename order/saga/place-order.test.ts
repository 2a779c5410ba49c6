import { afterEach, describe, expect, test } from "bun:test";
import type { TransactionOutcome } from "../../kafka/transactional-publisher.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { type BenchOptions, openSagaBench, settle, topics } from "./saga-bench.ts";

const anyItems = [{ productId: "P-1", quantity: 1, price: 10 }];
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(options?: BenchOptions) {
  const bench = await openSagaBench(options);
  closing.push(() => bench.close());
  const place = (customerId: string, idempotencyKey?: string) =>
    bench.commands.place(
      { customerId, items: anyItems },
      { requestId: "request-1", ...(idempotencyKey === undefined ? {} : { idempotencyKey }) },
    );
  return { ...bench, place };
}

const failure = (kind: "unavailable" | "unknown"): TransactionOutcome => ({
  ok: false,
  failure: { kind, code: -185, message: "No broker answers", index: null },
});

describe("placing an order", () => {
  test("is answered when its NEW is committed to its topic, not before", async () => {
    const committing = Promise.withResolvers<void>();
    const { place } = await open({
      async answer(records) {
        await committing.promise;
        return { ok: true, value: records.map((_, offset) => ({ partition: 0, offset })) };
      },
    });
    let isAnswered = false;
    const placed = place("CUST-1").finally(() => (isAnswered = true));
    await settle();
    expect(isAnswered).toBe(false);
    committing.resolve();
    expect(await placed).toMatchObject({ ok: true, value: { orderId: 1, status: "NEW", source: null } });
  });

  test("shares a save and a transaction with orders of the same moment", async () => {
    const { place, calls, transactions } = await open();
    calls.splice(0);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => place(`CUST-${index}`)));
    expect(new Set(answers.map((answer) => answer.ok && answer.value.orderId)).size).toBe(50);
    expect(calls.filter((name) => name === "save")).toHaveLength(1);
    expect(transactions.map((records) => records.length)).toEqual([50]);
  });

  test("has no effect and says so while nothing can be published", async () => {
    const { place, clock, store, outbox } = await open({ answer: async () => failure("unavailable") });
    void place("CUST-1");
    await settle();
    for (let second = 0; second < 6; second += 1) {
      clock.advance(1000);
      await settle();
    }
    expect(outbox.blockedBy).toBe("No broker answers");
    const placed = await place("CUST-2");
    expect(placed).toMatchObject({ ok: false, failure: { code: "unavailable" } });
    expect(await store.list({ offset: 0, limit: 10 })).toMatchObject({ total: 1 });
  });

  test("that is stored and not confirmed in time is an unknown outcome that names the order", async () => {
    const { place, clock } = await open({ answer: async () => failure("unavailable") });
    const placed = place("CUST-1");
    await settle();
    clock.advance(5000);
    expect(await placed).toMatchObject({
      ok: false,
      failure: { code: "outcome_unknown", message: expect.stringContaining("Order 1 is stored") },
    });
  });

  test("has no effect when the store cannot give it an id", async () => {
    const { place, store } = await open({
      intercept: () => ({
        allocateOrderIds: async () => {
          throw new StoreUnavailable("away");
        },
      }),
    });
    expect(await place("CUST-1")).toMatchObject({ ok: false, failure: { code: "unavailable" } });
    expect(await store.list({ offset: 0, limit: 10 })).toMatchObject({ total: 0 });
  });

  test("whose save was not answered is written once, and answered when that is certain", async () => {
    let isLost = true;
    const { place, clock, published } = await open({
      intercept: (store) => ({
        async save(write) {
          const saved = await store.save(write);
          if (isLost) {
            isLost = false;
            throw new StoreUnavailable("gone during COMMIT");
          }
          return saved;
        },
      }),
    });
    const placed = place("CUST-1", "key-1");
    await settle();
    clock.advance(200);
    await settle();
    clock.advance(200);
    expect(await placed).toMatchObject({ ok: true, value: { orderId: 1 } });
    expect(published(topics.orders)).toHaveLength(1);
  });

  test("of an unknown outcome is never told to have had none", async () => {
    const { place, clock } = await open({
      intercept: () => ({
        save: async () => {
          throw new StoreUnavailable("away");
        },
      }),
    });
    const placed = place("CUST-1");
    for (let second = 0; second < 6; second += 1) {
      await settle();
      clock.advance(1000);
    }
    expect(await placed).toMatchObject({ ok: false, failure: { code: "outcome_unknown" } });
  });

  test("again under its Idempotency-Key has the first answer, also on another instance; another body is refused", async () => {
    const { place, published } = await open();
    const [first, same] = await Promise.all([place("CUST-1", "key-1"), place("CUST-1", "key-1")]);
    expect(same).toEqual(first);
    expect(await place("CUST-1", "key-1")).toEqual(first);
    expect(await place("CUST-2", "key-1")).toMatchObject({
      ok: false,
      failure: { code: "idempotency_key_reused" },
    });
    expect(published(topics.orders)).toHaveLength(1);
  });

  test("under a key that another instance takes at the same moment becomes that instance's order", async () => {
    let isFirst = true;
    const { place, store, published, clock } = await open({
      intercept: (store) => ({
        async readRequest(key) {
          if (!isFirst) return store.readRequest(key);
          isFirst = false;
          return undefined;
        },
      }),
    });
    const other = await place("CUST-1", "key-1");
    isFirst = true;
    const again = place("CUST-1", "key-1");
    await settle();
    clock.advance(100);
    expect(await again).toEqual(other);
    expect(await store.list({ offset: 0, limit: 10 })).toMatchObject({ total: 1 });
    expect(published(topics.orders)).toHaveLength(1);
  });

  test("of an unknown product or for another price is refused by name", async () => {
    const { commands } = await open();
    const refused = await commands.place(
      {
        customerId: "CUST-1",
        items: [
          { productId: "NO-SUCH", quantity: 1, price: 1 },
          { productId: "P-1", quantity: 1, price: 9 },
        ],
      },
      { requestId: "request-1" },
    );
    expect(refused).toMatchObject({
      ok: false,
      failure: {
        code: "invalid_request",
        problems: [expect.stringContaining("NO-SUCH"), expect.stringContaining("P-1")],
      },
    });
  });
});
