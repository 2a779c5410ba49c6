// The embedded product with failures in it, written to its topics past cart as strangers could.
import { createOrderClient } from "../../contract/client.ts";
import { eventually } from "../system/eventually.ts";
import { openEventWriter } from "../system/event-writer.ts";
import { openProduct } from "../system/open-product.ts";
import { openRawProducer, type RawRecord } from "../system/raw-producer.ts";
import { hostileTexts } from "./hostile-texts.ts";

export interface Scene {
  readonly url: string;
  /** Of a product that has a cart. */
  readonly cartUrl?: string;
  readonly close: () => Promise<void>;
}

/** What waits keeps waiting while somebody looks. */
const waiting = { DLQ_RETRY_BACKOFF_MS: "600000", DLQ_MAX_BACKOFF_MS: "600000" };
/** Nothing waits: what fails is a dead letter at once, and may be edited. */
const failing = { DLQ_MAX_RETRIES: "0", DLQ_EDIT: "on" };

/** `empty`, `replays` (empty, without retries), `mixed` (a little of everything) or `hostile`. */
export async function openRealScene(scene: string): Promise<Scene> {
  const product = await openProduct({
    CONSOLE_ENVIRONMENT: scene === "hostile" ? "<b>production</b>\u202e" : "staging",
    ...(scene === "replays" ? failing : waiting),
  });
  const client = createOrderClient(product.orderUrl);
  const { orders, statusUpdates } = product.topics;
  const writer = await openEventWriter(product.parts.registry, product.settings);
  const producer = await openRawProducer(product.parts.brokers);
  const write = (records: readonly RawRecord[]) =>
    Promise.all(records.map((record) => producer.produce(record)));
  const untilDead = (count: number) =>
    eventually(async () => {
      const { total } = await client.dlq.stats.query();
      if (total < count) throw new Error(`${total} of ${count} dead letters are indexed`);
    }, 60_000);

  if (scene === "mixed") {
    const numbers = Array.from({ length: 24 }, (_, index) => index + 1);
    const id = (number: number) => `ORD-2026-${String(number).padStart(4, "0")}`;
    await write(
      numbers.map((number) => ({
        topic: orders,
        key: Buffer.from(id(number)),
        value: writer.createB(id(number)),
      })),
    );
    const headers: RawRecord["headers"] = [
      ["traceparent", Buffer.from("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")],
      ["source", Buffer.from("checkout")],
      ["binary", Buffer.from([0xff, 0xfe, 0x00])],
    ];
    await write([
      ...numbers.slice(0, 6).map((number) => ({
        topic: orders,
        key: Buffer.from(id(number)),
        value: writer.createB(id(number)),
        headers,
      })),
      ...numbers.map((number) => ({
        topic: orders,
        key: Buffer.from(`ORD-LOST-${number}`),
        value: writer.updateB(`ORD-LOST-${number}`, "shipped"),
        headers,
      })),
      {
        topic: orders,
        key: Buffer.from(id(1)),
        value: Buffer.from("this was never Avro, and never will be"),
      },
      { topic: orders, key: Buffer.from(id(2)), value: null },
      { topic: orders, key: null, value: writer.createB("ORD-NO-KEY").subarray(0, 20) },
      { topic: orders, key: Buffer.from([0xff, 0xfe, 0x01]), value: Buffer.alloc(3000, 7), headers },
      ...numbers.slice(0, 5).flatMap((number) =>
        ["shipped", "delivered"].map((status) => ({
          topic: statusUpdates,
          key: Buffer.from(`ORD-EARLY-${number}`),
          value: writer.updateA(`ORD-EARLY-${number}`, status),
        })),
      ),
    ]);
    await untilDead(33);
  }
  if (scene === "hostile") {
    const texts = hostileTexts;
    await write(
      texts.flatMap((text) => [
        { topic: orders, key: Buffer.from(text), value: writer.createB(text) },
        {
          topic: orders,
          key: Buffer.from(`${text} lost`),
          value: writer.updateB(`${text} lost`, text),
          headers: [
            [text, Buffer.from(text)],
            ["text", Buffer.from(text)],
          ] as const,
        },
        { topic: orders, key: Buffer.from(`raw ${text}`), value: Buffer.from(text) },
        {
          topic: statusUpdates,
          key: Buffer.from(`${text} early`),
          value: writer.updateA(`${text} early`, text),
        },
      ]),
    );
    await untilDead(2 * texts.length);
  }
  return {
    url: product.orderUrl,
    cartUrl: product.cartUrl,
    async close() {
      await producer.close();
      writer.close();
      await product.close();
    },
  };
}
