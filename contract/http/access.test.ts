// Every operation × every role, from the contract's own routers and routes: what is added without a role, or under another rule
// than reads for viewers and writes for more, fails here.
import { describe, expect, test } from "bun:test";
import { z } from "zod";
import { leastRoles, mayDo, roles, withArticle, type Operation } from "../access.ts";
import { operatorSagaRoutes } from "../dialects/operator-sagas.ts";
import { operatorRoutes } from "../dialects/operator.ts";
import { replayRoutes } from "../dialects/replays.ts";
import type { RouteDocument } from "../dialects/route.ts";
import { systemACartRoutes, systemAOrderRoutes } from "../dialects/system-a.ts";
import { systemBCartRoutes, systemBOrderRoutes } from "../dialects/system-b.ts";
import { systemCRoutes } from "../dialects/system-c.ts";
import { bearer, createTestGuards, keyOf, testKeys } from "./test-guards.ts";
import { createTestCart, createTestOrder, told } from "./test-service.ts";

const { guards } = createTestGuards({ keys: testKeys });
const cart = createTestCart({}, {}, { guards });
const order = createTestOrder({ guards });
const services = {
  cart: { app: cart.app, routes: [...systemACartRoutes, ...systemBCartRoutes] },
  order: {
    app: order.app,
    routes: [
      ...systemAOrderRoutes,
      ...systemBOrderRoutes,
      ...systemCRoutes,
      ...operatorRoutes,
      ...operatorSagaRoutes,
      ...replayRoutes,
    ],
  },
};
const served = Object.values(services).flatMap(({ app, routes }) =>
  routes.map((route) => ({ app, route, procedure: route.procedure })),
);
const isOperation = (name: string): name is Operation => Object.hasOwn(leastRoles, name);

/** The names under which the services really answer over tRPC, with what they do. */
async function proceduresOfRouters(): Promise<Map<string, string>> {
  const { cartRouterOver, orderRouterOver } = await import("../routers.ts");
  const { cartProcedures, orderProcedures, orderStreams } = await import("../procedures.ts");
  const nothing = new Proxy({}, { get: () => () => Promise.reject(new Error("not called")) });
  const conditions = {
    deadlineMs: 1,
    timer: { after: () => () => undefined },
    onSurprise: () => undefined,
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no port is asked: only the names are read.
  const ports = nothing as Parameters<typeof orderProcedures>[0] & Parameters<typeof cartProcedures>[0];
  const routers = [
    cartRouterOver(cartProcedures(ports), conditions),
    orderRouterOver(orderProcedures(ports), orderStreams(ports), conditions),
  ];
  return new Map(
    routers.flatMap((router) =>
      Object.entries(router._def.procedures).map(([name, { _def }]) => [name, _def.type] as const),
    ),
  );
}

describe("the table of least roles", () => {
  test("has every procedure of both routers, and no other", async () => {
    const names = [...(await proceduresOfRouters()).keys()];
    expect(Object.keys(leastRoles).toSorted()).toEqual(names.toSorted());
  });

  test("lets viewers do what changes nothing, and nothing else", async () => {
    for (const [name, type] of await proceduresOfRouters()) {
      const least = isOperation(name) ? leastRoles[name] : undefined;
      expect({ name, viewersMay: least === "viewer" }).toEqual({ name, viewersMay: type !== "mutation" });
    }
  });

  test("keeps what loses records or writes events that nobody sent for admins", () => {
    const admins = Object.entries(leastRoles).filter(([, role]) => role === "admin");
    expect(admins.map(([name]) => name)).toEqual(["partitions.skip", "replays.startEdited"]);
  });

  test("gives nobody with a key what it does not name", () => {
    for (const role of roles) {
      for (const name of ["orders.destroy", "constructor", "__proto__", ""]) {
        expect(mayDo({ name: "k", role }, name)).toBe(false);
      }
    }
  });
});

describe.each(served)("$route.method $route.path ($procedure)", ({ app, route, procedure }) => {
  const call = (headers: Record<string, string>) => {
    const [path, init] = requestOf(route);
    return told(app.request(path, { ...init, headers }));
  };
  const least = leastRoles[procedure];

  test("is 401 without a key, in its dialect's words, with how to send one", async () => {
    const answer = await call({});
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toStartWith("Bearer");
    expect(route.errorShape.schema("unauthenticated").safeParse(answer.body).success).toBe(true);
    expect(JSON.stringify(answer.body)).toContain("Authorization: Bearer");
  });

  test("is 401 with a key that is not known", async () => {
    expect((await call(bearer("ow_nobody-knows-this-one"))).status).toBe(401);
  });

  test.each(roles)("as %s", async (role) => {
    for (const headers of [bearer(keyOf(role)), { "X-Api-Key": keyOf(role) }]) {
      const answer = await call(headers);
      if (roles.indexOf(role) < roles.indexOf(least)) {
        expect(answer.status).toBe(403);
        expect(route.errorShape.schema("forbidden").safeParse(answer.body).success).toBe(true);
        expect(JSON.stringify(answer.body)).toContain(`${procedure} needs ${withArticle(least)}'s`);
      } else {
        expect([route.status, 404]).toContain(answer.status);
      }
    }
  });
});

describe("tRPC", () => {
  test("every procedure × role: 401 without a key, 403 below its least role, and past both otherwise", async () => {
    for (const [name, type] of await proceduresOfRouters()) {
      const app = name.startsWith("orders.create") || name === "orders.updateStatus" ? cart.app : order.app;
      const call = (headers: Record<string, string>) =>
        type === "mutation"
          ? app.request(`/trpc/${name}`, {
              method: "POST",
              body: "{}",
              headers: { ...headers, "Content-Type": "application/json" },
            })
          : app.request(`/trpc/${name}`, { headers });
      const without = await told(call({}));
      expect({ name, status: without.status }).toEqual({ name, status: 401 });
      expect(without.body).toMatchObject({ error: { data: { code: "unauthenticated" } } });
      for (const role of roles) {
        const answer = await call(bearer(keyOf(role)));
        const least = isOperation(name) ? leastRoles[name] : "admin";
        const isRefused = roles.indexOf(role) < roles.indexOf(least);
        expect({ name, role, refused: answer.status === 403 }).toEqual({ name, role, refused: isRefused });
        if (isRefused) expect(await answer.json()).toMatchObject({ error: { data: { code: "forbidden" } } });
        else await answer.body?.cancel();
      }
    }
  });

  test("in a batch each call has its own rights", async () => {
    const answer = await told(
      order.app.request("/trpc/dlq.stats,dlq.counts?batch=1&input={}", { headers: bearer(keyOf("viewer")) }),
    );
    expect(answer.status).toBe(200);
    const mixed = await told(
      order.app.request("/trpc/parked.retryNow,dlq.discard?batch=1", {
        method: "POST",
        body: '{"0":{"id":"x"},"1":{}}',
        headers: { ...bearer(keyOf("viewer")), "Content-Type": "application/json" },
      }),
    );
    expect(mixed.body).toMatchObject([
      { error: { data: { code: "forbidden" } } },
      { error: { data: { code: "forbidden" } } },
    ]);
  });
});

describe("paths", () => {
  test("what is open answers without a key, and everything else does not, whether it is there or not", async () => {
    const withPages = createTestOrder({ guards, console: async () => new Response("page") });
    for (const path of [
      "/",
      "/health",
      "/health/live",
      "/health/ready",
      "/openapi.json",
      "/session",
      "/console/x",
    ]) {
      expect([path, (await withPages.app.request(path)).status]).toEqual([path, 200]);
    }
    for (const path of [
      "/health/detail",
      "/nothing",
      "/api/nothing",
      "/trpc/nothing",
      "/%6Fps/audit",
      "//health",
      "/health/",
      "/consolex",
      "/ops/audit?x=/health",
    ]) {
      expect([path, (await withPages.app.request(new Request(`http://localhost${path}`))).status]).toEqual([
        path,
        401,
      ]);
    }
  });

  test("a path in other letters is not another door", async () => {
    for (const path of ["/%6Fps/partitions/skip", "/ops//partitions/skip", "/ops/./partitions/skip"]) {
      const answer = await order.app.request(
        new Request(`http://localhost${path}`, {
          method: "POST",
          body: "{}",
          headers: bearer(keyOf("viewer")),
        }),
      );
      expect([403, 404]).toContain(answer.status);
    }
    expect(order.skips).toEqual([]);
  });
});

describe("what was ordered", () => {
  test("carries the key's name to the port", async () => {
    const local = createTestOrder({ guards });
    const start = replayRoutes.filter(({ procedure }) => procedure === "replays.start").map(requestOf);
    for (const [path, init] of start)
      await local.app.request(path, { ...init, headers: bearer(keyOf("operator")) });
    expect(local.replayOrders).toMatchObject([
      { context: { caller: { name: "the-operator", role: "operator" } } },
    ]);
  });
});

/** The request that a route's own example describes. */
function requestOf({ method, path, from, examples }: RouteDocument): [url: string, init: RequestInit] {
  if (from === "body") return [path, { method, body: JSON.stringify(examples.request) }];
  const parameters = z.record(z.string(), z.string()).parse(examples.request);
  if (from === "query") return [`${path}?${new URLSearchParams(parameters)}`, { method }];
  return [path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? ""), { method }];
}
