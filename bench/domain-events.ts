// A benchmark's events as order's domain has them once they are read.
import type { OrderEvent } from "../order/domain/order.ts";
import { type IdOrder, orderEventAt } from "./order-events.ts";

export function domainEventAt(index: number, idOrder?: IdOrder): OrderEvent {
  const { eventType, orderId, payload } = orderEventAt(index, idOrder);
  if (eventType === "UPDATE")
    return { kind: "status", eventType: "OrderEvent", orderId, status: payload.status };
  const { items, totalAmount, ...head } = payload;
  return {
    ...head,
    kind: "create",
    eventType: "OrderEvent",
    orderId,
    items: items.map(({ itemId, quantity, price }) => ({
      itemId,
      quantity,
      priceCents: Math.round(price * 100),
    })),
    totalCents: Math.round(totalAmount * 100),
  };
}
