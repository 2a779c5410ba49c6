import { afterEach, describe, expect, test } from "bun:test";
import { createLogger } from "../../../service/logger.ts";
import { createTestClock } from "../../../service/test-clock.ts";
import { createHttpCatalog } from "./http-catalog.ts";

const tea = { productId: "P-1", name: "Green tea", price: 10.05, stock: 7 };
const mug = { productId: "P-2", name: "Mug", price: 14.5 };
const silent = createLogger({ level: "error", format: "json" });

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0)) await close();
});

/** A real server, whose answers the test gives, in front of a catalog whose clock the test moves. */
function openScene(answer: () => Response | Promise<Response>) {
  let answers = answer;
  let asked = 0;
  const heard: (() => void)[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      asked += 1;
      for (const hear of heard.splice(0)) hear();
      return answers();
    },
  });
  closings.push(() => server.stop(true));
  const clock = createTestClock(1_000_000);
  const catalog = createHttpCatalog({
    url: `${server.url}catalog`,
    clock,
    logger: silent,
    // A backoff of d waits exactly d.
    random: () => 1,
  });
  return {
    catalog,
    clock,
    asked: () => asked,
    /** Resolves when the server gets the next request. */
    nextRequest: () => new Promise<void>((resolve) => void heard.push(resolve)),
    answerWith: (next: () => Response | Promise<Response>) => {
      answers = next;
    },
    stop: () => server.stop(true),
  };
}

const products = () => Response.json({ products: [tea, mug] });
const broken = () => new Response("oops", { status: 500 });
const away = { code: "unavailable", message: "The product catalog does not answer." };

describe("a catalog behind HTTP", () => {
  test("gives its products in its own order, with prices in cents", async () => {
    const { catalog } = openScene(products);
    expect(await catalog.list()).toEqual({
      ok: true,
      value: [
        { productId: "P-1", name: "Green tea", unitPriceCents: 1005, stock: 7 },
        { productId: "P-2", name: "Mug", unitPriceCents: 1450, stock: null },
      ],
    });
  });

  test("does not mind fields that it does not know", async () => {
    const { catalog } = openScene(() => Response.json({ products: [{ ...tea, colour: "green" }], page: 1 }));
    expect(await catalog.lookUp(["P-1"])).toMatchObject({ ok: true });
  });

  test("leaves out what it does not have", async () => {
    const { catalog } = openScene(products);
    const found = await catalog.lookUp(["P-2", "P-3", "__proto__", "P-2"]);
    expect(found.ok && [...found.value.keys()]).toEqual(["P-2"]);
  });

  test("is asked once in five seconds, however many orders there are", async () => {
    const { catalog, clock, asked } = openScene(products);
    await Promise.all(Array.from({ length: 20 }, () => catalog.lookUp(["P-1"])));
    clock.advance(4999);
    await catalog.list();
    expect(asked()).toBe(1);
    clock.advance(1);
    await catalog.lookUp(["P-1"]);
    expect(asked()).toBe(2);
  });

  test("is known by its new price when the old one is five seconds old", async () => {
    const { catalog, clock, answerWith } = openScene(products);
    await catalog.list();
    answerWith(() => Response.json({ products: [{ ...tea, price: 11 }] }));
    clock.advance(5000);
    const found = await catalog.lookUp(["P-1"]);
    expect(found.ok && found.value.get("P-1")?.unitPriceCents).toBe(1100);
  });

  test("has a second to answer", async () => {
    const { catalog, clock, nextRequest, answerWith } = openScene(() => new Promise(() => {}));
    const request = nextRequest();
    const pending = catalog.lookUp(["P-1"]);
    await request;
    clock.advance(1000);
    expect(await pending).toMatchObject({ ok: false, failure: { ...away, retryAfterSeconds: 1 } });
    answerWith(products);
    expect((await catalog.lookUp(["P-1"])).ok).toBe(true);
  });

  test("has a second for the whole answer, not only for its beginning", async () => {
    const { catalog, clock, nextRequest } = openScene(
      () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode('{"products":[')),
          }),
        ),
    );
    const request = nextRequest();
    const pending = catalog.list();
    await request;
    clock.advance(1000);
    expect(await pending).toMatchObject({ ok: false, failure: away });
  });

  test.each<[name: string, answer: () => Response]>([
    ["a status that is no success", broken],
    ["not JSON", () => new Response("<html>")],
    ["another shape", () => Response.json([tea])],
    ["a price that is no amount", () => Response.json({ products: [{ ...tea, price: 10.001 }] })],
    ["a negative price", () => Response.json({ products: [{ ...tea, price: -1 }] })],
    ["a product without an id", () => Response.json({ products: [{ ...tea, productId: " " }] })],
    ["one product twice", () => Response.json({ products: [tea, { ...tea, price: 1 }] })],
    ["broken UTF-8", () => new Response(new Uint8Array([0x22, 0xff, 0x22]))],
    ["more than 4 MB", () => new Response(`{"products":[${" ".repeat(4 * 1024 * 1024)}]}`)],
    ["nothing", () => new Response(null, { status: 204 })],
  ])("that answers %s is away", async (_name, answer) => {
    const { catalog } = openScene(answer);
    expect(await catalog.list()).toEqual({
      ok: false,
      failure: { ...away, code: "unavailable", retryAfterSeconds: 1 },
    });
  });

  test("that nobody listens for is away", async () => {
    const { catalog, stop } = openScene(products);
    await stop();
    expect(await catalog.lookUp(["P-1"])).toMatchObject({ ok: false, failure: away });
  });
});

describe("a catalog that keeps failing", () => {
  async function openBreaker() {
    const scene = openScene(broken);
    for (let i = 0; i < 5; i += 1) expect((await scene.catalog.list()).ok).toBe(false);
    expect(scene.asked()).toBe(5);
    return scene;
  }

  test("is left alone after the fifth failure in a row, and orders are refused at once", async () => {
    const { catalog, clock, asked } = await openBreaker();
    clock.advance(999);
    expect(await catalog.lookUp(["P-1"])).toEqual({
      ok: false,
      failure: { code: "unavailable", message: "The product catalog does not answer.", retryAfterSeconds: 1 },
    });
    expect(asked()).toBe(5);
  });

  test("is tried with one call after the wait, whoever asks, and used again when it answers", async () => {
    const { catalog, clock, asked, answerWith } = await openBreaker();
    answerWith(products);
    clock.advance(1000);
    const found = await Promise.all([catalog.list(), catalog.lookUp(["P-1"]), catalog.list()]);
    expect(found.every(({ ok }) => ok)).toBe(true);
    expect(asked()).toBe(6);
    // One failure does not open it again.
    clock.advance(5000);
    answerWith(broken);
    expect((await catalog.list()).ok).toBe(false);
    answerWith(products);
    expect((await catalog.list()).ok).toBe(true);
  });

  test("is waited for twice as long after each probe that fails, half a minute at most", async () => {
    const { catalog, clock, asked } = await openBreaker();
    let probes = 5;
    for (const waitMs of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
      clock.advance(waitMs - 1);
      expect(await catalog.list()).toMatchObject({ failure: { retryAfterSeconds: 1 } });
      expect(asked()).toBe(probes);
      clock.advance(1);
      await catalog.list();
      probes += 1;
      expect(asked()).toBe(probes);
    }
    expect(await catalog.list()).toMatchObject({ failure: { ...away, retryAfterSeconds: 30 } });
  });

  test("failures with a success between them are no row", async () => {
    const { catalog, clock, asked, answerWith } = openScene(broken);
    for (let round = 0; round < 3; round += 1) {
      answerWith(broken);
      for (let i = 0; i < 4; i += 1) await catalog.list();
      answerWith(products);
      expect((await catalog.list()).ok).toBe(true);
      clock.advance(5000);
    }
    expect(asked()).toBe(15);
  });
});
