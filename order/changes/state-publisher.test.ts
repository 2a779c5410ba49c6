import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { InitOutcome, TransactionOutcome } from "../../kafka/transactional-publisher.ts";
import type { OutgoingRecord } from "../../kafka/record.ts";
import { createLogger } from "../../service/logger.ts";
import { createTestClock } from "../../service/test-clock.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import { changing, createOrder, updatedOrder } from "../store/order-store-fixtures.ts";
import type { OrderStore } from "../store/order-store.ts";
import { createStatePublisher } from "./state-publisher.ts";

const logger = createLogger({ level: "error", format: "json" });

interface Told {
  readonly orderId: string;
  readonly version: number;
}

/** The states as JSON, so that a test can read them. */
const codec = {
  encode: (_topic: string, _name: string, event: unknown) => ({
    ok: true as const,
    value: Buffer.from(JSON.stringify(event)),
  }),
  ready: async () => true,
};

/** A topic behind a transactional id: who was initialised last is the only one that can publish. */
function createBroker() {
  const topic: Told[] = [];
  let epoch = 0;
  return {
    topic,
    connect(turn: () => Promise<unknown>) {
      let own = -1;
      return {
        get initialised() {
          return own !== -1;
        },
        async init(): Promise<InitOutcome> {
          await turn();
          epoch += 1;
          own = epoch;
          return { ok: true };
        },
        async publishAll(records: readonly OutgoingRecord[]): Promise<TransactionOutcome> {
          await turn();
          if (own !== epoch) {
            own = -1;
            return { ok: false, failure: { kind: "fenced", code: 90, index: null, message: "fenced" } };
          }
          topic.push(...records.map(({ value }): Told => JSON.parse(String(value))));
          return { ok: true, value: [] };
        },
      };
    },
  };
}

/** A store of which everybody is the holder at any time: the worst that clocks and pauses can bring about. */
function slowStore(store: OrderStore, turn: () => Promise<unknown>): Pick<OrderStore, "changes" | "list"> {
  const { changes } = store;
  return {
    list: async (page) => {
      const orders = await store.list(page);
      await turn();
      return orders;
    },
    changes: {
      ...changes,
      async hold(holder) {
        const progress = await changes.hold(holder, Number.MAX_SAFE_INTEGER, 0);
        await turn();
        return progress;
      },
      async states(orderIds) {
        const states = await changes.states(orderIds);
        await turn();
        return states;
      },
    },
  };
}

test("versions of an order never fall on the topic, and the last one is the store's, whoever publishes and whenever it is taken over", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.constantFrom("A", "B"), { maxLength: 12 }),
      async (scheduler, ids) => {
        const store = await openOrderStore(undefined);
        const clock = createTestClock(1);
        const broker = createBroker();
        const turn = () => scheduler.schedule(Promise.resolve());
        const publishers = ["one", "two"].map((holder) =>
          createStatePublisher({
            store: slowStore(store, turn),
            publisher: broker.connect(turn),
            codec,
            topic: "order-state",
            holder,
            clock,
            logger,
          }),
        );
        const goOn = async () => {
          await new Promise((resolve) => setImmediate(resolve));
          if (scheduler.count() > 0) await scheduler.waitOne();
          clock.advance(5000);
        };
        const versions = new Map<string, number>();
        for (const orderId of ids) {
          const version = (versions.get(orderId) ?? 0) + 1;
          const change =
            version === 1 ? createOrder(orderId) : updatedOrder(orderId, version - 1, `status-${version}`);
          expect(await store.save({ ...changing([change]), announce: true })).toEqual({ kind: "saved" });
          versions.set(orderId, version);
          await goOn();
        }
        // Both are awake all the time: nothing is left to tell after so many turns of each.
        for (let round = 0; round < 60 + 30 * ids.length; round += 1) await goOn();
        const stopped = Promise.all(publishers.map((publisher) => publisher.stop()));
        await scheduler.waitFor(stopped);
        await store.close();

        const last = new Map<string, number>();
        for (const { orderId, version } of broker.topic) {
          expect(version).toBeGreaterThanOrEqual(last.get(orderId) ?? 0);
          last.set(orderId, version);
        }
        expect(last).toEqual(versions);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test("ends at once while the registry is away", async () => {
  const store = await openOrderStore(undefined);
  const { promise: never } = Promise.withResolvers<boolean>();
  const publisher = createStatePublisher({
    store,
    publisher: createBroker().connect(async () => undefined),
    codec: { ...codec, ready: () => never },
    topic: "order-state",
    holder: "first",
    clock: createTestClock(0),
    logger,
  });
  expect(await publisher.stop()).toBeUndefined();
  await store.close();
});
