import { describe, expect, test } from "bun:test";
import { createTestCart, createTestOrder, deadLetter, told } from "../http/test-service.ts";
import { exampleOrder, exampleOrderDetails } from "./wire-order.ts";

const post = (body: string): RequestInit => ({ method: "POST", body });
const put = (body: string): RequestInit => ({ method: "PUT", body });

describe("POST /api/create-order", () => {
  test("answers 201 with the flat order and no shippingCost", async () => {
    const cart = createTestCart();
    const answer = await told(
      cart.app.request("/api/create-order", post('{"orderId":"ORD-1","numItems":2}')),
    );
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      success: true,
      message: "Order creation event published for order 'ORD-1'.",
      data: { ...exampleOrder, orderId: "ORD-1" },
    });
    expect(cart.calls[0]?.command).toEqual({ orderId: "ORD-1", itemCount: 2, system: "A" });
  });

  test("works with the content type that curl -d sends, and with none", async () => {
    for (const contentType of ["application/x-www-form-urlencoded", "text/plain;charset=UTF-8", ""]) {
      const cart = createTestCart();
      const init = { ...post('{"orderId":"ORD-1","numItems":2}'), headers: { "Content-Type": contentType } };
      expect((await cart.app.request("/api/create-order", init)).status).toBe(201);
    }
  });

  test("gives the command a trimmed orderId", async () => {
    const cart = createTestCart();
    await cart.app.request("/api/create-order", post('{"orderId":"  ORD-1\\n","numItems":2}'));
    expect(cart.calls[0]?.command).toMatchObject({ orderId: "ORD-1" });
  });

  test.each([
    ['{"orderId":" ","numItems":1}', ["Field 'orderId' must not be blank"]],
    ['{"orderId":"ORD-1","numItems":0}', ["Field 'numItems' must be at least 1"]],
    ['{"orderId":"ORD-1","numItems":101}', ["Field 'numItems' must be at most 100"]],
    ['{"orderId":"ORD-1"}', ["Missing required field: 'numItems'"]],
    ['{"orderId":"ORD-1","itemsCount":1,"numItems":1}', ["Unknown field: 'itemsCount'"]],
    ["{}", ["Missing required field: 'orderId'", "Missing required field: 'numItems'"]],
  ])("%s is 400 with a line for each problem, and nothing is published", async (body, errors) => {
    const cart = createTestCart();
    const answer = await told(cart.app.request("/api/create-order", post(body)));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      success: false,
      message: errors.length === 1 ? errors[0] : `The request has ${errors.length} problems`,
      errors,
    });
    expect(cart.calls).toEqual([]);
  });

  test("100 items are the most", async () => {
    const cart = createTestCart();
    const answer = await cart.app.request("/api/create-order", post('{"orderId":"ORD-1","numItems":100}'));
    expect(answer.status).toBe(201);
  });
});

describe("PUT /api/update-order", () => {
  test("answers 202 word for word as documented", async () => {
    const cart = createTestCart();
    const answer = await told(
      cart.app.request("/api/update-order", put('{"orderId":"ORD-123","status":"shipped"}')),
    );
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      success: true,
      message: "Status update event published for order 'ORD-123'. Processing asynchronously.",
      data: {
        orderId: "ORD-123",
        status: "shipped",
        message: "Status update event published. Processing asynchronously.",
        eventType: "STATUS_UPDATE",
      },
    });
    expect(cart.calls[0]?.command).toEqual({ orderId: "ORD-123", status: "shipped", system: "A" });
  });

  test.each(['""', '"   "', '"\\t\\u2003\\n"'])("status %s is 400 at once", async (status) => {
    const cart = createTestCart();
    const answer = await told(
      cart.app.request("/api/update-order", put(`{"orderId":"ORD-123","status":${status}}`)),
    );
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ success: false, errors: ["Field 'status' must not be blank"] });
    expect(cart.calls).toEqual([]);
  });

  test("status new is not reserved here", async () => {
    const cart = createTestCart();
    const answer = await cart.app.request("/api/update-order", put('{"orderId":"ORD-123","status":"new"}'));
    expect(answer.status).toBe(202);
  });
});

describe("GET /api/order-details", () => {
  test("answers the stored order", async () => {
    const order = createTestOrder({ orders: [exampleOrderDetails] });
    const answer = await told(order.app.request("/api/order-details?orderId=ORDER-001"));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(exampleOrderDetails);
  });

  test("is 404 in A's words when the order is unknown", async () => {
    const answer = await told(createTestOrder().app.request("/api/order-details?orderId=ORD-404"));
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({
      success: false,
      message: "Order 'ORD-404' not found",
      errors: ["Order 'ORD-404' not found"],
    });
  });

  test("is 400 in A's words without orderId", async () => {
    const answer = await told(createTestOrder().app.request("/api/order-details"));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      success: false,
      message: "Missing required parameter: 'orderId'",
      errors: ["Missing required parameter: 'orderId'"],
    });
  });
});

describe("GET /api/dlq/messages", () => {
  test("tells every documented field of a failed event", async () => {
    const order = createTestOrder({ deadLetters: [deadLetter()] });
    const answer = await told(order.app.request("/api/dlq/messages"));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      messages: [
        {
          originalMessage: '{"orderId":"ORD-999","status":"shipped"}',
          errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
          errorType: "ValueError",
          retryCount: 3,
          failedAttempts: 4,
          firstFailureTimestamp: "2026-03-02T09:30:00.100Z",
          lastFailureTimestamp: "2026-03-02T09:30:07.200Z",
          originalTopic: "order-status-updates",
          originalPartition: 0,
          originalOffset: 17,
          consumerGroup: "order-service-group-status-updates",
        },
      ],
    });
  });

  test("lists all of them, page by page behind the scenes", async () => {
    const deadLetters = Array.from({ length: 1250 }, (_, offset) => deadLetter({ originalOffset: offset }));
    const order = createTestOrder({ deadLetters });
    const { body } = await told(order.app.request("/api/dlq/messages"));
    expect(body).toEqual({
      messages: deadLetters.map((_, offset) => expect.objectContaining({ originalOffset: offset })),
    });
    expect(order.pages).toEqual([
      { queue: "orders", limit: 500 },
      { queue: "orders", limit: 500, cursor: "500" },
      { queue: "orders", limit: 500, cursor: "1000" },
    ]);
  });

  test("says what is known of a value that was too large to be kept", async () => {
    const omittedValue = { sizeBytes: 1_500_000, sha256: "ab".repeat(32) };
    const deadLetters = [deadLetter({ originalMessage: null, originalValue: null, omittedValue })];
    const { body } = await told(createTestOrder({ deadLetters }).app.request("/api/dlq/messages"));
    expect(body).toMatchObject({ messages: [{ originalMessage: null, originalValueOmitted: omittedValue }] });
  });

  test("stops at the documented bound and says so", async () => {
    const many = Array.from({ length: 10_001 }, () => deadLetter());
    const { body } = await told(createTestOrder({ deadLetters: many }).app.request("/api/dlq/messages"));
    expect(body).toMatchObject({ truncated: true, messages: { length: 10_000 } });

    const large = Array.from({ length: 1000 }, () => deadLetter({ originalMessage: "x".repeat(40_000) }));
    const answer = await told(createTestOrder({ deadLetters: large }).app.request("/api/dlq/messages"));
    expect(answer.body).toMatchObject({ truncated: true, messages: { length: 500 } });
  });
});

test("GET /api/dlq/info tells topic, count, partitions and retry settings", async () => {
  const order = createTestOrder({ deadLetters: [deadLetter()] });
  const answer = await told(order.app.request("/api/dlq/info"));
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    topic: "order-events-dlq",
    messageCount: 1,
    partitions: 1,
    retrySettings: { maxRetries: 3, retryBackoffMs: 1000, maxBackoffMs: 30_000 },
  });
});
