// Compiled, never run: every line under a `@ts-expect-error` is a mistake that the compiler must find. When it stops
// finding one, `tsc` fails on the unused directive.
import { expect, test } from "bun:test";
import type { CartClient, OrderClient } from "./client.ts";
import { readContractError } from "./client-error.ts";
import type { ErrorCode } from "./errors.ts";
import type { Order, OrderDetails } from "./models.ts";
import type { SagaOrder } from "./sagas.ts";

async function wrongCallsOfCart(cart: CartClient): Promise<void> {
  // @ts-expect-error orderId is text
  await cart.orders.create.mutate({ orderId: 1, itemCount: 1 });
  // @ts-expect-error itemCount is missing
  await cart.orders.create.mutate({ orderId: "A" });
  // @ts-expect-error numItems is system A's wire name, not the contract's
  await cart.orders.create.mutate({ orderId: "A", numItems: 1 });
  // @ts-expect-error there is no system D
  await cart.orders.create.mutate({ orderId: "A", itemCount: 1, system: "D" });
  // @ts-expect-error a create is a mutation
  await cart.orders.create.query({ orderId: "A", itemCount: 1 });
  // @ts-expect-error cart has no details
  await cart.orders.details.query({ orderId: "A" });
  // @ts-expect-error an update needs its status
  await cart.orders.updateStatus.mutate({ orderId: "A" });
  const order = await cart.orders.create.mutate({ orderId: "A", itemCount: 1 });
  order satisfies Order;
  // @ts-expect-error a created order has no shippingCost yet
  order.shippingCost satisfies number;
}

async function wrongCallsOfOrder(order: OrderClient): Promise<void> {
  // @ts-expect-error order takes no commands
  await order.orders.create.mutate({ orderId: "A", itemCount: 1 });
  // @ts-expect-error details are a query
  await order.orders.details.mutate({ orderId: "A" });
  // @ts-expect-error the id is an object's field
  await order.orders.details.query("A");
  // @ts-expect-error limit is a number
  await order.dlq.list.query({ limit: "10" });
  // @ts-expect-error stats take nothing
  await order.dlq.stats.query({ topic: "order-events" });
  // @ts-expect-error there is no such category
  await order.dlq.list.query({ category: "RETRY" });
  // @ts-expect-error an order about a parked event is a mutation
  await order.parked.retryNow.query({ id: "A" });
  // @ts-expect-error a skip needs its reason
  await order.partitions.skip.mutate({ topic: "order-events", partition: 0, fromOffset: 1, toOffset: 2 });
  // @ts-expect-error the audit is read only
  await order.audit.append.mutate({});
  // @ts-expect-error placing is a mutation
  await order.sagas.place.query({ customerId: "CUST-1", items: [] });
  // @ts-expect-error the orderId is the store's to give
  await order.sagas.place.mutate({ orderId: 1, customerId: "CUST-1", items: [] });
  // @ts-expect-error a line needs its price
  await order.sagas.place.mutate({ customerId: "CUST-1", items: [{ productId: "P-1", quantity: 1 }] });
  // @ts-expect-error system C's orderIds are numbers
  await order.sagas.get.query({ orderId: "42" });
  const placed: SagaOrder = await order.sagas.order.query({ orderId: 42 });
  // @ts-expect-error there is no such status
  if (placed.status === "ACCEPTED") return;
  const { timeline } = await order.sagas.get.query({ orderId: 42 });
  // @ts-expect-error only an event about a decision has a side
  timeline[0]?.side satisfies unknown;
  const letter = await order.dlq.get.query({ id: "order-events/0/17" });
  // @ts-expect-error only a decoded value has an event
  letter.value.event satisfies unknown;
  const details: OrderDetails = await order.orders.details.query({ orderId: "A" });
  // @ts-expect-error money is a number
  details.shippingCost satisfies string;
}

function readsTypedErrors(error: unknown): ErrorCode | undefined {
  const report = readContractError(error);
  // @ts-expect-error the report may be absent: the error may be someone else's
  report.code satisfies string;
  // @ts-expect-error there is no such code
  if (report?.code === "teapot") return undefined;
  return report?.code;
}

test("wrong calls are found by the compiler, which reads this file", () => {
  expect([wrongCallsOfCart, wrongCallsOfOrder, readsTypedErrors]).toBeArrayOfSize(3);
});
