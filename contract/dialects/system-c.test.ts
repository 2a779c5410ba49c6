import { describe, expect, test } from "bun:test";
import { invalidRequest } from "../errors.ts";
import { createTestOrder, saga, told } from "../http/test-service.ts";
import { failed } from "../result.ts";
import type { SagaOrder } from "../sagas.ts";
import { exampleSagaOrder } from "./system-c.ts";

const post = (body: string): RequestInit => ({ method: "POST", body });
const line = '{"productId":"P-1","quantity":2,"price":10}';
const order = (items: string) => `{"customerId":"CUST-1","items":[${items}]}`;

describe("POST /api/orders", () => {
  test("answers 201 with the order alone, as documented", async () => {
    const service = createTestOrder();
    const answer = await told(service.app.request("/api/orders", post(order(line))));
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      orderId: 1,
      customerId: "CUST-1",
      status: "NEW",
      source: null,
      items: [{ productId: "P-1", quantity: 2, price: 10 }],
    });
  });

  test("works with the content type that curl -d sends, and with none", async () => {
    for (const contentType of ["application/x-www-form-urlencoded", "text/plain;charset=UTF-8", ""]) {
      const init = { ...post(order(line)), headers: { "Content-Type": contentType } };
      expect((await createTestOrder().app.request("/api/orders", init)).status).toBe(201);
    }
  });

  test("gives the command trimmed ids and the Idempotency-Key", async () => {
    const { app, placed } = createTestOrder();
    const body = '{"customerId":" CUST-1\\n","items":[{"productId":" P-1 ","quantity":1,"price":0.1}]}';
    await app.request("/api/orders", { ...post(body), headers: { "Idempotency-Key": "k-1" } });
    expect(placed).toMatchObject([
      {
        command: { customerId: "CUST-1", items: [{ productId: "P-1", quantity: 1, price: 0.1 }] },
        context: { idempotencyKey: "k-1" },
      },
    ]);
  });

  test.each([
    ["{}", ["Missing required field: 'customerId'", "Missing required field: 'items'"]],
    [order(""), ["Field 'items' must have one line at least"]],
    [
      order('{"productId":" ","quantity":0,"price":-1}'),
      [
        "Field 'productId' must not be blank",
        "Field 'items.0.quantity' must be at least 1",
        "Field 'items.0.price' must be at least 0",
      ],
    ],
    [
      order(`${line},{"productId":"P-2","quantity":"2","price":"10"}`),
      [
        "Type error: Field 'items.1.quantity' must be an integer, received a string",
        "Type error: Field 'items.1.price' must be a number, received a string",
      ],
    ],
    [
      order('{"productId":"P-1","quantity":2.5,"price":true}'),
      [
        "Type error: Field 'items.0.quantity' must be an integer, received the number 2.5",
        "Type error: Field 'items.0.price' must be a number, received a boolean",
      ],
    ],
    [
      order('{"productId":"P-1","quantity":1,"price":9.999}'),
      ["Field 'items.0.price' must have two decimals at most"],
    ],
    [order('{"productId":"P-1","quantity":1}'), ["Missing required field: 'items.0.price'"]],
    [order(line).replace("{", '{"orderId":7,'), ["Unknown field: 'orderId'"]],
    [order("true"), ["Type error: Field 'items.0' must be a JSON object, received a boolean"]],
  ])("%s is 400 with a line for each problem, and nothing is placed", async (body, errors) => {
    const { app, placed } = createTestOrder();
    const answer = await told(app.request("/api/orders", post(body)));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      success: false,
      message: errors.length === 1 ? errors[0] : `The request has ${errors.length} problems`,
      errors,
    });
    expect(placed).toEqual([]);
  });

  test("100 lines are the most", async () => {
    const { app, placed } = createTestOrder();
    const lines = (length: number) => post(order(Array.from({ length }, () => line).join()));
    expect((await app.request("/api/orders", lines(100))).status).toBe(201);
    const answer = await told(app.request("/api/orders", lines(101)));
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ errors: ["Field 'items' must have 100 lines at most"] });
    expect(placed).toHaveLength(1);
  });

  test("every price with two decimals is taken as it is", async () => {
    const { app, placed } = createTestOrder();
    const prices = [0, 0.01, 0.29, 1.1, 8.95, 19.99, 4.35, 1.005e2, 70_000.07, 999_999.99, 1_000_000];
    for (const price of prices) {
      const body = order(`{"productId":"P-1","quantity":1,"price":${price}}`);
      expect((await app.request("/api/orders", post(body))).status).toBe(201);
    }
    expect(placed).toHaveLength(prices.length);
  });

  test("what the catalog does not know is 400 in system A's words", async () => {
    const problems = ["Unknown product 'P-99'", "The price of 'P-1' is 10, not 11"];
    const place = async () => failed(invalidRequest(problems));
    const { app } = createTestOrder({ ports: { sagaCommands: { place } } });
    const answer = await told(app.request("/api/orders", post(order(line))));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ success: false, message: "The request has 2 problems", errors: problems });
  });

  test("while something is away it is 503 with Retry-After and whether the order may be placed", async () => {
    const answers = [
      { code: "unavailable", message: "The catalog cannot be reached.", retryAfterSeconds: 2 },
      {
        code: "outcome_unknown",
        message: "Kafka did not acknowledge the order in time.",
        retryAfterSeconds: 2,
      },
    ] as const;
    for (const failure of answers) {
      const place = async () => failed(failure);
      const { app } = createTestOrder({ ports: { sagaCommands: { place } } });
      const answer = await told(app.request("/api/orders", post(order(line))));
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("2");
      expect(answer.headers.get("x-outcome")).toBe(failure.code === "unavailable" ? "none" : "unknown");
      expect(answer.body).toMatchObject({
        success: false,
        message: expect.stringContaining(failure.message),
      });
    }
  });
});

describe("GET /api/orders", () => {
  const sagas = Array.from({ length: 25 }, (_, i) => saga(i + 1));

  test("answers the first ten as a JSON array, with the total and the next page", async () => {
    const answer = await told(createTestOrder({ sagas }).app.request("/api/orders"));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(sagas.slice(0, 10).map(({ order: dto }) => dto));
    expect(answer.headers.get("x-total-count")).toBe("25");
    expect(answer.headers.get("link")).toBe('</api/orders?pageNo=1&pageSize=10>; rel="next"');
  });

  test("following the links gives every order once, and the last page has no link", async () => {
    const { app } = createTestOrder({ sagas });
    const seen: unknown[] = [];
    let next: string | undefined = "/api/orders?pageSize=7";
    while (next !== undefined) {
      const answer = await told(app.request(next));
      seen.push(answer.body);
      next = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
    }
    expect(seen.flat()).toEqual(sagas.map(({ order: dto }) => dto));
    expect(seen).toHaveLength(4);
  });

  test("a last page that is full has no link, and one beyond the end is empty", async () => {
    const { app } = createTestOrder({ sagas });
    const full = await told(app.request("/api/orders?pageNo=4&pageSize=5"));
    expect(full.body).toBeArrayOfSize(5);
    expect(full.headers.has("link")).toBe(false);
    const beyond = await told(app.request("/api/orders?pageNo=1000000000&pageSize=1000"));
    expect(beyond.body).toEqual([]);
    expect(beyond.headers.get("x-total-count")).toBe("25");
  });

  test.each([
    ["pageSize=1001", "Parameter 'pageSize' must be an integer from 1 to 1000"],
    ["pageSize=0", "Parameter 'pageSize' must be an integer from 1 to 1000"],
    ["pageNo=-1", "Parameter 'pageNo' must be an integer from 0 to 1000000000"],
    ["pageNo=one", "Parameter 'pageNo' must be an integer from 0 to 1000000000"],
    ["page=1", "Unknown parameter: 'page'"],
  ])("%s is 400", async (query, problem) => {
    const answer = await told(createTestOrder({ sagas }).app.request(`/api/orders?${query}`));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ success: false, message: problem, errors: [problem] });
  });
});

describe("GET /api/orders/{orderId}", () => {
  test("answers the order alone, with who rejected it", async () => {
    const dto: SagaOrder = { ...exampleSagaOrder, orderId: 7, status: "ROLLBACK", source: "PAYMENT" };
    const sagas = [saga(7, { order: dto })];
    const answer = await told(createTestOrder({ sagas }).app.request("/api/orders/7"));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(dto);
  });

  test.each(["/api/orders/8", "/api/orders/9007199254740991"])("%s is 404 in words", async (path) => {
    const answer = await told(createTestOrder({ sagas: [saga(7)] }).app.request(path));
    expect(answer.status).toBe(404);
    const message = `Order '${path.split("/").at(-1)}' not found`;
    expect(answer.body).toEqual({ success: false, message, errors: [message] });
  });

  test("decisions alone are no order", async () => {
    const sagas = [saga(7, { order: null, placedAt: null, timeline: [] })];
    const { app } = createTestOrder({ sagas });
    expect((await app.request("/api/orders/7")).status).toBe(404);
    expect((await app.request("/ops/sagas/7")).status).toBe(200);
  });

  test.each(["0", "-1", "1.5", "ORD-1", "9007199254740992", "99999999999999999", "%00", "%", "1e3", "٣"])(
    "an orderId %p is 400",
    async (orderId) => {
      const answer = await told(createTestOrder().app.request(`/api/orders/${orderId}`));
      expect(answer.status).toBe(400);
      const problem = "Parameter 'orderId' must be an integer from 1 to 9007199254740991";
      expect(answer.body).toEqual({ success: false, message: problem, errors: [problem] });
    },
  );

  test("a stray parameter is 400, another method 405, a longer path 404", async () => {
    const { app } = createTestOrder({ sagas: [saga(7)] });
    const stray = await told(app.request("/api/orders/7?verbose=1"));
    expect(stray.status).toBe(400);
    expect(stray.body).toMatchObject({ errors: ["Unknown parameter: 'verbose'"] });
    const put = await told(app.request("/api/orders/7", { method: "PUT", body: "{}" }));
    expect(put.status).toBe(405);
    expect(put.headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    expect((await app.request("/api/orders", { method: "DELETE" })).headers.get("allow")).toBe(
      "POST, GET, HEAD, OPTIONS",
    );
    expect((await app.request("/api/orders/7/items")).status).toBe(404);
  });
});

test("GET /api/catalog lists the products", async () => {
  const answer = await told(createTestOrder().app.request("/api/catalog"));
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({ products: [{ productId: "P-1", name: "Tea", price: 10 }] });
});

test("GET /ops/sagas/{orderId} tells what happened, in order", async () => {
  const told7 = saga(7, {
    stock: {
      answer: "ACCEPT",
      source: null,
      eventAt: "2026-03-02T09:30:00.010Z",
      receivedAt: "2026-03-02T09:30:00.016Z",
      state: "expired",
      replayed: false,
    },
  });
  const { app } = createTestOrder({ sagas: [told7] });
  expect((await told(app.request("/ops/sagas/7"))).body).toEqual({ ...told7 });
  const unknown = await told(app.request("/ops/sagas/8"));
  expect(unknown.status).toBe(404);
  expect(unknown.body).toEqual({ detail: "Order '8' not found" });
});

test("GET /ops/saga-stats counts orders by status", async () => {
  const { app } = createTestOrder({ sagas: [saga(1), saga(2), saga(3, { order: null })] });
  expect((await told(app.request("/ops/saga-stats"))).body).toMatchObject({
    orders: { NEW: 2, CONFIRMED: 0, REJECTED: 0, ROLLBACK: 0 },
    withoutOrder: 1,
  });
});
