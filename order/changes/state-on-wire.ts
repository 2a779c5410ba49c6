// An order as the topic of states has it: amounts are decimals outside.
import type { OrderState } from "../../schemas/events.ts";
import type { StoredOrder } from "../store/order-store.ts";

export function stateOnWire(order: StoredOrder) {
  return {
    orderId: order.orderId,
    version: order.version,
    status: order.status,
    customerId: order.customerId,
    orderDate: order.orderDate,
    items: order.items.map(({ itemId, quantity, priceCents }) => ({
      itemId,
      quantity,
      price: priceCents / 100,
    })),
    totalAmount: order.totalCents / 100,
    currency: order.currency,
    shippingCost: order.shippingCents / 100,
  } satisfies OrderState;
}
