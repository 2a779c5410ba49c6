// The compacted topic of states, read past everything that order knows: by key, the last record is the order.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createCartClient, createOrderClient } from "../../contract/client.ts";
import { openCodec } from "../../schemas/codec.ts";
import type { OrderState } from "../../schemas/events.ts";
import { stateTopicOf } from "../../service/settings.ts";
import { eventually } from "./eventually.ts";
import type { OpenProduct } from "./open-product.ts";
import { readTopic } from "./read-topic.ts";

export function describeOrderState(name: string, prefix: string, open: () => Promise<OpenProduct>): void {
  describe(name, () => {
    let product: OpenProduct;
    let topic: string;
    beforeAll(async () => {
      product = await open();
      topic = stateTopicOf(product.settings) ?? "off";
    }, 60_000);
    afterAll(() => product.close(), 30_000);

    async function readStates(): Promise<readonly OrderState[]> {
      const { brokers, consumerSettings, registry } = product.parts;
      const codec = openCodec({ registry, subjects: [[topic, "OrderState"]] });
      try {
        const records = await readTopic({ brokers, consumerSettings }, topic);
        await codec.ready();
        return records.map(({ key, value }) => {
          const decoded = codec.decode(topic, value);
          if (!decoded.ok || decoded.value.name !== "OrderState") throw new Error("a record is no state");
          expect(String(key)).toBe(decoded.value.event.orderId);
          return decoded.value.event;
        });
      } finally {
        codec.close();
      }
    }

    test("has every order as the store has it, and no version of an order that falls", async () => {
      const cart = createCartClient(product.cartUrl);
      const order = createOrderClient(product.orderUrl);
      const ids = Array.from({ length: 20 }, (_, index) => `${prefix}STATE-${index}`);
      await Promise.all(ids.map((orderId) => cart.orders.create.mutate({ orderId, itemCount: 2 })));
      for (const status of ["confirmed", "shipped"]) {
        await Promise.all(ids.map((orderId) => cart.orders.updateStatus.mutate({ orderId, status })));
      }
      await eventually(async () => {
        const states = await readStates();
        const last = new Map<string, OrderState>();
        for (const state of states) {
          expect(state.version).toBeGreaterThanOrEqual(last.get(state.orderId)?.version ?? 1);
          last.set(state.orderId, state);
        }
        for (const orderId of ids) {
          const { version, ...details } = last.get(orderId) ?? { version: 0 };
          expect({ version, ...details }).toEqual({
            version: 3,
            ...(await order.orders.details.query({ orderId })),
          });
        }
      }, 30_000);
    }, 60_000);
  });
}
