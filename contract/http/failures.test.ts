import { describe, expect, test } from "bun:test";
import { errorTable, isErrorCode, type ContractFailure } from "../errors.ts";
import { failed, success } from "../result.ts";
import { exampleOrder } from "../dialects/wire-order.ts";
import { createTestCart, createTestOrder, told } from "./test-service.ts";

const createB = { method: "POST", body: '{"orderId":"O","itemsCount":1}' };
const createA = { method: "POST", body: '{"orderId":"O","numItems":1}' };
const failing = (failure: ContractFailure) => createTestCart({ createOrder: async () => failed(failure) });

describe("a port's failure becomes the row of the error table", () => {
  test.each(Object.keys(errorTable).filter(isErrorCode))("%s", async (code) => {
    const { app } = failing({ code, message: "The cause." });
    const row = errorTable[code];
    const message = "advice" in row ? `The cause. ${row.advice}` : "The cause.";

    const b = await told(app.request("/create-order", createB));
    expect(b.status).toBe(row.httpStatus);
    expect(b.body).toEqual(row.httpStatus === 400 ? { errors: [message] } : { detail: message });
    expect(b.headers.has("retry-after")).toBe(row.retryable);
    expect(b.headers.get("x-outcome")).toBe(row.httpStatus >= 500 ? row.outcome : null);

    const a = await told(app.request("/api/create-order", createA));
    expect(a.status).toBe(row.httpStatus);
    expect(a.body).toEqual({ success: false, message, errors: [message] });
    expect(a.headers.has("retry-after")).toBe(row.retryable);
  });

  test("503 says when to try again and whether the outcome is unknown", async () => {
    const away = await told(
      failing({
        code: "unavailable",
        message: "The broker cannot be reached.",
        retryAfterSeconds: 2.1,
      }).app.request("/create-order", createB),
    );
    expect(away.status).toBe(503);
    expect(away.body).toEqual({
      detail: "The broker cannot be reached. The request had no effect; try again later.",
    });
    expect(away.headers.get("retry-after")).toBe("3");
    expect(away.headers.get("x-outcome")).toBe("none");

    const silent = await told(
      failing({ code: "outcome_unknown", message: "The broker did not answer in time." }).app.request(
        "/create-order",
        createB,
      ),
    );
    expect(silent.status).toBe(503);
    expect(silent.body).toEqual({
      detail:
        "The broker did not answer in time. The outcome is unknown; try again with the same Idempotency-Key.",
    });
    expect(silent.headers.get("x-outcome")).toBe("unknown");
    expect(silent.headers.get("retry-after")).toBe("1");
  });
});

describe("what a port throws", () => {
  const secret = new Error("password=hunter2");

  test.each([
    ["rejecting", async () => Promise.reject(secret)],
    [
      "at once",
      () => {
        throw secret;
      },
    ],
  ])("%s is 500 without its message, and is heard with the request id", async (_when, createOrder) => {
    const cart = createTestCart({ createOrder });
    const answer = await told(cart.app.request("/create-order", createB));
    const requestId = answer.headers.get("x-request-id");
    expect(answer.status).toBe(500);
    expect(answer.body).toEqual({
      detail: `The request failed on our side. It may or may not have taken effect. Please report request id ${requestId}.`,
    });
    expect(cart.surprises).toEqual([{ error: secret, requestId: requestId ?? "" }]);
    expect(cart.timer.pending).toBe(0);
  });

  test("null or undefined is a surprise like any other", async () => {
    for (const thrown of [null, undefined]) {
      const cart = createTestCart({ createOrder: () => Promise.reject(thrown) });
      expect((await cart.app.request("/create-order", createB)).status).toBe(500);
      expect(cart.surprises).toHaveLength(1);
    }
  });

  test("in a health check is 500 too", async () => {
    const cart = createTestCart({}, { read: () => Promise.reject(secret) });
    const answer = await told(cart.app.request("/health"));
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toContain("hunter2");
  });

  test("an answer that cannot be mapped is a surprise, not a crash", async () => {
    const broken = JSON.parse(JSON.stringify({ ...exampleOrder, items: null }));
    const cart = createTestCart({ createOrder: async () => success(broken) });
    expect((await cart.app.request("/create-order", createB)).status).toBe(500);
    expect(cart.surprises).toHaveLength(1);
  });
});

describe("the deadline of 8 s", () => {
  test("a write that hangs is 503 with an unknown outcome; what it does later harms nobody", async () => {
    const work = Promise.withResolvers<never>();
    const cart = createTestCart({ createOrder: () => work.promise });
    const pending = told(cart.app.request("/create-order", createB));
    await until(() => cart.calls.length === 1);
    cart.timer.fire();
    const answer = await pending;
    expect(answer.status).toBe(503);
    expect(answer.headers.get("x-outcome")).toBe("unknown");
    expect(answer.body).toEqual({
      detail: "No answer within 8 s. The outcome is unknown; try again with the same Idempotency-Key.",
    });

    const late = new Error("late");
    work.reject(late);
    await until(() => cart.surprises.length === 1);
    expect(cart.surprises[0]?.error).toBe(late);
  });

  test("a read that hangs is 503 without effect", async () => {
    const order = createTestOrder({ views: { details: () => new Promise(() => {}) } });
    const pending = told(order.app.request("/order-details?orderId=O"));
    await until(() => order.timer.pending === 1);
    order.timer.fire();
    const answer = await pending;
    expect(answer.status).toBe(503);
    expect(answer.headers.get("x-outcome")).toBe("none");
  });

  test("no timer is left behind", async () => {
    const cart = createTestCart();
    await cart.app.request("/create-order", createB);
    await cart.app.request("/health");
    expect(cart.timer.pending).toBe(0);
  });
});

describe("headers", () => {
  test("a well-formed X-Request-Id is kept, told to the command and answered", async () => {
    const cart = createTestCart();
    const init = { ...createB, headers: { "X-Request-Id": "req-1:a.b_c" } };
    const answer = await cart.app.request("/create-order", init);
    expect(answer.headers.get("x-request-id")).toBe("req-1:a.b_c");
    expect(cart.calls[0]?.context.requestId).toBe("req-1:a.b_c");
  });

  test.each(["", "a b", "<script>", "x".repeat(129)])("X-Request-Id %p is replaced", async (sent) => {
    const cart = createTestCart();
    const answer = await cart.app.request("/nowhere", { headers: { "X-Request-Id": sent } });
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("a well-formed Idempotency-Key and traceparent reach the command", async () => {
    const cart = createTestCart();
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const headers = { "Idempotency-Key": "k".repeat(255), traceparent };
    await cart.app.request("/create-order", { ...createB, headers });
    expect(cart.calls[0]?.context).toMatchObject({ idempotencyKey: "k".repeat(255), traceparent });
  });

  test("a malformed traceparent is ignored", async () => {
    const cart = createTestCart();
    await cart.app.request("/create-order", { ...createB, headers: { traceparent: "00-nonsense" } });
    expect(cart.calls[0]?.context).not.toHaveProperty("traceparent");
  });

  test.each(["", "two words", "k".repeat(256), "clé"])("Idempotency-Key %p is 400", async (key) => {
    const cart = createTestCart();
    const answer = await told(
      cart.app.request("/create-order", { ...createB, headers: { "Idempotency-Key": key } }),
    );
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      errors: ["Header Idempotency-Key must be 1 to 255 visible ASCII characters"],
    });
    expect(cart.calls).toEqual([]);
  });

  test("every answer is JSON, is not kept and is not sniffed", async () => {
    const { app } = createTestCart();
    for (const [path, init] of [
      ["/", {}],
      ["/health", {}],
      ["/openapi.json", {}],
      ["/nowhere", {}],
      ["/create-order", createB],
      ["/create-order", { method: "POST" }],
      ["/trpc/nothing", {}],
    ] as const) {
      const { headers } = await app.request(path, init);
      expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.has("access-control-allow-origin")).toBe(false);
    }
  });
});

describe("paths and methods", () => {
  test.each([
    ["DELETE", "/create-order", "POST, OPTIONS"],
    ["GET", "/create-order", "POST, OPTIONS"],
    ["POST", "/update-order", "PUT, OPTIONS"],
    ["POST", "/health", "GET, HEAD, OPTIONS"],
    ["PROPFIND", "/openapi.json", "GET, HEAD, OPTIONS"],
  ])("%s %s is 405 with Allow: %s", async (method, path, allow) => {
    const answer = await told(createTestCart().app.request(path, { method }));
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe(allow);
    expect(answer.body).toEqual({ detail: `This path does not take ${method}; it takes ${allow}` });
  });

  test("405 and 404 below /api are in A's words", async () => {
    const { app } = createTestCart();
    const wrongMethod = await told(app.request("/api/create-order"));
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.body).toMatchObject({ success: false, errors: [expect.any(String)] });
    const unknown = await told(app.request("/api/nothing"));
    expect(unknown.status).toBe(404);
    expect(unknown.body).toMatchObject({ success: false });
  });

  test("an unknown path elsewhere is 404 in B's words", async () => {
    const answer = await told(createTestCart().app.request("/order-details?orderId=O"));
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({ detail: "There is nothing at this path; / lists what there is" });
  });

  test("HEAD is GET without a body, OPTIONS says what is allowed", async () => {
    const { app } = createTestCart();
    const head = await told(app.request("/health", { method: "HEAD" }));
    expect(head.status).toBe(200);
    expect(head.body).toBeUndefined();
    const options = await told(app.request("/create-order", { method: "OPTIONS" }));
    expect(options.status).toBe(204);
    expect(options.headers.get("allow")).toBe("POST, OPTIONS");
  });

  test("a write takes no query", async () => {
    const answer = await told(createTestCart().app.request("/create-order?dryRun=1", createB));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: ["Unknown parameter: 'dryRun'"] });
  });

  test("/ lists where things are", async () => {
    const { body } = await told(createTestOrder().app.request("/"));
    expect(body).toMatchObject({ service: "order", links: { openapi: "/openapi.json" }, trpc: "/trpc" });
  });
});

describe("health", () => {
  test("cart's body is as documented, healthy or not", async () => {
    const well = await told(createTestCart().app.request("/health"));
    expect(well.status).toBe(200);
    expect(well.body).toEqual({ status: "healthy", kafka: "connected" });

    const body = { status: "unhealthy", kafka: "disconnected" } as const;
    const cart = createTestCart({}, { read: async () => ({ healthy: false, body }) });
    const unwell = await told(cart.app.request("/health"));
    expect(unwell.status).toBe(503);
    expect(unwell.body).toEqual(body);
  });

  test("order's body is as documented", async () => {
    const { status, body } = await told(createTestOrder().app.request("/health?probe=1"));
    expect(status).toBe(200);
    expect(body).toEqual({ status: "healthy", consumer: "running", orders_in_memory: 0 });
  });

  test("live asks nobody, ready asks the service", async () => {
    const cart = createTestCart({}, { ready: async () => false, read: () => new Promise(() => {}) });
    expect((await cart.app.request("/health/live")).status).toBe(200);
    const ready = await told(cart.app.request("/health/ready"));
    expect(ready.status).toBe(503);
    expect(ready.body).toEqual({ status: "not ready" });
  });
});

/** Lets other work run until `condition` holds. */
async function until(condition: () => boolean): Promise<void> {
  const giveUpAt = performance.now() + 2000;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error("the condition never held");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
