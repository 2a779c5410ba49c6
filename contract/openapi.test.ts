import { describe, expect, test } from "bun:test";
import { z } from "zod";
import type { RouteDocument } from "./dialects/route.ts";
import { operatorRoutes } from "./dialects/operator.ts";
import { replayRoutes } from "./dialects/replays.ts";
import { operatorSagaRoutes } from "./dialects/operator-sagas.ts";
import { systemACartRoutes, systemAOrderRoutes } from "./dialects/system-a.ts";
import { systemBCartRoutes, systemBOrderRoutes } from "./dialects/system-b.ts";
import { systemCRoutes } from "./dialects/system-c.ts";
import { liveRoutes, liveStreams } from "./dialects/live.ts";
import { unused, unusedPorts } from "./http/unused-ports.ts";
import { createTestCart, createTestOrder, told } from "./http/test-service.ts";
import { cartProcedures, orderProcedures } from "./procedures.ts";
import {
  at,
  isObject,
  operationsOf,
  readDocument,
  resolve,
  schemaOf,
  type Json,
  type JsonObject,
} from "./test-document.ts";

const cartRoutes = [...systemACartRoutes, ...systemBCartRoutes];
const orderRoutes = [
  ...systemAOrderRoutes,
  ...systemBOrderRoutes,
  ...systemCRoutes,
  ...operatorRoutes,
  ...operatorSagaRoutes,
  ...replayRoutes,
  ...liveRoutes,
];
const page = async () => new Response("a page");
const services = [
  {
    name: "cart",
    app: createTestCart({}, {}, { reference: page }).app,
    routes: cartRoutes,
    prefixes: ["/trpc/*", "/docs/*"],
  },
  {
    name: "order",
    app: createTestOrder({ console: page, reference: page }).app,
    routes: orderRoutes,
    prefixes: ["/trpc/*", "/console/*", "/docs/*"],
  },
] satisfies readonly { routes: readonly RouteDocument[]; [name: string]: unknown }[];

describe.each(services)("/openapi.json of $name", ({ app, routes, prefixes }) => {
  const document = told(app.request("/openapi.json")).then(({ body }) => readDocument(body));

  test("is an OpenAPI 3.1 document with a title and a version", async () => {
    expect(await document).toMatchObject({
      openapi: "3.1.0",
      info: { title: expect.any(String), version: expect.any(String) },
    });
  });

  test("has every route, with its own operationId and its success status", async () => {
    const root = await document;
    for (const { path, method, operationId, status } of routes) {
      const operation = at(root, "paths", path, method.toLowerCase());
      expect(operation).toMatchObject({ operationId, responses: { [status]: {} } });
    }
    const ids = operationsOf(root).map(({ operation }) => operation["operationId"]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const path of ["/health", "/health/live", "/health/ready"]) {
      expect(at(root, "paths", path, "get")).toMatchObject({
        responses: { "200": {}, "500": {}, "503": {} },
      });
    }
  });

  test("has exactly what is served: every route of the application, and nothing beside", async () => {
    const served = app.routes
      .filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const documented = operationsOf(await document).map(
      ({ method, path }) => `${method.toUpperCase()} ${path}`,
    );
    expect(documented.toSorted()).toEqual([...new Set(served)].toSorted());
    // What answers every method is the 405 of a documented path, or a prefix of another protocol.
    const others = app.routes.filter(({ method }) => method === "ALL").map(({ path }) => path);
    const paths = new Set(app.routes.filter(({ method }) => method !== "ALL").map(({ path }) => path));
    expect(others.filter((path) => !paths.has(path)).toSorted()).toEqual(prefixes.toSorted());
  });

  test("resolves every $ref", async () => {
    const root = await document;
    const references = everyRef(root);
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) expect(resolve(root, reference)).toBeObject();
  });

  test("documents the statuses that every route can answer with", async () => {
    for (const { operation } of operationsOf(await document)) {
      const statuses = Object.keys(at(operation["responses"]));
      const looksAtNothing = operation["parameters"] === undefined && operation["requestBody"] === undefined;
      const isAboutItself = ["Health", "Service"].includes(tagOf(operation));
      expect(statuses).toContainValues(isAboutItself ? ["403", "500"] : ["400", "403", "429", "500", "503"]);
      if (operation["security"] === undefined) expect(statuses).toContain("401");
      if (isAboutItself) expect(looksAtNothing).toBe(true);
      if (operation["requestBody"] !== undefined) expect(statuses).toContainValues(["408", "413"]);
      if (JSON.stringify(operation["parameters"] ?? null).includes("Idempotency-Key"))
        expect(statuses).toContain("422");
    }
  });

  test("gives every answer an example that fits its own schema, and every request one too", async () => {
    const root = await document;
    let examples = 0;
    for (const { schema, value, where } of mediaTypesOf(root)) {
      const fits = schemaOf(root, at(schema)).safeParse(value);
      expect({ where, problem: fits.error?.message }).toEqual({ where, problem: undefined });
      examples += 1;
    }
    expect(examples).toBeGreaterThan(20);
  });

  test("is built once", async () => {
    const [first, second] = await Promise.all([app.request("/openapi.json"), app.request("/openapi.json")]);
    expect(await first.text()).toBe(await second.text());
  });
});

test.each(liveStreams.map((route) => ({ ...route })))(
  "$path is documented as a stream, with the schema of what comes in it",
  async ({ path, operationId, eventSchema }) => {
    const { body } = await told(createTestOrder().app.request("/openapi.json"));
    const root = z.record(z.string(), z.json()).parse(body);
    expect(at(root, "paths", path, "get")).toMatchObject({
      operationId,
      responses: { "200": { content: { "text/event-stream": {} } } },
    });
    const id = eventSchema.meta()?.id ?? "";
    expect(at(root, "components", "schemas", id)).toBeObject();
    expect(JSON.stringify(at(root, "paths", path))).toContain(id);
  },
);

describe("a route's own example", () => {
  const cart = createTestCart();
  const order = createTestOrder();

  test.each(cartRoutes.map((route) => ({ ...route })))(
    "$method $path is accepted by the service, whose answer fits the documented schema",
    async (route) => {
      const body = JSON.stringify(route.examples.request);
      const answer = await told(cart.app.request(route.path, { method: route.method, body }));
      expect(answer.status).toBe(route.status);
      const documented: unknown = route.answer.parse(answer.body);
      expect(answer.body).toEqual(documented);
      expect(fieldsOf(answer.body)).toEqual(fieldsOf(route.examples.answer));
    },
  );

  test.each(orderRoutes.map((route) => ({ ...route })))(
    "$method $path is accepted by the service",
    async (route) => {
      const answer = await order.app.request(...requestOf(route));
      expect([route.status, 404]).toContain(answer.status);
      for (const name of Object.keys(route.answerHeaders?.shape ?? {})) {
        if (name !== "Link") expect(answer.headers.has(name)).toBe(true);
      }
      expect(order.surprises).toEqual([]);
    },
  );
});

test("every route calls a procedure that exists", () => {
  const cart = cartProcedures({ createOrder: unused, updateStatus: unused });
  for (const { procedure } of cartRoutes) expect(cart).toHaveProperty([procedure]);
  const order = orderProcedures(unusedPorts);
  for (const { procedure } of orderRoutes) expect(order).toHaveProperty([procedure]);
});

/** The request that a route's own example describes. */
function requestOf({ method, path, from, examples }: RouteDocument): [url: string, init: RequestInit] {
  if (from === "body") return [path, { method, body: JSON.stringify(examples.request) }];
  const parameters = z.record(z.string(), z.string()).parse(examples.request);
  if (from === "query") return [`${path}?${new URLSearchParams(parameters)}`, { method }];
  return [path.replaceAll(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? ""), { method }];
}

function tagOf(operation: JsonObject): string {
  const tags = operation["tags"];
  return Array.isArray(tags) ? String(tags[0]) : "";
}

/** Every schema that has examples beside it: request bodies and answers. */
function mediaTypesOf(root: Json, where = ""): { schema: Json; value: Json; where: string }[] {
  if (Array.isArray(root)) return root.flatMap((entry: Json, i) => mediaTypesOf(entry, `${where}/${i}`));
  if (!isObject(root)) return [];
  const { schema, examples } = root;
  if (schema !== undefined && isObject(examples)) {
    return Object.values(examples).map((example) => ({ schema, value: at(example)["value"] ?? null, where }));
  }
  return Object.entries(root).flatMap(([name, value]) => mediaTypesOf(value, `${where}/${name}`));
}

function everyRef(root: Json): string[] {
  if (Array.isArray(root)) return root.flatMap(everyRef);
  if (!isObject(root)) return [];
  return Object.entries(root).flatMap(([name, value]) =>
    name === "$ref" && typeof value === "string" ? [value] : everyRef(value),
  );
}

function fieldsOf(body: unknown): string[] {
  return Object.keys(z.record(z.string(), z.unknown()).parse(body));
}
