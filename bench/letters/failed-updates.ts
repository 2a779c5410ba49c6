// Dead letters for benchmarks: updates of system A that came before their orders, each of another order, with the bytes that
// cart would have written; and the orders, which are there by now.
import type { Order } from "../../order/domain/order.ts";
import type { IndexedDeadLetter } from "../../order/store/dead-letter-index.ts";
import type { OrderStore } from "../../order/store/order-store.ts";
import { openCodec } from "../../schemas/codec.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";

export interface FailedUpdatesOptions {
  readonly store: OrderStore;
  readonly registry: SchemaRegistry;
  readonly topic: string;
  readonly count: number;
  /** Index of the first; 0 by default. */
  readonly from?: number;
}

const batchSize = 5000;
const kinds = 20;

export async function addFailedUpdates({
  store,
  registry,
  topic,
  count,
  from = 0,
}: FailedUpdatesOptions): Promise<void> {
  const codec = openCodec({ registry, subjects: [[topic, "OrderStatusUpdate"]] });
  await codec.ready();
  const end = from + count;
  for (let first = from; first < end; first += batchSize) {
    const indexes = Array.from({ length: Math.min(batchSize, end - first) }, (_, index) => first + index);
    await store.deadLetters.add(
      indexes.map((index) => {
        const event = {
          orderId: orderIdAt(index),
          status: "shipped",
          updateTimestamp: "2026-03-02T09:30:00.000Z",
          eventType: "STATUS_UPDATE",
        };
        const encoded = codec.encode(topic, "OrderStatusUpdate", event);
        if (!encoded.ok) throw new Error(encoded.failure.message);
        return letterOf(topic, index, encoded.value, JSON.stringify(event));
      }),
    );
  }
  codec.close();
}

export async function addOrders(store: OrderStore, count: number): Promise<void> {
  for (let first = 0; first < count; first += batchSize) {
    const indexes = Array.from({ length: Math.min(batchSize, count - first) }, (_, index) => first + index);
    const changes = indexes.map((index) => ({ order: orderOf(index), expectedVersion: 0 }));
    await store.save({ progress: [], changes, park: [], repark: [], unpark: [] });
  }
}

export function orderIdAt(index: number): string {
  return `ORD-${String(index).padStart(8, "0")}`;
}

function letterOf(topic: string, index: number, value: Buffer, eventJson: string): IndexedDeadLetter {
  const orderId = orderIdAt(index);
  const failedAtMs = Date.now() - index * 10;
  const errorMessage = `Order ${orderId} not found in ${"ABCDEFGHIJKLMNOPQRST"[index % kinds]}. Sending to DLQ.`;
  const attempts = [1, 2, 3, 4].map((attempt) => ({
    attempt,
    failedAtMs,
    errorType: "ValueError",
    errorMessage,
  }));
  return {
    id: `${topic}/${index % 3}/${Math.floor(index / 3)}`,
    original: {
      topic,
      partition: index % 3,
      offset: Math.floor(index / 3),
      timestampMs: failedAtMs,
      key: Buffer.from(orderId),
      value,
      headers: [["event-id", Buffer.from(crypto.randomUUID())]],
    },
    omittedValue: null,
    omitted: [],
    consumerGroup: "order-service-group-status-updates",
    errorType: "ValueError",
    errorMessage,
    death: { category: "RETRY_THEN_DLQ", reason: "unknown_order" },
    event: { eventType: "OrderStatusUpdate", eventId: null, schemaId: 1, eventJson },
    failedAttempts: 4,
    attempts,
    firstFailedAtMs: failedAtMs,
    lastFailedAtMs: failedAtMs,
    dlqTopic: "order-events-dlq",
    dlqPartition: 0,
    dlqOffset: index,
  };
}

function orderOf(index: number): Order {
  return {
    orderId: orderIdAt(index),
    customerId: "CUST-1",
    orderDate: "2026-01-02T03:04:05.678Z",
    items: [{ itemId: "TEA", quantity: 1, priceCents: 895 }],
    totalCents: 895,
    shippingCents: 18,
    currency: "USD",
    status: "new",
    createdBy: { topic: "order-events", partition: 0, offset: index, eventId: null },
    applied: { "order-events/0@bench": index },
    version: 1,
  };
}
