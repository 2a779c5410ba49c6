// What order answers about orders, straight from the store: reads go on while Kafka is away.
import type { OrderDetails } from "../contract/models.ts";
import type { OrderViews } from "../contract/ports.ts";
import { failed, success } from "../contract/result.ts";
import type { OrderStore, StoredOrder } from "./store/order-store.ts";
import { whileStoreAnswers } from "./while-store-answers.ts";

export interface OrderViewsOptions {
  readonly store: OrderStore;
  /** The topics that order consumes. */
  readonly topics: readonly string[];
}

export function createOrderViews({ store, topics }: OrderViewsOptions): OrderViews {
  return {
    details: (orderId) =>
      whileStoreAnswers(async () => {
        const order = await store.readDetails(orderId);
        return order === undefined
          ? failed({ code: "not_found", message: `Order '${orderId}' not found` })
          : success(toDetails(order));
      }),

    list: ({ limit, cursor }) =>
      whileStoreAnswers(async () => {
        // One more than asked for tells whether there is a next page.
        const orders = await store.list({
          limit: limit + 1,
          ...(cursor === undefined ? {} : { afterOrderId: cursor }),
        });
        const page = orders.slice(0, limit).map(toDetails);
        const last = orders.length > limit ? page.at(-1) : undefined;
        return success({ orders: page, ...(last === undefined ? {} : { nextCursor: last.orderId }) });
      }),

    idsFromTopic: (topic) =>
      whileStoreAnswers(async () => {
        if (!topics.includes(topic)) {
          return failed({
            code: "not_found",
            message: `Topic '${topic}' is not consumed: ask for ${topics.map((name) => `'${name}'`).join(" or ")}.`,
          });
        }
        return success({ topic, orderIds: [...(await store.idsFromTopic(topic))] });
      }),
  };
}

function toDetails(order: StoredOrder): OrderDetails {
  return {
    orderId: order.orderId,
    customerId: order.customerId,
    orderDate: order.orderDate,
    items: order.items.map(({ itemId, quantity, priceCents }) => ({
      itemId,
      quantity,
      price: priceCents / 100,
    })),
    totalAmount: order.totalCents / 100,
    currency: order.currency,
    status: order.status,
    shippingCost: order.shippingCents / 100,
  };
}
