import { afterAll, describe, expect, test } from "bun:test";
import { createMockRegistry } from "./mock-registry.ts";
import { createRegistry } from "./registry.ts";
import { schemaCatalog } from "./schema-catalog.ts";

/** What the server beside these tests answers, by the first part of the path: a registry per mood. */
const moods: Readonly<Record<string, (request: Request) => Response | Promise<Response>>> = {
  missing: () => Response.json({ error_code: 40403, message: "Schema not found" }, { status: 404 }),
  "wrong-path": () => new Response("<h1>Not Found</h1>", { status: 404 }),
  "wrong-service": () => Response.json({ detail: "no such page", status: 404 }, { status: 404 }),
  broken: () => new Response("oops", { status: 500 }),
  flaky: () => new Response("", { status: 503 }),
  overloaded: () => Response.json({ error_code: 42900, message: "slow down" }, { status: 429 }),
  silent: () => new Promise<Response>(() => {}),
  locked: () => Response.json({ error_code: 40101, message: "no" }, { status: 401 }),
  strict: (request) =>
    request.url.includes("/versions")
      ? Response.json({ error_code: 409, message: "incompatible\nwith version 1" }, { status: 409 })
      : Response.json({ error_code: 40401, message: "Subject not found" }, { status: 404 }),
  basic: (request) =>
    request.headers.get("authorization") === `Basic ${btoa("me:p@ss")}`
      ? Response.json({ id: 7 })
      : new Response("", { status: 401 }),
};

const requests = new Map<string, number>();
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const mood = new URL(request.url).pathname.split("/")[1] ?? "";
    requests.set(mood, (requests.get(mood) ?? 0) + 1);
    return moods[mood]?.(request) ?? new Response("", { status: 418 });
  },
});
afterAll(() => server.stop(true));

const { definition } = schemaCatalog.Order;
const registryOf = (mood: string, timeoutMs = 2_000) =>
  createRegistry({ url: `http://127.0.0.1:${server.port}/${mood}/`, timeoutMs });

async function kindOf(answer: Promise<{ ok: boolean; failure?: { kind: string } }>): Promise<string> {
  return (await answer).failure?.kind ?? "ok";
}

describe("only a registry's own words mean that there is no such schema", () => {
  test("its error code 404xx does", async () => {
    expect(await kindOf(registryOf("missing").schemaOf(1))).toBe("missing");
  });

  test.each(["wrong-path", "wrong-service", "broken", "overloaded"])("%s does not", async (mood) => {
    expect(await kindOf(registryOf(mood).schemaOf(1))).toBe("unavailable");
    expect(await kindOf(registryOf(mood).idOf("s", definition))).toBe("unavailable");
  });

  test("a closed port does not, and is answered at once", async () => {
    const registry = createRegistry({ url: "http://127.0.0.1:1", timeoutMs: 2_000 });
    expect(await registry.schemaOf(1)).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
  });
});

test("a registry that never answers is unavailable at the deadline, for every question that waits", async () => {
  const registry = registryOf("silent", 100);
  const startedAt = performance.now();
  const answers = await Promise.all([
    registry.schemaOf(1),
    registry.schemaOf(2),
    registry.idOf("s", definition),
  ]);
  expect(answers.map((answer) => !answer.ok && answer.failure.kind)).toEqual(Array(3).fill("unavailable"));
  expect(performance.now() - startedAt).toBeLessThan(1_500);
});

test("one question is one request: when to ask again is the caller's decision", async () => {
  await registryOf("flaky").schemaOf(1);
  expect(requests.get("flaky")).toBe(1);
});

test("a schema that the registry will not take is refused with its reason on one line", async () => {
  const answer = await registryOf("strict").idOf("s", definition);
  expect(answer).toMatchObject({ ok: false, failure: { kind: "refused" } });
  expect(!answer.ok && answer.failure.message).toContain("incompatible with version 1");
});

test("credentials are sent from the options or the address, and are in no message", async () => {
  const address = `127.0.0.1:${server.port}/basic`;
  const auth = { username: "me", password: "p@ss" };
  const byOptions = createRegistry({ url: `http://${address}`, auth, timeoutMs: 2_000 });
  expect(await byOptions.idOf("s", definition)).toEqual({ ok: true, value: 7 });
  const byAddress = createRegistry({ url: `http://me:p%40ss@${address}`, timeoutMs: 2_000 });
  expect(await byAddress.idOf("s", definition)).toEqual({ ok: true, value: 7 });
  const refused = await createRegistry({ url: `http://me:wrong@${address}`, timeoutMs: 2_000 }).idOf(
    "s",
    definition,
  );
  expect(refused).toMatchObject({ ok: false, failure: { kind: "refused" } });
  expect(JSON.stringify(refused)).not.toContain("wrong");
  expect(await kindOf(registryOf("locked").schemaOf(1))).toBe("refused");
});

describe("the embedded registry", () => {
  test("the same schema has the same id, also for services that register at the same time", async () => {
    const registry = createMockRegistry();
    const ids = await Promise.all(Array.from({ length: 5 }, () => registry.idOf("s", definition)));
    expect(new Set(ids.map((id) => id.ok && id.value)).size).toBe(1);
    expect(await registry.idOf("s", schemaCatalog.OrderEvent.definition)).not.toEqual(
      await registry.idOf("s", definition),
    );
  });

  test("an id tells its schema, and an id that it never gave is missing", async () => {
    const registry = createMockRegistry();
    const id = await registry.idOf("s", definition);
    const found = await registry.schemaOf(id.ok ? id.value : 0);
    expect(found).toEqual({ ok: true, value: { schemaType: "AVRO", definition, hasReferences: false } });
    expect(await kindOf(registry.schemaOf(99))).toBe("missing");
  });
});
