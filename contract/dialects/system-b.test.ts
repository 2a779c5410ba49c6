import { describe, expect, test } from "bun:test";
import { createTestCart, createTestOrder, deadLetter, told } from "../http/test-service.ts";
import { exampleOrder, exampleOrderDetails } from "./wire-order.ts";

const post = (body: string): RequestInit => ({ method: "POST", body });
const put = (body: string): RequestInit => ({ method: "PUT", body });

describe("POST /create-order", () => {
  test("answers 201 with the flat order and no shippingCost", async () => {
    const cart = createTestCart();
    const answer = await told(
      cart.app.request("/create-order", post('{"orderId":"ORDER-001","itemsCount":3}')),
    );
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      message: "Order creation event published successfully",
      order: exampleOrder,
    });
    expect(cart.calls[0]?.command).toEqual({ orderId: "ORDER-001", itemCount: 3, system: "B" });
  });

  test.each([
    ["{}", ["Missing required field: 'orderId'", "Missing required field: 'itemsCount'"]],
    ['{"itemsCount":3}', ["Missing required field: 'orderId'"]],
    ['{"orderId":"","itemsCount":3}', ["Field 'orderId' must not be blank"]],
    [
      '{"orderId":"O","itemsCount":"3"}',
      ["Type error: Field 'itemsCount' must be an integer, received a string"],
    ],
    [
      '{"orderId":"O","itemsCount":true}',
      ["Type error: Field 'itemsCount' must be an integer, received a boolean"],
    ],
    [
      '{"orderId":"O","itemsCount":2.5}',
      ["Type error: Field 'itemsCount' must be an integer, received the number 2.5"],
    ],
    [
      '{"orderId":7,"itemsCount":null}',
      [
        "Type error: Field 'orderId' must be a string, received the number 7",
        "Type error: Field 'itemsCount' must be an integer, received null",
      ],
    ],
    ['{"orderId":"O","itemsCount":0}', ["Field 'itemsCount' must be at least 1"]],
    ['{"orderId":"O","itemsCount":-4}', ["Field 'itemsCount' must be at least 1"]],
    ['{"orderId":"O","itemsCount":1001}', ["Field 'itemsCount' must be at most 1000"]],
    ['{"orderId":"O","itemsCount":3,"numItems":3}', ["Unknown field: 'numItems'"]],
    ["[]", ["Type error: The body must be a JSON object, received an array"]],
  ])("%s is 400 with a line for each problem, and nothing is published", async (body, errors) => {
    const cart = createTestCart();
    const answer = await told(cart.app.request("/create-order", post(body)));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors });
    expect(cart.calls).toEqual([]);
  });

  test("1,000 items are the most", async () => {
    const cart = createTestCart();
    const answer = await cart.app.request("/create-order", post('{"orderId":"O","itemsCount":1000}'));
    expect(answer.status).toBe(201);
  });
});

describe("PUT /update-order", () => {
  test("answers 200 with what was published", async () => {
    const cart = createTestCart();
    const answer = await told(
      cart.app.request("/update-order", put('{"orderId":"ORDER-001","status":" shipped "}')),
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      message: "Order status update event published successfully",
      update: { orderId: "ORDER-001", status: "shipped" },
    });
    expect(cart.calls[0]?.command).toEqual({ orderId: "ORDER-001", status: "shipped", system: "B" });
  });

  test.each(["new", "NEW", "nEw", " new "])("status %p is reserved for creation", async (status) => {
    const cart = createTestCart();
    const body = JSON.stringify({ orderId: "ORDER-001", status });
    const answer = await told(cart.app.request("/update-order", put(body)));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      errors: ["status='new' is reserved for creation. Use 'pending', 'confirmed', etc."],
    });
    expect(cart.calls).toEqual([]);
  });

  test("a status that only contains new is none of that", async () => {
    const cart = createTestCart();
    const answer = await cart.app.request("/update-order", put('{"orderId":"O","status":"renewed"}'));
    expect(answer.status).toBe(200);
  });

  test.each([
    ["{}", ["Missing required field: 'orderId'", "Missing required field: 'status'"]],
    ['{"orderId":"O","status":" "}', ["Field 'status' must not be blank"]],
    ['{"orderId":"O","status":5}', ["Type error: Field 'status' must be a string, received the number 5"]],
  ])("%s is 400", async (body, errors) => {
    const answer = await told(createTestCart().app.request("/update-order", put(body)));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors });
  });
});

describe("GET /order-details", () => {
  test("answers the stored order with its shippingCost and nothing that is internal", async () => {
    const stored = { ...exampleOrderDetails, rowVersion: 3 };
    const answer = await told(
      createTestOrder({ orders: [stored] }).app.request("/order-details?orderId=ORDER-001"),
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(exampleOrderDetails);
  });

  test("finds an order whose id needs percent-encoding, and trims it", async () => {
    const stored = { ...exampleOrderDetails, orderId: "Größe & 100% +1" };
    const order = createTestOrder({ orders: [stored] });
    const query = new URLSearchParams({ orderId: ` ${stored.orderId} ` });
    const answer = await told(order.app.request(`/order-details?${query}`));
    expect(answer.body).toMatchObject({ orderId: stored.orderId });
  });

  test("is 404 with the documented detail, whatever the store's own words are", async () => {
    const answer = await told(createTestOrder().app.request("/order-details?orderId=X"));
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({ detail: "Order 'X' not found" });
  });

  test.each([
    ["", "Missing required parameter: 'orderId'"],
    ["?orderId=", "Field 'orderId' must not be blank"],
    ["?orderId", "Field 'orderId' must not be blank"],
    ["?orderId=A&orderId=B", 'Parameter "orderId" was given more than once'],
    ["?orderId=A&orderId=A", 'Parameter "orderId" was given more than once'],
    ["?orderId=A&x=1", "Unknown parameter: 'x'"],
    ["?orderId=A&__proto__=1", "Unknown parameter: '__proto__'"],
    ["?orderId=%ff", "The query is not valid percent-encoded UTF-8"],
    ["?orderId=%", "The query is not valid percent-encoded UTF-8"],
    ["?orderId=A%00", "Field 'orderId' must not contain control characters"],
  ])("with query %p is 400", async (query, problem) => {
    const answer = await told(createTestOrder().app.request(`/order-details${query}`));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: [problem] });
  });
});

describe("GET /getAllOrderIdsFromTopic", () => {
  const orders = ["B", "A"].map((orderId) => ({ ...exampleOrderDetails, orderId }));

  test("lists the ids, sorted, and counts them", async () => {
    const answer = await told(
      createTestOrder({ orders }).app.request("/getAllOrderIdsFromTopic?topic=order-events"),
    );
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ topic: "order-events", orderIds: ["A", "B"], count: 2 });
  });

  test("is 404 for a topic that is not consumed and 400 without one", async () => {
    const { app } = createTestOrder({ orders });
    const unknown = await told(app.request("/getAllOrderIdsFromTopic?topic=payments"));
    expect(unknown.status).toBe(404);
    expect(unknown.body).toEqual({ detail: "Topic 'payments' is not consumed by this service" });
    expect((await app.request("/getAllOrderIdsFromTopic")).status).toBe(400);
  });
});

describe("GET /dlq/stats", () => {
  test("counts failed events by category", async () => {
    const deadLetters = [deadLetter(), deadLetter({ errorCategory: "NO_RETRY_DLQ", attempts: 1 })];
    const answer = await told(createTestOrder({ deadLetters }).app.request("/dlq/stats"));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      total_messages: 2,
      error_categories: { NO_RETRY_DLQ: 1, RETRY_THEN_DLQ: 1 },
      topic: "order-events-dlq",
    });
  });

  test("answers from an empty queue too", async () => {
    const answer = await told(createTestOrder().app.request("/dlq/stats"));
    expect(answer.body).toEqual({ total_messages: 0, error_categories: {}, topic: "order-events-dlq" });
  });
});

describe("GET /dlq/messages", () => {
  const deadLetters = Array.from({ length: 12 }, (_, offset) =>
    deadLetter({
      errorCategory: "NO_RETRY_DLQ",
      attempts: 1,
      originalOffset: offset,
      originalTopic: "order-events",
      orderId: offset === 11 ? null : `ORDER-${offset}`,
      originalValue: offset === 11 ? null : "AAAAAAEA",
    }),
  );

  test("answers ten by default, in topic order, with count, limit and offset", async () => {
    const { body, status } = await told(createTestOrder({ deadLetters }).app.request("/dlq/messages"));
    expect(status).toBe(200);
    expect(body).toMatchObject({ count: 10, limit: 10, offset: 0, messages: { length: 10 } });
  });

  test("pages, and counts the page only", async () => {
    const order = createTestOrder({ deadLetters });
    const { body } = await told(order.app.request("/dlq/messages?limit=10&offset=11"));
    expect(body).toEqual({
      messages: [
        {
          orderId: null,
          error_category: "NO_RETRY_DLQ",
          error_message: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
          retry_count: 0,
          timestamp: "2026-03-02T09:30:07.200Z",
          original_topic: "order-events",
          original_partition: 0,
          original_offset: 11,
          original_value: null,
        },
      ],
      count: 1,
      limit: 10,
      offset: 11,
    });
    expect(order.pages).toEqual([{ limit: 10, offset: 11, queue: "orders" }]);
  });

  test("says what is known of a value that was too large to be kept", async () => {
    const omittedValue = { sizeBytes: 1_500_000, sha256: "ab".repeat(32) };
    const deadLetters = [deadLetter({ originalValue: null, omittedValue })];
    const { body } = await told(createTestOrder({ deadLetters }).app.request("/dlq/messages"));
    expect(body).toMatchObject({
      messages: [
        { original_value: null, original_value_omitted: { size_bytes: 1_500_000, sha256: "ab".repeat(32) } },
      ],
    });
  });

  test.each(["0", "1", "1000", "007"])("limit %s is allowed", async (limit) => {
    const answer = await told(createTestOrder({ deadLetters }).app.request(`/dlq/messages?limit=${limit}`));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ limit: Number(limit) });
  });

  test.each(["-1", "1001", "1.0", "1e2", "0x10", "", "ten", "%201", "99999999999999999999"])(
    "limit %p is 400",
    async (limit) => {
      const answer = await told(createTestOrder().app.request(`/dlq/messages?limit=${limit}`));
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({ errors: ["Parameter 'limit' must be an integer from 0 to 1000"] });
    },
  );

  test("a negative offset and one beyond 2^53 are 400", async () => {
    for (const offset of ["-1", "9007199254740993"]) {
      const answer = await createTestOrder().app.request(`/dlq/messages?offset=${offset}`);
      expect(answer.status).toBe(400);
    }
  });
});
