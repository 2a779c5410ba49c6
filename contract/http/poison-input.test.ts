import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createTestCart, createTestOrder, told, type Told } from "./test-service.ts";

type Body = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
const writes = [
  ["POST", "/create-order"],
  ["PUT", "/update-order"],
  ["POST", "/api/create-order"],
  ["PUT", "/api/update-order"],
] as const;

function send(app: ReturnType<typeof createTestCart>["app"], method: string, path: string, body: Body) {
  const headers = path.startsWith("/trpc/") ? { "Content-Type": "application/json" } : {};
  return told(app.request(path, { method, body, headers }));
}

/** The lines of an error, in whichever dialect it came. */
function linesOf({ body }: Told): unknown[] {
  if (typeof body !== "object" || body === null) return [];
  if ("errors" in body && Array.isArray(body.errors)) return body.errors;
  return "detail" in body ? [body.detail] : [];
}

const order = (fields: string) => `{"orderId":"O",${fields}}`;
const withId = (id: string) => `{"orderId":${id},"itemsCount":1}`;

describe("POST /create-order refuses poison with one clear sentence", () => {
  test.each<[name: string, body: string | Uint8Array<ArrayBuffer>, sentence: string]>([
    ["nothing", "", "The body is empty: send a JSON object"],
    ["blanks", " \n\t", "The body is empty: send a JSON object"],
    ["half a document", '{"orderId":"O"', "The body is not valid JSON"],
    ["NaN", order('"itemsCount":NaN'), "The body is not valid JSON"],
    ["Infinity", order('"itemsCount":Infinity'), "The body is not valid JSON"],
    ["a comment", `/* hi */ ${order('"itemsCount":1')}`, "The body is not valid JSON"],
    ["two documents", `${order('"itemsCount":1')}{}`, "The body is not valid JSON"],
    ["a form", "orderId=O&itemsCount=1", "The body is not valid JSON"],
    ["broken UTF-8", new Uint8Array([0x22, 0xff, 0xfe, 0x22]), "The body is not valid UTF-8"],
    ["UTF-8 cut short", new Uint8Array([0x22, 0xe2, 0x82]), "The body is not valid UTF-8"],
    ["an encoded surrogate", new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22]), "The body is not valid UTF-8"],
    ["UTF-16", new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]), "The body is not valid UTF-8"],
    ["60 KB of [", "[".repeat(60_000), "The body is not valid JSON"],
    [
      "30,000 nested arrays",
      "[".repeat(30_000) + "]".repeat(30_000),
      "Type error: The body must be a JSON object, received an array",
    ],
    [
      "nesting in a field",
      withId('{"a":'.repeat(10_000) + "1" + "}".repeat(10_000)),
      "Type error: Field 'orderId' must be a string, received an object",
    ],
    ["null", "null", "Type error: The body must be a JSON object, received null"],
    ["a string", '"O"', "Type error: The body must be a JSON object, received a string"],
    [
      "1e999",
      order('"itemsCount":1e999'),
      "Type error: Field 'itemsCount' must be an integer, received a number that is too large",
    ],
    ["a huge integer", order(`"itemsCount":${"9".repeat(300)}`), "Field 'itemsCount' must be at most 1000"],
    ["2^53", order('"itemsCount":9007199254740993'), "Field 'itemsCount' must be at most 1000"],
    [
      "-0.5",
      order('"itemsCount":-0.5'),
      "Type error: Field 'itemsCount' must be an integer, received the number -0.5",
    ],
    [
      "true",
      order('"itemsCount":true'),
      "Type error: Field 'itemsCount' must be an integer, received a boolean",
    ],
    [
      '"3"',
      order('"itemsCount":"3"'),
      "Type error: Field 'itemsCount' must be an integer, received a string",
    ],
    ["__proto__", order('"itemsCount":1,"__proto__":{"admin":true}'), "Unknown field: '__proto__'"],
    ["constructor", order('"itemsCount":1,"constructor":{}'), "Unknown field: 'constructor'"],
    [
      "a field named with a quote and a line break",
      order('"itemsCount":1,"a\\"\\n":1'),
      "Unknown field: 'a\\\"\\n'",
    ],
    ["NUL in orderId", withId('"A\\u0000B"'), "Field 'orderId' must not contain control characters"],
    ["C1 in orderId", withId('"A\\u0085B"'), "Field 'orderId' must not contain control characters"],
    ["a lone surrogate", withId('"A\\ud800"'), "Field 'orderId' must be well-formed Unicode"],
    ["129 characters", withId(`"${"x".repeat(129)}"`), "Field 'orderId' must be at most 128 characters"],
    ["129 emoji", withId(`"${"😀".repeat(129)}"`), "Field 'orderId' must be at most 128 characters"],
    ["a blank orderId", withId('"\\u00a0\\ufeff "'), "Field 'orderId' must not be blank"],
  ])("%s", async (_name, body, sentence) => {
    const cart = createTestCart();
    const answer = await send(cart.app, "POST", "/create-order", body);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: [sentence] });
    expect(cart.calls).toEqual([]);
    expect(cart.surprises).toEqual([]);
  });

  test("10,000 unknown fields give a bounded number of lines", async () => {
    const fields = Array.from({ length: 5000 }, (_, i) => `"f${i}":1`).join(",");
    const answer = await send(
      createTestCart().app,
      "POST",
      "/create-order",
      order(`"itemsCount":1,${fields}`),
    );
    expect(answer.status).toBe(400);
    expect(linesOf(answer)).toHaveLength(21);
    expect(linesOf(answer).at(-1)).toBe("There are more problems than are listed here");
  });

  test("an unknown field's name is shortened", async () => {
    const answer = await send(
      createTestCart().app,
      "POST",
      "/create-order",
      order(`"itemsCount":1,"${"n".repeat(50_000)}":1`),
    );
    expect(linesOf(answer)).toEqual([`Unknown field: '${"n".repeat(64)}…'`]);
  });
});

test("of a key that is given twice the last one counts, as JSON.parse has it", async () => {
  const cart = createTestCart();
  await send(cart.app, "POST", "/create-order", '{"orderId":"A","orderId":"B","itemsCount":1}');
  expect(cart.calls[0]?.command).toMatchObject({ orderId: "B" });
});

test("128 emoji are an orderId, and so is 3.0 an integer", async () => {
  const cart = createTestCart();
  const orderId = "😀".repeat(128);
  const answer = await send(cart.app, "POST", "/create-order", `{"orderId":"${orderId}","itemsCount":3.0}`);
  expect(answer.status).toBe(201);
  expect(cart.calls[0]?.command).toMatchObject({ orderId, itemCount: 3 });
});

test("a byte order mark does no harm", async () => {
  const body = new TextEncoder().encode(`\ufeff${order('"itemsCount":1')}`);
  expect((await send(createTestCart().app, "POST", "/create-order", body)).status).toBe(201);
});

describe("a body over 64 KB is 413", () => {
  test.each([...writes, ["POST", "/trpc/orders.create"] as const])(
    "%s %s: streamed 20 MB, of which little is read",
    async (method, path) => {
      const cart = createTestCart();
      const upload = createUpload(20 * 1024 * 1024);
      const answer = await send(cart.app, method, path, upload.stream);
      expect(answer.status).toBe(413);
      expect(JSON.stringify(answer.body)).toContain("The body must be at most 64 KB");
      expect(upload.producedBytes()).toBeLessThan(256 * 1024);
      expect(upload.wasCancelled()).toBe(true);
      expect(cart.timer.pending).toBe(0);
    },
  );

  test("a declared length is believed before a byte is read", async () => {
    const upload = createUpload(20 * 1024 * 1024);
    const answer = await told(
      createTestCart().app.request("/create-order", {
        method: "POST",
        body: upload.stream,
        headers: { "Content-Length": String(20 * 1024 * 1024) },
      }),
    );
    expect(answer.status).toBe(413);
    expect(upload.producedBytes()).toBeLessThan(128 * 1024);
  });

  test("a declared length that lies changes nothing", async () => {
    const answer = await told(
      createTestCart().app.request("/create-order", {
        method: "POST",
        body: " ".repeat(64 * 1024 + 1),
        headers: { "Content-Length": "10" },
      }),
    );
    expect(answer.status).toBe(413);
  });

  test("exactly 64 KB are read", async () => {
    const body = order('"itemsCount":1').padEnd(64 * 1024);
    const cart = createTestCart();
    expect((await send(cart.app, "POST", "/create-order", body)).status).toBe(201);
    expect((await send(cart.app, "POST", "/create-order", `${body} `)).status).toBe(413);
  });
});

describe("a body that never ends", () => {
  test("is 408 at the deadline, and is let go", async () => {
    const cart = createTestCart();
    const stalled = Promise.withResolvers<void>();
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull: () => stalled.promise,
      cancel() {
        cancelled = true;
      },
    });
    const pending = send(cart.app, "POST", "/create-order", body);
    cart.timer.fire();
    const answer = await pending;
    expect(answer.status).toBe(408);
    expect(answer.body).toEqual({ detail: "The body did not arrive within 8 s" });
    expect(cancelled).toBe(true);
    expect(cart.calls).toEqual([]);
  });

  test("that breaks off is 400, whoever is left to hear it", async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error("reset")),
    });
    const cart = createTestCart();
    expect((await send(cart.app, "POST", "/create-order", body)).status).toBe(400);
    expect(cart.surprises).toEqual([]);
  });
});

describe("whatever comes in, nothing is a 5xx and every answer is JSON", () => {
  const paths = [...writes, ["POST", "/trpc/orders.create"], ["POST", "/trpc/orders.updateStatus"]] as const;

  async function expectNo5xx(body: Body) {
    const cart = createTestCart();
    for (const [method, path] of paths) {
      const answer = await send(cart.app, method, path, body);
      expect(answer.status).toBeLessThan(500);
      expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
    }
    expect(cart.surprises).toEqual([]);
    expect(cart.timer.pending).toBe(0);
  }

  test("any JSON", () =>
    fc.assert(
      fc.asyncProperty(fc.json(), (body) => expectNo5xx(body)),
      { numRuns: 150 },
    ));

  test("any bytes", () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), (bytes) => expectNo5xx(new Uint8Array(bytes))),
      { numRuns: 150 },
    ));

  test("almost right orders", () => {
    const value = fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.integer(), fc.jsonValue());
    const fields = fc.record(
      { orderId: value, itemsCount: value, numItems: value, itemCount: value, status: value, system: value },
      { requiredKeys: [] },
    );
    return fc.assert(
      fc.asyncProperty(fields, (body) => expectNo5xx(JSON.stringify(body))),
      { numRuns: 150 },
    );
  });

  test("any query of a read, in both dialects and tRPC", () => {
    const paths = [
      "/order-details",
      "/api/order-details",
      "/getAllOrderIdsFromTopic",
      "/dlq/messages",
      "/dlq/stats",
      "/ops/dead-letters",
      "/ops/dead-letters/one",
      "/ops/parked",
      "/ops/audit",
      "/api/dlq/info",
      "/api/orders",
      "/api/orders/7",
      "/api/catalog",
      "/ops/sagas/7",
      "/trpc/orders.details",
      "/trpc/dlq.list",
      "/trpc/dlq.get",
      "/trpc/parked.list",
      "/trpc/audit.list",
      "/trpc/sagas.list",
      "/trpc/sagas.get",
    ];
    const names = [
      "orderId",
      "topic",
      "limit",
      "offset",
      "cursor",
      "id",
      "from",
      "until",
      "text",
      "category",
      "pageNo",
      "pageSize",
    ];
    const name = fc.constantFrom(...names, "input", "batch", "connectionParams");
    const query = fc
      .array(fc.tuple(fc.oneof(name, fc.string()), fc.string({ unit: "binary" })), { maxLength: 4 })
      .map((pairs) => pairs.map(([key, text]) => `${key}=${text.replaceAll(/[&#]/g, "%")}`).join("&"));
    return fc.assert(
      fc.asyncProperty(query, async (text) => {
        const order = createTestOrder();
        for (const path of paths) {
          const answer = await told(order.app.request(new Request(`http://order.test${path}?${text}`)));
          expect(answer.status).toBeLessThan(500);
        }
        expect(order.surprises).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  test("any body of an operator's order", () => {
    const value = fc.oneof(fc.string({ unit: "binary" }), fc.base64String(), fc.jsonValue());
    const body = fc.oneof(
      fc.json(),
      fc.record({ id: value }, { requiredKeys: [] }).map((id) => JSON.stringify(id)),
      fc
        .record(
          { topic: value, partition: value, fromOffset: value, toOffset: fc.nat(), reason: value },
          { requiredKeys: [] },
        )
        .map((skip) => JSON.stringify(skip)),
    );
    return fc.assert(
      fc.asyncProperty(body, async (text) => {
        const order = createTestOrder();
        for (const path of [
          "/ops/parked/retry-now",
          "/ops/parked/dead-letter-now",
          "/trpc/parked.retryNow",
          "/ops/partitions/skip",
          "/trpc/partitions.skip",
        ]) {
          const answer = await send(order.app, "POST", path, text);
          expect([400, 404]).toContain(answer.status);
        }
        expect(order.surprises).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("any body of an order for system C", () => {
    const value = fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.integer(), fc.jsonValue());
    const items = fc.record({ productId: value, quantity: value, price: value }, { requiredKeys: [] });
    const body = fc.record(
      { customerId: value, items: fc.oneof(value, fc.array(items)) },
      { requiredKeys: [] },
    );
    return fc.assert(
      fc.asyncProperty(body, async (fields) => {
        const order = createTestOrder();
        for (const path of ["/api/orders", "/trpc/sagas.place"]) {
          const answer = await send(order.app, "POST", path, JSON.stringify(fields));
          expect(answer.status).toBeLessThan(500);
        }
        expect(order.surprises).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  test("any segment where an orderId belongs", () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(fc.webSegment(), fc.nat().map(String)), async (segment) => {
        const order = createTestOrder();
        const answer = await told(order.app.request(new Request(`http://order.test/api/orders/${segment}`)));
        expect(answer.status).toBeLessThan(500);
        expect(order.surprises).toEqual([]);
      }),
      { numRuns: 200 },
    ));

  test("any path and method", () => {
    const method = fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND");
    const segment = fc.oneof(
      fc.webSegment(),
      fc.constantFrom("api", "trpc", "orders.create", "health", "__proto__", "%", "%00", "..", ","),
    );
    return fc.assert(
      fc.asyncProperty(method, fc.array(segment, { maxLength: 4 }), async (verb, segments) => {
        const cart = createTestCart();
        const url = `http://cart.test/${segments.join("/")}`;
        const answer = await told(cart.app.request(new Request(url, { method: verb })));
        expect(answer.status).toBeLessThan(500);
        expect(answer.headers.get("x-request-id")).toBeTruthy();
      }),
      { numRuns: 300 },
    );
  });
});

/** A body made while it is read, in 16 KB pieces. */
function createUpload(totalBytes: number) {
  let produced = 0;
  let cancelled = false;
  const chunk = new Uint8Array(16 * 1024).fill(0x20);
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (produced >= totalBytes) return controller.close();
        produced += chunk.byteLength;
        controller.enqueue(chunk);
      },
      cancel() {
        cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, producedBytes: () => produced, wasCancelled: () => cancelled };
}
