// Idempotency-Keys of placements through the real placer, writer and store: two instances that share a database, each with an
// outbox whose publisher a test can hold.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { errorTable } from "../../contract/errors.ts";
import type { PlaceOrder } from "../../contract/sagas.ts";
import { createTestClock, type TestClock } from "../../service/test-clock.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import type { OrderStore } from "../store/order-store.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { createBuiltInCatalog } from "./catalog/built-in-catalog.ts";
import { decision } from "./domain/saga-fixtures.ts";
import { decide } from "./domain/transitions.ts";
import { createKeyRetention } from "./key-retention.ts";
import { createOrderPlacer } from "./order-placer.ts";
import { createSagaCommands } from "./place-order.ts";
import { fingerprintOf } from "./request-fingerprint.ts";
import { createSagaMessages } from "./saga-messages.ts";
import { createSagaWriter } from "./saga-writer.ts";
import type { SagaStore, SagaWrite } from "./store/saga-store.ts";

const startMs = Date.parse("2026-03-02T09:30:00.000Z");
const windowMs = 10_000;
const dayMs = 24 * 60 * 60 * 1000;

const orderOf = (customerId: string): PlaceOrder => ({
  customerId,
  items: [{ productId: "P-1", quantity: 2, price: 10 }],
});

/** What happens to a save: `lost` is written, and nobody hears of it. */
type Fate = "answered" | "refused" | "lost";

function createInstance(
  shared: SagaStore,
  id: string,
  clock: TestClock,
  fateOf: () => Fate = () => "answered",
) {
  let isHeld = false;
  let held: (() => void)[] = [];
  const saves: SagaWrite[] = [];
  const store: SagaStore = {
    ...shared,
    async save(write) {
      saves.push(write);
      const fate = fateOf();
      if (fate === "refused") throw new StoreUnavailable("simulated");
      const outcome = await shared.save(write);
      if (fate === "lost") throw new StoreUnavailable("simulated");
      return outcome;
    },
  };
  const outbox = {
    id,
    blockedBy: undefined,
    offer: () => undefined,
    async published(seq: number) {
      if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
      await store.settleOutbox(id, seq, {});
    },
  };
  const messages = createSagaMessages({
    codec: {
      encode: () => {
        throw new Error("a placement has no dead letter");
      },
    },
    reader: {
      describe: () => {
        throw new Error("a placement has no dead letter");
      },
    },
    ordersTopic: "orders",
    dlqTopic: "recovererDLQ",
  });
  const writer = createSagaWriter({ store, messages, outbox, clock });
  const placer = createOrderPlacer({ store, writer, outbox, windowMs, clock });
  const commands = createSagaCommands({ catalog: createBuiltInCatalog(), store, placer, clock });
  return {
    saves,
    placer,
    place: (order: PlaceOrder, idempotencyKey?: string) =>
      commands.place(order, {
        requestId: "request",
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      }),
    hold: () => void (isHeld = true),
    release() {
      isHeld = false;
      for (const resolve of held) resolve();
      held = [];
    },
  };
}

type Answer = Awaited<ReturnType<ReturnType<typeof createInstance>["place"]>>;

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Time passes until all are answered. */
async function answersOf(clock: TestClock, asked: readonly Promise<Answer>[]): Promise<readonly Answer[]> {
  let isDone = false;
  const all = Promise.all(asked).finally(() => (isDone = true));
  while (!isDone) {
    await turn();
    clock.advance(50);
  }
  return all;
}

function orderIdOf(answer: Answer | undefined): number {
  if (answer?.ok !== true) throw new Error(`not placed: ${JSON.stringify(answer)}`);
  return answer.value.orderId;
}

const codeOf = (answer: Answer | undefined) => (answer?.ok === false ? answer.failure.code : undefined);

describe("orders placed under an Idempotency-Key", () => {
  let orders: OrderStore;
  let store: SagaStore;
  let clock: TestClock;
  let left: ReturnType<typeof createInstance>;
  let right: ReturnType<typeof createInstance>;

  beforeEach(async () => {
    orders = await openOrderStore(undefined);
    store = orders.sagas;
    clock = createTestClock(startMs);
    left = createInstance(store, "left", clock);
    right = createInstance(store, "right", clock);
  });
  afterEach(() => orders.close());

  const total = async () => (await store.list({ offset: 0, limit: 1 })).total;

  test("a repeat is answered with the same order on every instance, and is placed once", async () => {
    const first = await left.place(orderOf("CUST-1"), "key");
    expect(first).toMatchObject({ ok: true, value: { customerId: "CUST-1", status: "NEW" } });
    expect(await left.place(orderOf("CUST-1"), "key")).toEqual(first);
    expect(await right.place(orderOf("CUST-1"), "key")).toEqual(first);
    expect(await total()).toBe(1);
  });

  test("the answer is the order as it was placed, also when it has been settled meanwhile", async () => {
    const first = await left.place(orderOf("CUST-1"), "key");
    const orderId = orderIdOf(first);
    const placed = await store.read(orderId);
    const settled = (["payment", "stock"] as const).reduce(
      (saga, side) => decide(saga, decision({ orderId, side }), startMs, windowMs).saga,
      placed,
    );
    if (placed === undefined || settled === undefined) throw new Error("it was placed");
    await store.save({
      progress: [],
      changes: [{ saga: settled, expectedVersion: placed.version }],
      messages: [],
      outbox: "left",
    });
    expect((await store.read(orderId))?.status).toBe("CONFIRMED");
    expect(await right.place(orderOf("CUST-1"), "key")).toEqual(first);
  });

  test("how the JSON was written does not count; what it says does", async () => {
    const turned: PlaceOrder = {
      items: [{ price: 10, quantity: 2, productId: "P-1" }],
      customerId: "CUST-1",
    };
    const first = await left.place(orderOf("CUST-1"), "key");
    expect(await right.place(turned, "key")).toEqual(first);
    const [line] = turned.items;
    if (line === undefined) throw new Error("it has a line");
    const others: readonly PlaceOrder[] = [
      { ...turned, customerId: "CUST-2" },
      { ...turned, items: [{ ...line, quantity: 3 }] },
      { ...turned, items: [line, line] },
    ];
    for (const other of others) {
      expect(fingerprintOf(other)).not.toBe(fingerprintOf(turned));
      expect(codeOf(await right.place(other, "key"))).toBe("idempotency_key_reused");
      expect(codeOf(await left.place(other, "key"))).toBe("idempotency_key_reused");
    }
    expect(await total()).toBe(1);
  });

  test("another order under a key that is being placed is refused too", async () => {
    left.hold();
    const first = left.place(orderOf("CUST-1"), "key");
    expect(codeOf(await left.place(orderOf("CUST-2"), "key"))).toBe("idempotency_key_reused");
    left.release();
    orderIdOf(await first);
    expect(await total()).toBe(1);
  });

  test("two at the same moment on one instance are one order, and so are two on two instances", async () => {
    const answers = await Promise.all(
      [left, left, right, left, right].map((instance) => instance.place(orderOf("CUST-1"), "key")),
    );
    expect(new Set(answers.map(orderIdOf)).size).toBe(1);
    expect(await total()).toBe(1);
  });

  test("a key that another instance takes meanwhile costs its group commit a repeat, and no order", async () => {
    const first = right.place(orderOf("CUST-1"), "key");
    const others = ["A", "B", "C"].map((customerId) => left.place(orderOf(customerId), `key-${customerId}`));
    const answers = await Promise.all([first, left.place(orderOf("CUST-1"), "key"), ...others]);
    expect(new Set(answers.map(orderIdOf)).size).toBe(4);
    expect(orderIdOf(answers[1])).toBe(orderIdOf(answers[0]));
    expect(await total()).toBe(4);
    // Both had looked the key up before either had written it.
    expect(left.saves.map(({ changes }) => changes.length)).toEqual([4, 3]);
  });

  test("repeats that come together cost their group commit nothing", async () => {
    const asked = [1, 2, 3, 4].map(() => left.place(orderOf("CUST-1"), "key"));
    const answers = await Promise.all([...asked, left.place(orderOf("CUST-2"), "key-2")]);
    expect(new Set(answers.map(orderIdOf)).size).toBe(2);
    expect(left.saves.map(({ changes }) => changes.length)).toEqual([2]);
  });

  test("a repeat is not answered before the order is on its topic, whichever instance it comes to", async () => {
    left.hold();
    const first = left.place(orderOf("CUST-1"), "key");
    let answered = 0;
    const repeats = [left, right].map(async (instance) => {
      const answer = await instance.place(orderOf("CUST-1"), "key");
      answered += 1;
      return answer;
    });
    for (let step = 0; step < 20; step += 1) {
      await turn();
      clock.advance(50);
    }
    expect(answered).toBe(0);
    left.release();
    const answers = await answersOf(clock, [first, ...repeats]);
    expect(new Set(answers.map(orderIdOf)).size).toBe(1);
  });

  test("while Kafka is away the outcome is told as unknown, and a repeat later is the same order", async () => {
    left.hold();
    const [first] = await answersOf(clock, [left.place(orderOf("CUST-1"), "key")]);
    const again = await answersOf(
      clock,
      [left, right].map((instance) => instance.place(orderOf("CUST-1"), "key")),
    );
    for (const answer of [first, ...again]) {
      expect(answer).toMatchObject({
        ok: false,
        failure: { code: "outcome_unknown", message: expect.stringContaining("is stored") },
      });
    }
    expect(codeOf(await right.place(orderOf("CUST-2"), "key"))).toBe("idempotency_key_reused");
    left.release();
    const answers = await answersOf(
      clock,
      [left, right].map((instance) => instance.place(orderOf("CUST-1"), "key")),
    );
    expect(new Set(answers.map(orderIdOf)).size).toBe(1);
    expect(await total()).toBe(1);
  });

  test("what was refused has used no key: the corrected order is placed under it", async () => {
    const wrong = { ...orderOf("CUST-1"), items: [{ productId: "P-1", quantity: 2, price: 11 }] };
    expect(codeOf(await left.place(wrong, "key"))).toBe("invalid_request");
    expect(await right.place(orderOf("CUST-1"), "key")).toMatchObject({ ok: true });
  });

  test("a placer that stops in the middle of a doubtful save has placed at most one order", async () => {
    for (const fate of ["refused", "lost"] as const) {
      const dying = createInstance(store, `dying-${fate}`, clock, () => fate);
      const asked = dying.place(orderOf("CUST-1"), fate);
      for (let step = 0; step < 5; step += 1) await turn();
      const before = dying.placer.stop();
      const [answer] = await answersOf(clock, [asked]);
      await before;
      expect(codeOf(answer)).toBe("outcome_unknown");
      expect(errorTable.outcome_unknown.retryable).toBe(true);
      // Its outbox is taken over.
      await store.settleOutbox(`dying-${fate}`, 1, {});
      expect(await right.place(orderOf("CUST-1"), fate)).toMatchObject({ ok: true });
    }
    expect(await total()).toBe(2);
  });

  test("a key that is seven days old is forgotten, and not before", async () => {
    const retention = createKeyRetention({ store, clock });
    const first = orderIdOf(await left.place(orderOf("CUST-1"), "key"));
    retention.start();
    const minutes = async (count: number) => {
      for (let minute = 0; minute < count; minute += 1) {
        clock.advance(60_000);
        await turn();
      }
    };
    clock.advance(7 * dayMs - 3 * 60_000);
    await turn();
    await minutes(2);
    expect(orderIdOf(await right.place(orderOf("CUST-1"), "key"))).toBe(first);
    await minutes(3);
    expect(orderIdOf(await right.place(orderOf("CUST-2"), "key"))).not.toBe(first);
    await retention.stop();
  });

  test("whatever breaks and whoever asks: a key has one order, and all who ask for it get that one", async () => {
    const anyRequest = fc.record({
      isLeft: fc.boolean(),
      key: fc.constantFrom("a", "b", undefined),
      customerId: fc.constantFrom("CUST-1", "CUST-1", "CUST-2"),
      turnsBefore: fc.constantFrom(0, 0, 0, 1, 4),
    });
    const anyFates = fc.array(fc.constantFrom<Fate>("answered", "answered", "refused", "lost"), {
      maxLength: 8,
    });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyRequest, { minLength: 1, maxLength: 10 }),
        anyFates,
        async (requests, fates) => {
          run += 1;
          const before = await total();
          const open = [...fates];
          const instances = ["left", "right"].map((side) =>
            createInstance(store, `${side}-${run}`, clock, () => open.shift() ?? "answered"),
          );
          const nameOf = (key: string) => `${key}-${run}`;
          const ask = ({ isLeft, key, customerId }: (typeof requests)[number]) => {
            const instance = instances[isLeft ? 0 : 1];
            if (instance === undefined) throw new Error("there are two");
            return instance.place(orderOf(customerId), key === undefined ? undefined : nameOf(key));
          };
          const asked: Promise<Answer>[] = [];
          for (const request of requests) {
            for (let step = 0; step < request.turnsBefore; step += 1) await turn();
            asked.push(ask(request));
          }
          const answers = await answersOf(clock, asked);
          // Whoever does not know asks again.
          const ends = await answersOf(
            clock,
            requests.map(async (request, index) => {
              const answer = answers[index];
              if (answer === undefined) throw new Error("each is answered");
              const isOpen =
                request.key !== undefined && !answer.ok && errorTable[answer.failure.code].retryable;
              return isOpen ? ask(request) : answer;
            }),
          );
          const ids = new Set<number>();
          for (const key of ["a", "b"]) {
            const own = requests.flatMap((request, index) => {
              const answer = ends[index];
              return request.key === key && answer !== undefined ? [{ request, answer }] : [];
            });
            if (own.length === 0) continue;
            const winner = await store.readRequest(nameOf(key));
            const order = winner && (await store.read(winner.orderId))?.order;
            if (winner === undefined || !order) throw new Error(`no order under ${key}`);
            ids.add(winner.orderId);
            for (const { request, answer } of own) {
              if (request.customerId === order.customerId) expect(orderIdOf(answer)).toBe(winner.orderId);
              else expect(codeOf(answer)).toBe("idempotency_key_reused");
            }
          }
          for (const [index, { key }] of requests.entries()) {
            if (key === undefined) ids.add(orderIdOf(ends[index]));
          }
          expect(await total()).toBe(before + ids.size);
        },
      ),
      { numRuns: 150 },
    );
  });
});
