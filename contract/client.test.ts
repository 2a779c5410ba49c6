import { describe, expect, test } from "bun:test";
import { createCartClient, createOrderClient, withIdempotencyKey, type ClientOptions } from "./client.ts";
import { readContractError, type ContractErrorReport } from "./client-error.ts";
import { exampleOrder, exampleOrderDetails } from "./dialects/wire-order.ts";
import { createTestGuards, keyOf, testKeys } from "./http/test-guards.ts";
import {
  auditEntry,
  createTestCart,
  createTestOrder,
  deadLetter,
  parkedEvent,
  saga,
  told,
} from "./http/test-service.ts";
import { failed } from "./result.ts";

interface Served {
  readonly app: { request(url: string, init?: RequestInit): Response | Promise<Response> };
}

/** A client whose network is the application itself; `sent` has every HTTP request. */
function reach({ app }: Served) {
  const sent: { url: string; init: RequestInit | undefined }[] = [];
  const fetchApp: ClientOptions["fetch"] = async (url, init) => {
    const target = url instanceof Request ? url.url : url.toString();
    sent.push({ url: target, init });
    return await app.request(target, init);
  };
  return { fetch: fetchApp, sent };
}

async function errorOf(call: Promise<unknown>): Promise<ContractErrorReport> {
  try {
    await call;
  } catch (error) {
    const report = readContractError(error);
    if (report !== undefined) return report;
  }
  throw new Error("the call did not fail with a contract error");
}

const url = "http://orderwire.test";

describe("the cart client", () => {
  test("creates and updates with the procedures' own words", async () => {
    const cart = createTestCart();
    const client = createCartClient(url, reach(cart));
    expect(await client.orders.create.mutate({ orderId: " ORD-1 ", itemCount: 2 })).toEqual({
      ...exampleOrder,
      orderId: "ORD-1",
    });
    expect(
      await client.orders.updateStatus.mutate({ orderId: "ORD-1", status: "shipped", system: "A" }),
    ).toEqual({
      orderId: "ORD-1",
      status: "shipped",
    });
    expect(cart.calls.map(({ command }) => command)).toEqual([
      { orderId: "ORD-1", itemCount: 2, system: "B" },
      { orderId: "ORD-1", status: "shipped", system: "A" },
    ]);
  });

  test("sends calls of one tick together, ten at most", async () => {
    const cart = createTestCart();
    const network = reach(cart);
    const client = createCartClient(`${url}/`, network);
    const orderIds = Array.from({ length: 25 }, (_, i) => `ORD-${i}`);
    const orders = await Promise.all(
      orderIds.map((orderId) => client.orders.create.mutate({ orderId, itemCount: 1 })),
    );
    expect(orders.map(({ orderId }) => orderId)).toEqual(orderIds);
    expect(network.sent).toHaveLength(3);
  });

  test("an Idempotency-Key belongs to one call, which travels alone", async () => {
    const cart = createTestCart();
    const network = reach(cart);
    const client = createCartClient(url, network);
    await Promise.all([
      client.orders.create.mutate({ orderId: "A", itemCount: 1 }, withIdempotencyKey("key-a")),
      client.orders.create.mutate({ orderId: "B", itemCount: 1 }, withIdempotencyKey("key-b")),
      client.orders.create.mutate({ orderId: "C", itemCount: 1 }),
      client.orders.create.mutate({ orderId: "D", itemCount: 1 }),
    ]);
    expect(network.sent).toHaveLength(3);
    const keys = cart.calls.map(({ context }) => context.idempotencyKey);
    expect(keys).toHaveLength(4);
    expect(new Set(keys)).toEqual(new Set(["key-a", "key-b", undefined]));
  });

  test("sends its own headers with every request", async () => {
    const cart = createTestCart();
    const client = createCartClient(url, {
      ...reach(cart),
      headers: () => ({ "X-Request-Id": "from-the-client" }),
    });
    await client.orders.create.mutate({ orderId: "A", itemCount: 1 });
    await client.orders.create.mutate({ orderId: "A", itemCount: 1 }, withIdempotencyKey("k"));
    expect(cart.calls.map(({ context }) => context.requestId)).toEqual([
      "from-the-client",
      "from-the-client",
    ]);
  });
});

describe("a client's key", () => {
  const { guards } = createTestGuards({ keys: testKeys });

  test("goes with every call, and its role decides", async () => {
    const cart = createTestCart({}, {}, { guards });
    let key = keyOf("viewer");
    const client = createCartClient(url, { ...reach(cart), key: () => key });
    const create = () => client.orders.create.mutate({ orderId: "A", itemCount: 1 });
    expect(await errorOf(create())).toMatchObject({
      code: "forbidden",
      retryable: false,
      outcome: "none",
      message: expect.stringContaining("needs an operator's"),
    });
    expect(cart.calls).toEqual([]);
    key = keyOf("operator");
    await create();
    await client.orders.create.mutate({ orderId: "B", itemCount: 1 }, withIdempotencyKey("k"));
    expect(cart.calls.map(({ context }) => context.caller?.name)).toEqual(["the-operator", "the-operator"]);
  });

  test("that is missing is told with how to send one, in a batch too", async () => {
    const client = createOrderClient(url, reach(createTestOrder({ guards })));
    const errors = await Promise.all([
      errorOf(client.dlq.stats.query()),
      errorOf(client.orders.details.query({ orderId: "O" })),
    ]);
    for (const { code, message } of errors) {
      expect(code).toBe("unauthenticated");
      expect(message).toContain("Authorization: Bearer");
    }
  });
});

describe("the order client", () => {
  const orders = ["A", "B", "C"].map((orderId) => ({ ...exampleOrderDetails, orderId }));
  const order = createTestOrder({
    orders,
    deadLetters: [deadLetter()],
    parked: [parkedEvent()],
    stalled: ["order-events/1"],
    entries: [auditEntry()],
  });
  const client = createOrderClient(url, reach(order));

  test("reads details, pages through lists and asks the dead-letter queue", async () => {
    expect(await client.orders.details.query({ orderId: "B" })).toMatchObject({
      orderId: "B",
      shippingCost: 2,
    });
    const first = await client.orders.list.query({ limit: 2 });
    expect(first.orders.map(({ orderId }) => orderId)).toEqual(["A", "B"]);
    const second = await client.orders.list.query({ limit: 2, cursor: first.nextCursor });
    expect(second).toEqual({ orders: orders.slice(2) });
    expect(await client.orders.idsFromTopic.query({ topic: "order-events" })).toEqual({
      topic: "order-events",
      orderIds: ["A", "B", "C"],
    });
    expect((await client.dlq.list.query({})).deadLetters).toEqual([deadLetter()]);
    expect(await client.dlq.stats.query()).toMatchObject({ total: 1 });
    expect(await client.dlq.info.query()).toMatchObject({ maxRetries: 3 });
  });

  test("searches dead letters, reads one whole, lists what waits and gives orders about it", async () => {
    const found = await client.dlq.list.query({ reason: "unknown_order", from: "2026-03-02T00:00:00Z" });
    expect(found.deadLetters).toHaveLength(1);
    const letter = await client.dlq.get.query({ id: deadLetter().id });
    expect(letter.value).toEqual({
      kind: "decoded",
      event: { orderId: "ORD-999", status: "shipped" },
      schemaId: 3,
    });
    const { parked } = await client.parked.list.query({});
    expect(parked).toEqual([parkedEvent()]);
    const { id } = parkedEvent();
    expect(await client.parked.retryNow.mutate({ id })).toEqual({ id });
    expect(await client.parked.deadLetterNow.mutate({ id })).toEqual({ id });
    expect(order.ordered).toEqual([`retry ${id}`, `dead-letter ${id}`]);
  });

  test("sends a partition on that stands still, and reads the audit", async () => {
    const skipped = { topic: "order-events", partition: 1, fromOffset: 42, toOffset: 43 };
    const answer = await client.partitions.skip.mutate({ ...skipped, reason: "nobody can read it" });
    expect(answer).toEqual({ auditId: 1, ...skipped });
    expect(await client.audit.list.query({ limit: 10 })).toEqual({ entries: [auditEntry()] });
  });

  test("what is not there is not_found, in the contract's words", async () => {
    expect(await errorOf(client.dlq.get.query({ id: "order-events/0/1" }))).toMatchObject({
      code: "not_found",
      message: "There is no dead letter 'order-events/0/1'",
    });
    expect(await errorOf(client.parked.retryNow.mutate({ id: "AAAA" }))).toMatchObject({
      code: "not_found",
      message: expect.stringContaining("No such event waits"),
    });
  });

  test("an unknown order is not_found, in the documented words", async () => {
    expect(await errorOf(client.orders.details.query({ orderId: "X" }))).toMatchObject({
      code: "not_found",
      retryable: false,
      message: "Order 'X' not found",
      requestId: expect.any(String),
    });
  });

  test("one failure in a batch leaves the other calls alone", async () => {
    const [found, missing] = await Promise.allSettled([
      client.orders.details.query({ orderId: "A" }),
      client.orders.details.query({ orderId: "X" }),
    ]);
    expect(found.status).toBe("fulfilled");
    expect(missing.status).toBe("rejected");
  });
});

describe("the order client, for system C", () => {
  const item = { productId: "P-1", quantity: 2, price: 10 };

  test("places an order with its Idempotency-Key, in a request of its own", async () => {
    const order = createTestOrder();
    const network = reach(order);
    const client = createOrderClient(url, network);
    const placed = await client.sagas.place.mutate(
      { customerId: " CUST-1 ", items: [item] },
      withIdempotencyKey("k-1"),
    );
    expect(placed).toEqual({ orderId: 1, customerId: "CUST-1", status: "NEW", source: null, items: [item] });
    expect(order.placed[0]?.context.idempotencyKey).toBe("k-1");
    expect(network.sent).toHaveLength(1);
  });

  test("pages through orders, reads one with its time line, and the catalog", async () => {
    const sagas = [saga(1), saga(2), saga(3, { order: null, placedAt: null, timeline: [] })];
    const client = createOrderClient(url, reach(createTestOrder({ sagas })));
    const page = await client.sagas.list.query({ pageNo: 1, pageSize: 1 });
    expect(page).toMatchObject({ total: 2, orders: [{ orderId: 2, placedAt: saga(2).placedAt }] });
    expect(await client.sagas.get.query({ orderId: 2 })).toEqual(saga(2));
    expect(await client.sagas.order.query({ orderId: 2 })).toMatchObject({ orderId: 2, status: "NEW" });
    expect((await client.sagas.get.query({ orderId: 3 })).order).toBeNull();
    expect(await errorOf(client.sagas.order.query({ orderId: 3 }))).toMatchObject({
      code: "not_found",
      message: "Order '3' not found",
    });
    expect(await client.sagas.stats.query()).toMatchObject({ withoutOrder: 1 });
    expect((await client.catalog.list.query()).products).toHaveLength(1);
  });

  test("is told every problem of an order at once", async () => {
    const order = createTestOrder();
    const client = createOrderClient(url, reach(order));
    const report = await errorOf(
      client.sagas.place.mutate({ customerId: " ", items: [{ ...item, quantity: 0, price: 0.001 }] }),
    );
    expect(report.problems).toEqual([
      "Field 'customerId' must not be blank",
      "Field 'items.0.quantity' must be at least 1",
      "Field 'items.0.price' must have two decimals at most",
    ]);
    expect(order.placed).toEqual([]);
  });
});

describe("errors a client can read", () => {
  test("invalid input: every problem, and nothing is published", async () => {
    const cart = createTestCart();
    const client = createCartClient(url, reach(cart));
    const report = await errorOf(client.orders.create.mutate({ orderId: " ", itemCount: 101, system: "A" }));
    expect(report).toMatchObject({
      code: "invalid_request",
      retryable: false,
      outcome: "none",
      problems: ["Field 'orderId' must not be blank", "Field 'itemCount' must be at most 100 in system A"],
    });
    expect(cart.calls).toEqual([]);
  });

  test("away: retryable, with the time to wait, in the data and in the header", async () => {
    const cart = createTestCart({
      createOrder: async () =>
        failed({ code: "unavailable", message: "The broker is away.", retryAfterSeconds: 5 }),
    });
    const report = await errorOf(
      createCartClient(url, reach(cart)).orders.create.mutate({ orderId: "A", itemCount: 1 }),
    );
    expect(report).toMatchObject({
      code: "unavailable",
      retryable: true,
      outcome: "none",
      retryAfterSeconds: 5,
      message: "The broker is away. The request had no effect; try again later.",
    });
    const answer = await call(cart, "orders.create", '{"orderId":"A","itemCount":1}');
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(answer.headers.get("x-outcome")).toBe("none");
  });

  test("a surprise: internal, no stack, no message of ours, and it is heard once", async () => {
    const secret = new Error("password=hunter2");
    const cart = createTestCart({ createOrder: () => Promise.reject(secret) });
    const answer = await call(cart, "orders.create", '{"orderId":"A","itemCount":1}');
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toMatch(/hunter2|stack|\.ts/);
    expect(cart.surprises).toEqual([
      { error: secret, requestId: answer.headers.get("x-request-id") ?? "missing" },
    ]);
    expect(answer.headers.get("x-outcome")).toBe("unknown");
  });

  test("an answer that never comes, or is a proxy's page, has an unknown outcome", async () => {
    const networks: NonNullable<ClientOptions["fetch"]>[] = [
      () => Promise.reject(new TypeError("connection reset")),
      async () => new Response("<html>Bad gateway</html>", { status: 502 }),
    ];
    for (const fetch of networks) {
      const report = await errorOf(
        createCartClient(url, { fetch }).orders.create.mutate({ orderId: "A", itemCount: 1 }),
      );
      expect(report).toMatchObject({
        code: "outcome_unknown",
        retryable: true,
        outcome: "unknown",
        requestId: null,
      });
    }
  });

  test("an error that is not a client's is not read", () => {
    expect(readContractError(new Error("boom"))).toBeUndefined();
    expect(readContractError(undefined)).toBeUndefined();
  });
});

describe("/trpc is guarded", () => {
  test("only JSON is taken", async () => {
    for (const contentType of ["text/plain", "multipart/form-data; boundary=x", "application/octet-stream"]) {
      const answer = await call(createTestCart(), "orders.create", "{}", { "Content-Type": contentType });
      expect(answer.status).toBe(415);
      expect(answer.body).toMatchObject({ error: { data: { code: "unsupported_media_type" } } });
    }
  });

  test("a batch of eleven is refused before any call runs", async () => {
    const cart = createTestCart();
    const paths = Array.from({ length: 11 }, () => "orders.create");
    for (const separator of [",", "%2C"]) {
      const answer = await call(
        cart,
        `${paths.join(separator)}?batch=1`,
        '{"0":{"orderId":"A","itemCount":1}}',
      );
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({
        error: { data: { problems: ["A batch must be at most 10 calls"] } },
      });
    }
    expect(cart.calls).toEqual([]);
  });

  test("one Idempotency-Key for several calls is refused before any of them runs", async () => {
    const cart = createTestCart();
    const body = '{"0":{"orderId":"A","itemCount":1},"1":{"orderId":"B","itemCount":1}}';
    const answer = await call(cart, "orders.create,orders.create?batch=1", body, {
      "Content-Type": "application/json",
      "Idempotency-Key": "k",
    });
    expect(answer.status).toBe(400);
    expect(cart.calls).toEqual([]);
  });

  test("mutations are POST, queries are GET, or POST when they are long, and nothing else is either", async () => {
    const cart = createTestCart();
    for (const method of ["GET", "PUT", "DELETE"]) {
      const answer = await told(cart.app.request("/trpc/orders.create", { method }));
      expect(answer.status).toBe(405);
      expect(answer.headers.get("allow")).toContain("POST");
      expect(answer.body).toMatchObject({ error: { data: { code: "method_not_allowed" } } });
    }
    expect((await told(createTestOrder().app.request("/trpc/dlq.stats", { method: "PUT" }))).status).toBe(
      405,
    );
    const ids = Array.from({ length: 1000 }, (_, offset) => `order-events/0/${offset}`);
    const scope = JSON.stringify({ scope: { ids } });
    expect((await call(createTestOrder(), "replays.preview", scope)).status).toBe(200);
  });

  test.each(["constructor", "__proto__", "orders", "orders.create.call", "orders.constructor", "%ff", ""])(
    "procedure %p does not exist",
    async (path) => {
      const answer = await told(createTestCart().app.request(`/trpc/${path}`));
      expect([400, 404]).toContain(answer.status);
    },
  );

  test("the streaming protocols of the library cannot be asked for", async () => {
    const order = createTestOrder();
    const answer = await told(
      order.app.request("/trpc/dlq.stats?batch=1", {
        headers: { "trpc-accept": "application/jsonl", Accept: "text/event-stream" },
      }),
    );
    expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(answer.body).toMatchObject([{ result: { data: { total: 0 } } }]);
  });

  test.each([
    ["half a document", "{"],
    ["60 KB of [", "[".repeat(60_000)],
    ["30,000 nested arrays", "[".repeat(30_000) + "]".repeat(30_000)],
    ["an unknown field", '{"orderId":"A","itemCount":1,"__proto__":{}}'],
    ["nothing", ""],
    ["null", "null"],
  ])("%s is 400", async (_name, body) => {
    const cart = createTestCart();
    const answer = await call(cart, "orders.create", body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: { data: { code: "invalid_request" } } });
    expect(cart.calls).toEqual([]);
  });
});

function call({ app }: Served, path: string, body: string, headers: Record<string, string> = {}) {
  const init = { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } };
  return told(app.request(`/trpc/${path}`, init));
}
