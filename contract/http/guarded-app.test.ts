import { describe, expect, test } from "bun:test";
import { success } from "../result.ts";
import { exampleOrder } from "../dialects/wire-order.ts";
import { bearer, createTestGuards, keyOf, testKeys } from "./test-guards.ts";
import { createTestCart, createTestOrder, told } from "./test-service.ts";
import type { Guards } from "./guards.ts";

const createB = { method: "POST", body: '{"orderId":"O","itemsCount":1}' };

function guardedCart(overrides: Partial<Guards> = {}) {
  const { guards, refusals, clock } = createTestGuards(overrides);
  return { ...createTestCart({}, {}, { guards }), refusals, clock };
}

describe("the host that is asked for", () => {
  const ask = (host: string, allowedHosts: Guards["allowedHosts"] = new Set(["orders.example"])) =>
    told(guardedCart({ allowedHosts }).app.request("/create-order", { ...createB, headers: { Host: host } }));

  test.each([
    "localhost",
    "localhost:8000",
    "LOCALHOST:8000",
    "127.0.0.1:8000",
    "10.0.3.7",
    "[::1]:8000",
    "cart.localhost",
    "orders.example",
    "ORDERS.example.:443",
  ])("%s is ours", async (host) => {
    expect((await ask(host)).status).toBe(201);
  });

  test.each([
    "evil.example",
    "evil.example:8000",
    "localhost.evil.example",
    "orders.example.evil.example",
    "127.0.0.1.evil.example",
    "1270.0.0.1",
  ])("%s is a name that was rebound: 403 says which setting allows it", async (host) => {
    const answer = await ask(host);
    expect(answer.status).toBe(403);
    expect(JSON.stringify(answer.body)).toContain("ALLOWED_HOSTS");
  });

  test("is looked at on open paths too, and not at all where keys make a foreign name harmless", async () => {
    const { app, refusals } = guardedCart();
    expect((await app.request("/health", { headers: { Host: "evil.example" } })).status).toBe(403);
    expect(refusals).toMatchObject([{ kind: "host" }]);
    expect((await ask("evil.example", "any")).status).toBe(201);
  });
});

describe("the page that asks", () => {
  const own = { Host: "orders.example:8000" };
  const allowedHosts = "any";
  const ask = (headers: Record<string, string>, init: RequestInit = createB) =>
    told(
      guardedCart({ allowedHosts, allowedOrigins: new Set(["https://shop.example"]) }).app.request(
        "/create-order",
        { ...init, headers: { ...own, ...headers } },
      ),
    );

  test("may be none, or one of ours behind whatever ends TLS", async () => {
    expect((await ask({})).status).toBe(201);
    expect((await ask({ Origin: "http://orders.example:8000" })).status).toBe(201);
    expect(
      (await ask({ Origin: "https://orders.example:8000", "Sec-Fetch-Site": "same-origin" })).status,
    ).toBe(201);
  });

  test.each([
    { Origin: "https://evil.example" },
    { Origin: "http://orders.example:8080" },
    { Origin: "http://orders.example" },
    { Origin: "null" },
    { Origin: "" },
  ])("is foreign with %p: 403, nothing happens", async (headers) => {
    const cart = guardedCart({ allowedHosts });
    const answer = await told(
      cart.app.request("/create-order", { ...createB, headers: { ...own, ...headers } }),
    );
    expect(answer.status).toBe(403);
    expect(JSON.stringify(answer.body)).toContain("ALLOWED_ORIGINS");
    expect(answer.headers.has("access-control-allow-origin")).toBe(false);
    expect(cart.calls).toEqual([]);
  });

  test("of an allowed origin gets CORS headers, never those that would send a cookie along", async () => {
    const answer = await ask({ Origin: "https://shop.example" });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect(answer.headers.has("access-control-allow-credentials")).toBe(false);
    expect(answer.headers.get("vary")).toContain("Origin");
    const preflight = await ask(
      { Origin: "https://shop.example", "Access-Control-Request-Method": "POST" },
      { method: "OPTIONS" },
    );
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toContain("Authorization");
  });

  test("is told nothing about other origins while none is configured", async () => {
    const cart = guardedCart({ allowedHosts });
    const preflight = await cart.app.request("/create-order", {
      method: "OPTIONS",
      headers: { ...own, Origin: "https://evil.example", "Access-Control-Request-Method": "POST" },
    });
    expect(preflight.status).toBe(403);
    expect([...preflight.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("the rate", () => {
  const fill = async (app: ReturnType<typeof guardedCart>["app"], times: number, headers = {}) => {
    const statuses: number[] = [];
    for (let i = 0; i < times; i += 1) {
      statuses.push((await app.request("/create-order", { ...createB, headers })).status);
    }
    return statuses;
  };

  test("is not told to who is far from the limit", async () => {
    const { app } = guardedCart({ requestsPerSecond: 100 });
    const told: boolean[] = [];
    for (let i = 0; i < 12; i += 1) {
      told.push((await app.request("/create-order", createB)).headers.has("ratelimit"));
    }
    expect(told.indexOf(true)).toBe(10);
    expect(told.slice(10)).toEqual([true, true]);
  });

  test("is told once a tenth of it is used, and beyond it 429 says when to come back", async () => {
    const { app, clock, refusals } = guardedCart({ requestsPerSecond: 3 });
    const first = await app.request("/create-order", createB);
    expect(first.headers.get("ratelimit-policy")).toBe('"default";q=3;w=1');
    expect(first.headers.get("ratelimit")).toBe('"default";r=2;t=1');
    expect(await fill(app, 3)).toEqual([201, 201, 429]);
    const refused = await told(app.request("/create-order", createB));
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(refused.headers.get("ratelimit")).toBe('"default";r=0;t=1');
    expect(JSON.stringify(refused.body)).toContain("RATE_LIMIT_PER_SECOND");
    expect(refusals.map(({ kind }) => kind)).toEqual(["rate", "rate"]);
    clock.nowMs += 1000;
    expect(await fill(app, 3)).toEqual([201, 201, 201]);
  });

  test("is each key's own", async () => {
    const { app } = guardedCart({ requestsPerSecond: 2, keys: testKeys });
    expect(await fill(app, 3, bearer(keyOf("operator")))).toEqual([201, 201, 429]);
    expect(await fill(app, 1, bearer(keyOf("admin")))).toEqual([201]);
  });

  test("is each address's own where there are no keys", async () => {
    const { app } = guardedCart({ requestsPerSecond: 1 });
    const from = async (address: string) =>
      (await app.fetch(new Request("http://localhost/create-order", createB), () => address)).status;
    expect([await from("10.0.0.1"), await from("10.0.0.1"), await from("10.0.0.2")]).toEqual([201, 429, 201]);
  });

  test("counts every call of a batch", async () => {
    const { guards } = createTestGuards({ requestsPerSecond: 4 });
    const { app } = createTestOrder({ guards });
    const batch = () => app.request("/trpc/dlq.stats,dlq.info,dlq.counts?batch=1&input={}");
    expect([(await batch()).status, (await batch()).status]).toEqual([200, 429]);
  });

  test("does not hold up probes", async () => {
    const { app } = guardedCart({ requestsPerSecond: 1 });
    await fill(app, 5);
    for (let i = 0; i < 5; i += 1) expect((await app.request("/health")).status).toBe(200);
  });

  test("of wrong keys is bounded for an address, and a right key from there is never kept out", async () => {
    const { app, clock } = guardedCart({ keys: testKeys });
    const wrong = () => app.request("/create-order", { ...createB, headers: bearer("ow_wrong") });
    for (let i = 0; i < 60; i += 1) expect((await wrong()).status).toBe(401);
    const answer = await wrong();
    expect(answer.status).toBe(429);
    expect(answer.headers.get("retry-after")).toBe("1");
    expect(await fill(app, 1, bearer(keyOf("operator")))).toEqual([201]);
    clock.nowMs += 60_000;
    expect((await wrong()).status).toBe(401);
  });
});

describe("how many at once", () => {
  test("beyond the cap 503 says that nothing happened; when one ends the next is taken; probes are answered", async () => {
    const waiting = Promise.withResolvers<void>();
    const { guards, refusals } = createTestGuards({ maxInFlight: 2 });
    const { app } = createTestCart(
      {
        createOrder: async () => {
          await waiting.promise;
          return success(exampleOrder);
        },
      },
      {},
      { guards },
    );
    const two = [app.request("/create-order", createB), app.request("/create-order", createB)];
    const third = await told(app.request("/create-order", createB));
    expect(third.status).toBe(503);
    expect(third.headers.get("retry-after")).toBe("1");
    expect(third.headers.get("x-outcome")).toBe("none");
    expect(refusals).toMatchObject([{ kind: "too many at once" }]);
    expect((await app.request("/health")).status).toBe(200);
    waiting.resolve();
    expect((await Promise.all(two)).map(({ status }) => status)).toEqual([201, 201]);
    expect((await app.request("/create-order", createB)).status).toBe(201);
  });

  test("streams have a cap of their own, and a stream that is left makes room", async () => {
    const { guards } = createTestGuards({ maxStreams: 1 });
    const { app } = createTestOrder({ guards });
    const watch = () => app.request("/trpc/dlq.watch");
    const first = await watch();
    expect(first.headers.get("content-type")).toStartWith("text/event-stream");
    expect((await watch()).status).toBe(503);
    await first.body?.cancel();
    const next = await watch();
    expect(next.status).toBe(200);
    await next.body?.cancel();
  });
});

test("what is refused before it is routed is told in its path's words, with the security headers and a request id", async () => {
  const { app } = guardedCart({ keys: testKeys, tls: true });
  for (const [path, shape] of [
    ["/api/create-order", { success: false, message: expect.any(String), errors: [expect.any(String)] }],
    ["/create-order", { detail: expect.any(String) }],
    ["/trpc/orders.create", { error: { data: { code: "unauthenticated" } } }],
  ] as const) {
    const answer = await told(app.request(path, createB));
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject(shape);
    expect(answer.headers.get("x-request-id")).toBeTruthy();
    expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(answer.headers.get("strict-transport-security")).toBe("max-age=31536000");
  }
});

test("no body is read of who is not let in", async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1024));
      },
    },
    { highWaterMark: 0 },
  );
  const { app } = guardedCart({ keys: testKeys });
  expect((await app.request("/create-order", { method: "POST", body })).status).toBe(401);
  expect(pulled).toBe(0);
});

test("every answer has the security headers: data, errors, other methods, pages", async () => {
  const { guards } = createTestGuards();
  const { app } = createTestOrder({ guards, console: async () => new Response("<p>page") });
  const headers = ["content-security-policy", "cross-origin-resource-policy", "x-content-type-options"];
  for (const [path, method] of [
    ["/", "GET"],
    ["/health", "GET"],
    ["/session", "GET"],
    ["/nothing", "GET"],
    ["/dlq/stats", "GET"],
    ["/dlq/stats", "DELETE"],
    ["/dlq/stats", "OPTIONS"],
    ["/trpc/dlq.stats", "GET"],
    ["/trpc/nothing", "GET"],
    ["/console/x", "GET"],
  ] as const) {
    const answer = await app.request(path, { method });
    const more = path.startsWith("/console") ? ["referrer-policy", "x-frame-options"] : [];
    for (const name of [...headers, ...more]) {
      expect([path, method, name, answer.headers.has(name)]).toEqual([path, method, name, true]);
    }
    expect([...answer.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  }
});
