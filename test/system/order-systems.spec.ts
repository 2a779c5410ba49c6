// Every create, update, details, ids and health call of systems A and B, over HTTP, from cart through the broker to
// order: the same guarantees on the embedded parts and on real ones.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createCartClient, createOrderClient } from "../../contract/client.ts";
import { eventually } from "./eventually.ts";

export interface SystemUnderTest {
  readonly cartUrl: string;
  readonly orderUrl: string;
  readonly topics: { readonly orders: string; readonly statusUpdates: string };
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function call(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const anyOrder = (orderId: string, lines: number) => ({
  orderId,
  customerId: expect.any(String),
  orderDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  items: Array.from({ length: lines }, () => ({
    itemId: expect.any(String),
    quantity: expect.any(Number),
    price: expect.any(Number),
  })),
  totalAmount: expect.any(Number),
  currency: "USD",
  status: "new",
});

/** `prefix` keeps this run's orders apart from others on the same parts. */
export function describeOrderSystems(
  name: string,
  prefix: string,
  open: () => Promise<SystemUnderTest>,
): void {
  describe(name, () => {
    let system: SystemUnderTest;
    let cart: string;
    let order: string;
    const id = (text: string) => `${prefix}${text}`;

    beforeAll(async () => {
      system = await open();
      cart = system.cartUrl;
      order = system.orderUrl;
    }, 60_000);
    afterAll(async () => {
      await system.close();
    }, 30_000);

    const details = (path: string, orderId: string) =>
      call("GET", `${order}${path}?orderId=${encodeURIComponent(orderId)}`);
    const untilStatus = (path: string, orderId: string, status: string) =>
      eventually(async () => {
        const answer = await details(path, orderId);
        expect(answer.body).toMatchObject({ orderId, status });
        return answer.body as { totalAmount: number; shippingCost: number };
      });

    test("system A: an order that is created without a JSON content type is answered whole and can be read", async () => {
      const created = await call(
        "POST",
        `${cart}/api/create-order`,
        { orderId: id("A-1"), numItems: 2 },
        {
          "content-type": "application/x-www-form-urlencoded",
        },
      );
      expect(created.status).toBe(201);
      expect(created.body).toEqual({
        success: true,
        message: expect.any(String),
        data: anyOrder(id("A-1"), 2),
      });
      const stored = await untilStatus("/api/order-details", id("A-1"), "new");
      const { data } = created.body as { data: { totalAmount: number } };
      expect(stored).toEqual({ ...anyOrder(id("A-1"), 2), ...data, shippingCost: expect.any(Number) });
      expect(Math.round(stored.shippingCost * 100)).toBe(
        Math.floor((Math.round(data.totalAmount * 100) * 2 + 50) / 100),
      );
    });

    test("system A: an update is accepted with 202, applied, and read in both dialects", async () => {
      await call("POST", `${cart}/api/create-order`, { orderId: id("A-2"), numItems: 1 });
      const updated = await call("PUT", `${cart}/api/update-order`, {
        orderId: id("A-2"),
        status: " shipped ",
      });
      expect(updated.status).toBe(202);
      expect(updated.body).toEqual({
        success: true,
        message: `Status update event published for order '${id("A-2")}'. Processing asynchronously.`,
        data: {
          orderId: id("A-2"),
          status: "shipped",
          message: "Status update event published. Processing asynchronously.",
          eventType: "STATUS_UPDATE",
        },
      });
      await untilStatus("/api/order-details", id("A-2"), "shipped");
      expect((await details("/order-details", id("A-2"))).body).toEqual(
        (await details("/api/order-details", id("A-2"))).body,
      );
    });

    test("system A: an update of an order that nobody knows is still accepted with 202", async () => {
      expect(
        (await call("PUT", `${cart}/api/update-order`, { orderId: id("A-404"), status: "shipped" })).status,
      ).toBe(202);
    });

    test("system A: a blank status or a wrong number of items is refused at once", async () => {
      const blank = await call("PUT", `${cart}/api/update-order`, { orderId: id("A-1"), status: "  " });
      expect(blank).toMatchObject({ status: 400, body: { success: false, errors: [expect.any(String)] } });
      for (const numItems of [0, 101, "3", true, 1.5]) {
        expect(
          (await call("POST", `${cart}/api/create-order`, { orderId: id("A-3"), numItems })).status,
        ).toBe(400);
      }
      expect((await details("/api/order-details", id("A-3"))).status).toBe(404);
    });

    test("system B: an order is created, updated and read with shipping of 2 %", async () => {
      const created = await call("POST", `${cart}/create-order`, { orderId: id("B-1"), itemsCount: 3 });
      expect(created.status).toBe(201);
      expect(created.body).toEqual({
        message: "Order creation event published successfully",
        order: anyOrder(id("B-1"), 3),
      });
      const updated = await call("PUT", `${cart}/update-order`, { orderId: id("B-1"), status: "confirmed" });
      expect(updated.status).toBe(200);
      expect(updated.body).toEqual({
        message: "Order status update event published successfully",
        update: { orderId: id("B-1"), status: "confirmed" },
      });
      const stored = await untilStatus("/order-details", id("B-1"), "confirmed");
      expect(stored.shippingCost).toBe(
        Math.floor((Math.round(stored.totalAmount * 100) * 2 + 50) / 100) / 100,
      );
    });

    test("system B: every problem of a request is one line of a 400", async () => {
      const bad = await call("POST", `${cart}/create-order`, { itemsCount: "3" });
      expect(bad.status).toBe(400);
      expect(bad.body).toEqual({
        errors: [
          "Missing required field: 'orderId'",
          expect.stringMatching(/^Type error: Field 'itemsCount' must be /),
        ],
      });
      const reserved = await call("PUT", `${cart}/update-order`, { orderId: id("B-1"), status: "NEW" });
      expect(reserved).toMatchObject({
        status: 400,
        body: {
          errors: [
            expect.stringContaining(
              "status='new' is reserved for creation. Use 'pending', 'confirmed', etc.",
            ),
          ],
        },
      });
    });

    test("system B: unknown orders are 404 and a missing orderId is 400", async () => {
      expect(await details("/order-details", id("nobody"))).toMatchObject({
        status: 404,
        body: { detail: `Order '${id("nobody")}' not found` },
      });
      expect((await call("GET", `${order}/order-details`)).status).toBe(400);
    });

    test("ids by topic are sorted, only of orders with an applied event of that topic, and 404 for a foreign topic", async () => {
      for (const name of ["Z-1", "Z-2"])
        await call("POST", `${cart}/create-order`, { orderId: id(name), itemsCount: 1 });
      await untilStatus("/order-details", id("Z-2"), "new");
      await call("POST", `${cart}/api/create-order`, { orderId: id("Z-3"), numItems: 1 });
      await call("PUT", `${cart}/api/update-order`, { orderId: id("Z-3"), status: "packed" });
      await untilStatus("/order-details", id("Z-3"), "packed");
      await untilStatus("/order-details", id("Z-1"), "new");

      const idsOf = async (topic: string) =>
        (await call("GET", `${order}/getAllOrderIdsFromTopic?topic=${topic}`)).body as {
          topic: string;
          orderIds: string[];
          count: number;
        };
      const all = await idsOf(system.topics.orders);
      expect(all.orderIds).toEqual(all.orderIds.toSorted());
      expect(all.orderIds.filter((orderId) => orderId.startsWith(id("Z-")))).toEqual([
        id("Z-1"),
        id("Z-2"),
        id("Z-3"),
      ]);
      expect(all).toMatchObject({ topic: system.topics.orders, count: all.orderIds.length });

      const updated = await idsOf(system.topics.statusUpdates);
      expect(updated.orderIds.filter((orderId) => orderId.startsWith(id("Z-")))).toEqual([id("Z-3")]);
      expect((await call("GET", `${order}/getAllOrderIdsFromTopic?topic=elsewhere`)).status).toBe(404);
    });

    test("a create repeated under one Idempotency-Key has the first answer and one effect; another body is 422", async () => {
      const headers = { "idempotency-key": id("key-1") };
      const first = await call(
        "POST",
        `${cart}/create-order`,
        { orderId: id("I-1"), itemsCount: 2 },
        headers,
      );
      const repeat = await call(
        "POST",
        `${cart}/create-order`,
        { orderId: id("I-1"), itemsCount: 2 },
        headers,
      );
      expect(repeat).toMatchObject({ status: 201, body: first.body as object });
      const other = await call(
        "POST",
        `${cart}/create-order`,
        { orderId: id("I-1"), itemsCount: 3 },
        headers,
      );
      expect(other.status).toBe(422);
      await untilStatus("/order-details", id("I-1"), "new");
    });

    test("health of both services is as documented", async () => {
      expect(await call("GET", `${cart}/health`)).toMatchObject({
        status: 200,
        body: { status: "healthy", kafka: "connected" },
      });
      expect(await call("GET", `${order}/health`)).toMatchObject({
        status: 200,
        body: { status: "healthy", consumer: "running", orders_in_memory: expect.any(Number) },
      });
      expect((await fetch(`${cart}/health/live`)).status).toBe(200);
      expect((await fetch(`${order}/health/live`)).status).toBe(200);
    });

    test("the dead-letter views of both systems answer in their shapes", async () => {
      expect((await call("GET", `${order}/api/dlq/messages`)).body).toMatchObject({
        messages: expect.any(Array),
      });
      expect((await call("GET", `${order}/dlq/stats`)).body).toMatchObject({
        total_messages: expect.any(Number),
      });
      expect((await call("GET", `${order}/dlq/messages?limit=5`)).body).toMatchObject({
        limit: 5,
        offset: 0,
      });
      expect((await call("GET", `${order}/dlq/messages?limit=-1`)).status).toBe(400);
    });

    test("the typed client does the same over tRPC", async () => {
      const cartClient = createCartClient(cart);
      const orderClient = createOrderClient(order);
      const { orderId } = await cartClient.orders.create.mutate({ orderId: id("T-1"), itemCount: 4 });
      await cartClient.orders.updateStatus.mutate({ orderId, status: "packed", system: "A" });
      await eventually(async () => {
        expect(await orderClient.orders.details.query({ orderId })).toMatchObject({
          orderId,
          status: "packed",
        });
      });
      const page = await orderClient.orders.list.query({ limit: 1 });
      expect(page.orders).toHaveLength(1);
      expect((await orderClient.dlq.info.query()).topic).toEqual(expect.any(String));
    });
  });
}
