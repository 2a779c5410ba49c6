import { describe, expect, test } from "bun:test";
import { bearer, createTestGuards, keyOf, testKeys } from "./test-guards.ts";
import { createTestCart, createTestOrder, told } from "./test-service.ts";

const pages = async () => new Response("page");
const createOrder = (keys: typeof testKeys | undefined = testKeys, tls = false) => {
  const { guards, refusals, clock } = createTestGuards({ ...(keys === undefined ? {} : { keys }), tls });
  return { ...createTestOrder({ guards, console: pages }), refusals, clock };
};
const signIn = (key: string, headers = {}) => ({ method: "POST", body: JSON.stringify({ key }), headers });
const cookieOf = (answer: { headers: Headers }) => answer.headers.get("set-cookie") ?? "";

describe("GET /session", () => {
  test("says whether keys are needed and whose came", async () => {
    const { app } = createOrder();
    expect((await told(app.request("/session"))).body).toEqual({ keysNeeded: true, caller: null });
    expect((await told(app.request("/session", { headers: bearer(keyOf("admin")) }))).body).toEqual({
      keysNeeded: true,
      caller: { name: "the-admin", role: "admin" },
    });
    expect((await told(createTestOrder().app.request("/session"))).body).toEqual({
      keysNeeded: false,
      caller: null,
    });
  });
});

describe("a browser", () => {
  test("signs in with a key, is known by a cookie that no script reads and no other site sends, and signs out", async () => {
    const { app } = createOrder();
    const answer = await told(app.request("/session", signIn(keyOf("viewer"))));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ keysNeeded: true, caller: { name: "the-viewer", role: "viewer" } });
    const cookie = cookieOf(answer);
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Max-Age=\d+$/);
    const sent = { Cookie: `theme=dark; ${cookie.split(";", 1)[0]}` };
    expect((await app.request("/dlq/stats", { headers: sent })).status).toBe(200);
    expect((await app.request("/trpc/dlq.stats", { headers: sent })).status).toBe(200);
    const order = { method: "POST", body: '{"id":"x"}', headers: sent };
    expect((await app.request("/ops/parked/retry-now", order)).status).toBe(403);
    const out = await app.request("/session", { method: "DELETE", headers: sent });
    expect(cookieOf(out)).toContain("Max-Age=0");
  });

  test("gets a cookie that only TLS carries where TLS is, here or in front", async () => {
    const secure = await createOrder(testKeys, true).app.request("/session", signIn(keyOf("viewer")));
    expect(cookieOf(secure)).toEndWith("; Secure");
    const behind = createOrder().app.request(
      "/session",
      signIn(keyOf("viewer"), { Host: "localhost", Origin: "https://localhost" }),
    );
    expect(cookieOf(await behind)).toEndWith("; Secure");
  });

  test.each(["ow_unknown-unknown-unknown", "short", "a; Domain=evil", "\n", "é".repeat(30)])(
    "with key %p is 401 and gets no cookie",
    async (key) => {
      const { app, refusals } = createOrder();
      const answer = await told(app.request("/session", signIn(key)));
      expect(answer.status).toBe(401);
      expect(cookieOf(answer)).toBe("");
      expect(refusals).toMatchObject([{ kind: "unknown key" }]);
    },
  );

  test("that guesses is told to wait after sixty tries", async () => {
    const { app } = createOrder();
    for (let i = 0; i < 60; i += 1) await app.request("/session", signIn("ow_unknown-unknown-unknown"));
    expect((await app.request("/session", signIn("ow_unknown-unknown-unknown"))).status).toBe(429);
  });

  test("on another site's page cannot sign anybody in", async () => {
    const { app } = createOrder();
    const headers = { Host: "localhost", Origin: "https://evil.example" };
    expect((await app.request("/session", signIn(keyOf("viewer"), headers))).status).toBe(403);
  });

  test("has nothing to sign in to where no keys are, or no pages", async () => {
    const { guards } = createTestGuards();
    const open = createTestOrder({ guards, console: pages });
    expect((await open.app.request("/session", signIn(keyOf("viewer")))).status).toBe(404);
    const cart = createTestCart({}, {}, { guards: createTestGuards({ keys: testKeys }).guards });
    expect((await cart.app.request("/session", signIn(keyOf("viewer")))).status).toBe(405);
  });
});
