// One end of system C for suites: places orders over HTTP, decides as payment and stock would, past every check, and watches
// `orders` and `recovererDLQ` with read_committed consumers of its own.
import { expect } from "bun:test";
import { openReader } from "../../kafka/client-fixtures.ts";
import type { KafkaRecord, RecordHeader } from "../../kafka/record.ts";
import { openCodec } from "../../schemas/codec.ts";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import type { OpenProduct } from "./open-product.ts";
import type { OrderDto } from "../../schemas/events.ts";
import { openRawProducer, type RawRecord, type RecordPlace } from "./raw-producer.ts";
import { type LetterOnTopic, readLetter } from "./read-letters.ts";

export type Side = "payment" | "stock";
export type Answer = "ACCEPT" | "REJECT";

export interface DecisionParts {
  readonly source?: string | null;
  readonly timestampMs?: number;
  readonly key?: Buffer | null;
  readonly headers?: readonly RecordHeader[];
  readonly asAvro?: boolean;
}

export interface ToldSaga {
  readonly order: OrderDto | null;
  readonly payment: { readonly answer: Answer; readonly state: string; readonly replayed: boolean } | null;
  readonly stock: { readonly answer: Answer; readonly state: string; readonly replayed: boolean } | null;
  readonly timeline: readonly {
    readonly kind: string;
    readonly side?: Side;
    readonly reason?: string | null;
  }[];
}

export const anyItems = [{ productId: "P-1", quantity: 2, price: 10 }] as const;

export type SagaDesk = Awaited<ReturnType<typeof openSagaDesk>>;

export async function openSagaDesk({ orderUrl, settings, parts }: Omit<OpenProduct, "close">) {
  const topics = { payment: settings.SAGA_PAYMENT_TOPIC, stock: settings.SAGA_STOCK_TOPIC };
  const codec = openCodec({
    registry: parts.registry,
    subjects: [
      [topics.payment, "OrderDto"],
      [topics.stock, "OrderDto"],
    ],
  });
  await codec.ready();
  const producer = await openRawProducer(parts.brokers);
  const cluster = { ...parts, sessionTimeoutMs: 6000 };
  const orders = await openReader(cluster, { topic: settings.SAGA_ORDERS_TOPIC });
  const letters = await openReader(cluster, { topic: settings.SAGA_DLQ_TOPIC });

  const dtoOf = (orderId: number, status: string, source: string | null): OrderDto => ({
    orderId,
    customerId: "CUST-1",
    status,
    source,
    items: anyItems,
  });

  function published(orderId: number): readonly OrderDto[] {
    return orders.records
      .filter(({ key }) => String(key) === String(orderId))
      .map(({ value }) => JSON.parse(String(value)));
  }

  function readLetters(): readonly LetterOnTopic[] {
    return letters.records.map((record) => readLetter(record));
  }

  return {
    topics,
    produce: (record: RawRecord) => producer.produce(record),
    async place(customerId = "CUST-1"): Promise<number> {
      const { status, body } = await callHttp<OrderDto>("POST", `${orderUrl}/api/orders`, {
        customerId,
        items: anyItems,
      });
      expect(status).toBe(201);
      return body.orderId;
    },
    async decide(
      side: Side,
      orderId: number,
      answer: Answer,
      parts: DecisionParts = {},
    ): Promise<RecordPlace> {
      const { source = side === "payment" ? "PAYMENT" : "INVENTORY", asAvro = false } = parts;
      const dto = dtoOf(orderId, answer, source);
      const encoded = asAvro ? codec.encode(topics[side], "OrderDto", dto) : undefined;
      if (encoded?.ok === false) throw new Error(encoded.failure.message);
      return await producer.produce({
        topic: topics[side],
        key: parts.key === undefined ? Buffer.from(String(orderId)) : parts.key,
        value: encoded?.value ?? Buffer.from(JSON.stringify(dto)),
        headers: parts.headers ?? [],
        ...(parts.timestampMs === undefined ? {} : { timestampMs: parts.timestampMs }),
      });
    },
    published,
    /** Every record of the order on `orders`, once its result is there. */
    untilResult: (orderId: number, timeoutMs?: number) =>
      eventually(async () => {
        const all = published(orderId);
        if (!all.some(({ status }) => status !== "NEW")) throw new Error(`order ${orderId} has no result`);
        return all;
      }, timeoutMs),
    ordersRecords: (): readonly KafkaRecord[] => orders.records,
    letters: readLetters,
    /** The dead letter of one record. */
    untilLetter: ({ topic, partition, offset }: RecordPlace) =>
      eventually(async () => {
        const found = readLetters().find(({ id }) => id === `${topic}/${partition}/${offset}`);
        if (found === undefined) throw new Error(`no dead letter of ${topic}/${partition}/${offset}`);
        return found;
      }),
    order: async (orderId: number) =>
      (await callHttp<OrderDto>("GET", `${orderUrl}/api/orders/${orderId}`)).body,
    saga: async (orderId: number) =>
      (await callHttp<ToldSaga>("GET", `${orderUrl}/ops/sagas/${orderId}`)).body,
    async close() {
      await producer.close();
      await Promise.all([orders.consumer.close(3000), letters.consumer.close(3000)]);
      codec.close();
    },
  };
}
