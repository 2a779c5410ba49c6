// Which records the simulated cart publishes: a few orders of both systems, so that they meet one another often.
import type { OrderEvent } from "../../domain/order.ts";
import type { Random } from "./random.ts";
import { append, type EventText, type Produced, type SimulatedPartition } from "./topics.ts";

export interface Topics {
  readonly events: readonly SimulatedPartition[];
  readonly updates: readonly SimulatedPartition[];
}

export interface Workload {
  /** Publishes one record more. */
  produce(nowMs: number): Produced;
}

export function createWorkload(topics: Topics, random: Random): Workload {
  const orderIds = Array.from({ length: random.between(1, 8) }, (_, index) => {
    return random.chance(0.2) ? `CURSED-${index}` : `ORD-${index}`;
  });
  const failingOrderId = "TEST-FAIL-1";
  const failingShare = random.pick([0, 0, 0.05]);
  const createdTimes = new Map<string, number>();
  let count = 0;

  function create(orderId: string, eventType: OrderEvent["eventType"]): OrderEvent {
    const items = [{ itemId: "TEA", quantity: 1, priceCents: 895 }];
    const fixed = {
      customerId: "CUST-1",
      orderDate: "2026-01-02T03:04:05.678Z",
      items,
      totalCents: 895,
      currency: "USD",
    };
    return { kind: "create", eventType, orderId, status: "new", ...fixed };
  }

  function nextEvent(orderId: string): {
    event: OrderEvent;
    to: readonly SimulatedPartition[];
    eventId: string | null;
  } {
    const isSystemA = random.chance(0.6);
    const times = createdTimes.get(orderId) ?? 0;
    // Mostly a create and then updates; sometimes an update too early, or a create too many.
    if (random.chance(times === 0 ? 0.7 : 0.15)) {
      createdTimes.set(orderId, times + 1);
      const eventId = random.chance(0.5) ? `create-${orderId}-${random.between(0, 1)}` : null;
      return { event: create(orderId, isSystemA ? "Order" : "OrderEvent"), to: topics.events, eventId };
    }
    const eventType = isSystemA ? "OrderStatusUpdate" : "OrderEvent";
    const event: OrderEvent = { kind: "status", eventType, orderId, status: `status-${count}` };
    return { event, to: isSystemA ? topics.updates : topics.events, eventId: null };
  }

  return {
    produce(nowMs) {
      count += 1;
      // Few, because each of them takes its lane many seconds.
      const orderId = random.chance(failingShare) ? failingOrderId : random.pick(orderIds);
      const { event, to, eventId } = nextEvent(orderId);
      const partition = to[orderId.charCodeAt(orderId.length - 1) % to.length] ?? random.pick(to);
      const isPoison = random.chance(0.06);
      const text: EventText = {
        event,
        eventId,
        isInvalid: random.chance(0.03),
        schemaId: random.between(1, 3),
      };
      return append(partition, orderId, isPoison ? null : text, nowMs, random);
    },
  };
}
