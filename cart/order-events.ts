// What each system publishes for a command: event type, topic, and the event itself. Pure.
import type { Order, System, UpdateStatus } from "../contract/models.ts";
import type { EventTypes } from "../schemas/events.ts";

export interface EventTopics {
  readonly orders: string;
  readonly statusUpdates: string;
}

/** An event with the topic and the schema it goes out with. */
export type CartEvent = {
  readonly [Name in "Order" | "OrderStatusUpdate" | "OrderEvent"]: {
    readonly topic: string;
    readonly name: Name;
    readonly event: EventTypes[Name];
  };
}["Order" | "OrderStatusUpdate" | "OrderEvent"];

export function orderCreated(system: System, order: Order, topics: EventTopics): CartEvent {
  switch (system) {
    case "A":
      return { topic: topics.orders, name: "Order", event: order };
    case "B": {
      const { orderId, ...payload } = order;
      const event = { eventType: "CREATE", orderId, timestamp: order.orderDate, payload } as const;
      return { topic: topics.orders, name: "OrderEvent", event };
    }
  }
}

export function statusUpdated(
  { system, orderId, status }: UpdateStatus,
  at: Date,
  topics: EventTopics,
): CartEvent {
  const timestamp = at.toISOString();
  switch (system) {
    case "A":
      return {
        topic: topics.statusUpdates,
        name: "OrderStatusUpdate",
        event: { orderId, status, updateTimestamp: timestamp, eventType: "STATUS_UPDATE" },
      };
    case "B":
      return {
        topic: topics.orders,
        name: "OrderEvent",
        event: { eventType: "UPDATE", orderId, timestamp, payload: { status } },
      };
  }
}
