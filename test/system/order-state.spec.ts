// The compacted topic of states, read past everything that order knows: by key, the last record is the order.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createCartClient, createOrderClient } from "../../contract/client.ts";
import { openCodec } from "../../schemas/codec.ts";
import type { OrderState } from "../../schemas/events.ts";
import { stateTopicOf } from "../../service/settings/topic-names.ts";
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

    test("a reader of one order is told what it is and what becomes of it, and after a break only what it has missed", async () => {
      const cart = createCartClient(product.cartUrl);
      const orderId = `${prefix}WATCHED`;
      const first = readEvents(product, `?orderId=${orderId}`);
      await cart.orders.create.mutate({ orderId, itemCount: 1 });
      expect(await first.next()).toMatchObject({ id: "1", order: { orderId, status: "new", version: 1 } });
      await cart.orders.updateStatus.mutate({ orderId, status: "confirmed" });
      expect(await first.next()).toMatchObject({ id: "2", order: { status: "confirmed", version: 2 } });
      await first.close();
      await cart.orders.updateStatus.mutate({ orderId, status: "shipped" });
      const second = readEvents(product, `?orderId=${orderId}`, "2");
      expect(await second.next()).toMatchObject({ id: "3", order: { status: "shipped", version: 3 } });
      await second.close();
    }, 60_000);

    test("a reader of all orders misses none over a break, and is told when it comes back too late", async () => {
      const cart = createCartClient(product.cartUrl);
      const create = (orderId: string) =>
        cart.orders.create.mutate({ orderId: `${prefix}${orderId}`, itemCount: 1 });
      const first = readEvents(product, "");
      await first.opened;
      await create("ALL-1");
      const seen = await first.next();
      expect(seen).toMatchObject({ order: { orderId: `${prefix}ALL-1`, version: 1 } });
      await first.close();
      await create("ALL-2");
      await create("ALL-3");
      const second = readEvents(product, "", seen.id);
      const later = new Set<string | undefined>();
      while (later.size < 2) later.add((await second.next()).order?.orderId);
      expect(later).toEqual(new Set([`${prefix}ALL-2`, `${prefix}ALL-3`]));
      await second.close();
      const stranger = readEvents(product, "", "another.life");
      expect(await stranger.next()).toMatchObject({ kind: "missed" });
      await stranger.close();
    }, 60_000);
  });
}

interface Event {
  readonly id: string;
  readonly kind: string;
  readonly order?: { readonly orderId: string; readonly version: number };
}

/** Server-sent events as any program reads them. */
function readEvents({ orderUrl }: OpenProduct, query: string, lastEventId?: string) {
  const gone = new AbortController();
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const opened = fetch(`${orderUrl}/orders/watch${query}`, { headers, signal: gone.signal });
  async function* events(): AsyncGenerator<Event> {
    const { body } = await opened;
    if (body === null) throw new Error("no stream");
    let text = "";
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const [, id, data] = /^id: (.*)\nevent: .*\ndata: (.*)$/.exec(block) ?? [];
        if (id !== undefined && data !== undefined) yield { id, ...JSON.parse(data) };
      }
    }
  }
  const reading = events();
  return {
    opened,
    async next(): Promise<Event> {
      const { value } = await reading.next();
      if (value === undefined) throw new Error("the stream has ended");
      return value;
    },
    async close() {
      gone.abort();
      await reading.return(undefined).catch(() => undefined);
    },
  };
}
