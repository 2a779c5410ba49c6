// The documented OrderDto out of a saga: decimals for cents, these fields in this order and no other.
import type { SagaOrder } from "../../contract/sagas.ts";
import type { PlacedOrder, Saga } from "./domain/saga.ts";

/** As it is told over HTTP, and as it lies as JSON on the topic `orders`. */
export function toSagaOrder(
  { orderId, status, source }: Pick<Saga, "orderId" | "status" | "source">,
  { customerId, items }: Pick<PlacedOrder, "customerId" | "items">,
): SagaOrder {
  return {
    orderId,
    customerId,
    status,
    source,
    items: items.map(({ productId, quantity, unitPriceCents }) => ({
      productId,
      quantity,
      price: unitPriceCents / 100,
    })),
  };
}
