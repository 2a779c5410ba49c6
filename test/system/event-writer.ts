// Events of all three types as bytes, encoded as cart does, for suites that write to the topics past cart.
import type { EventTypes } from "../../schemas/events.ts";
import { openCodec } from "../../schemas/codec.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import type { Settings } from "../../service/settings.ts";

export type TopicSettings = Pick<Settings, "KAFKA_ORDER_TOPIC" | "KAFKA_STATUS_UPDATE_TOPIC">;

export interface EventWriter {
  /** System A's creation. */
  createA(orderId: string): Buffer;
  updateA(orderId: string, status: string): Buffer;
  createB(orderId: string): Buffer;
  updateB(orderId: string, status: string): Buffer;
  close(): void;
}

const orderedAt = "2026-03-02T09:30:00.000Z";
const order = {
  customerId: "CUST-00001",
  orderDate: orderedAt,
  items: [{ itemId: "ITEM-1", quantity: 2, price: 4.25 }],
  totalAmount: 8.5,
  currency: "USD",
  status: "new",
};

/** Waits until every schema has its id. */
export async function openEventWriter(
  registry: SchemaRegistry,
  settings: TopicSettings,
): Promise<EventWriter> {
  const { KAFKA_ORDER_TOPIC: orders, KAFKA_STATUS_UPDATE_TOPIC: statusUpdates } = settings;
  const codec = openCodec({
    registry,
    subjects: [
      [orders, "Order"],
      [orders, "OrderEvent"],
      [statusUpdates, "OrderStatusUpdate"],
    ],
  });
  await codec.ready();

  function encode<Name extends "Order" | "OrderEvent" | "OrderStatusUpdate">(
    topic: string,
    name: Name,
    event: EventTypes[Name],
  ): Buffer {
    const encoded = codec.encode(topic, name, event);
    if (!encoded.ok) throw new Error(encoded.failure.message);
    return encoded.value;
  }

  return {
    createA: (orderId) => encode(orders, "Order", { orderId, ...order }),
    updateA: (orderId, status) =>
      encode(statusUpdates, "OrderStatusUpdate", {
        orderId,
        status,
        updateTimestamp: orderedAt,
        eventType: "STATUS_UPDATE",
      }),
    createB: (orderId) =>
      encode(orders, "OrderEvent", { eventType: "CREATE", orderId, timestamp: orderedAt, payload: order }),
    updateB: (orderId, status) =>
      encode(orders, "OrderEvent", {
        eventType: "UPDATE",
        orderId,
        timestamp: orderedAt,
        payload: { status },
      }),
    close: () => codec.close(),
  };
}
