// System C spoken with Kafka's own console tools: what they write is decided upon, and what they read is the documented JSON.
import { describe, expect, test } from "bun:test";
import { consumeByConsole, produceByConsole } from "./console-tools.ts";
import { callHttp } from "./http-call.ts";
import { openProduct } from "./open-product.ts";
import { realEnvironment } from "./real-environment.ts";
import { anyItems } from "./saga-desk.ts";

const environment = realEnvironment();

describe.skipIf(environment === undefined)("system C and Kafka's console tools", () => {
  test("decisions of the console producer, with a Spring producer's header, settle an order that the console consumer reads", async () => {
    if (environment === undefined) return;
    // Two Java programs may start far apart on a busy machine.
    const settings = { SAGA_PARTICIPANTS: "off", SAGA_JOIN_WINDOW: "PT2M" };
    const product = await openProduct({ ...(await environment.open()), ...settings });
    try {
      const { settings, parts, orderUrl } = product;
      const { body } = await callHttp<{ orderId: number }>("POST", `${orderUrl}/api/orders`, {
        customerId: "CUST-1",
        items: anyItems,
      });
      const { orderId } = body;
      const line = (source: string) =>
        `__TypeId__:com.example.OrderDto\t${orderId}\t${JSON.stringify({ orderId, customerId: "CUST-1", status: "ACCEPT", source, items: anyItems })}`;
      await Promise.all([
        produceByConsole(parts.brokers, settings.SAGA_PAYMENT_TOPIC, [line("PAYMENT")]),
        produceByConsole(parts.brokers, settings.SAGA_STOCK_TOPIC, [line("INVENTORY")]),
      ]);
      const dto = { orderId, customerId: "CUST-1", source: null, items: anyItems };
      const lines = await consumeByConsole(parts.brokers, settings.SAGA_ORDERS_TOPIC, 2);
      const read = lines
        .map((text) => text.split("\t"))
        .map(([key, json]) => [key, JSON.parse(String(json))]);
      expect(read).toEqual([
        [String(orderId), { ...dto, status: "NEW" }],
        [String(orderId), { ...dto, status: "CONFIRMED" }],
      ]);
    } finally {
      await product.close();
      await environment.remove();
    }
  }, 90_000);
});
