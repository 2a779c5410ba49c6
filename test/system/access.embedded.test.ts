// The services with keys, whole: who is let in, and what the audit says of who it was.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openCart } from "../../cart/open-cart.ts";
import { openOrder } from "../../order/open-order.ts";
import { makeKey } from "../../service/api-keys.ts";
import { createLogger } from "../../service/logger.ts";
import { openParts, type Parts } from "../../service/open-parts.ts";
import type { OpenService } from "../../service/run-service.ts";
import { readSettings } from "../../service/settings.ts";
import { untilReady } from "../../service/until-ready.ts";

const anna = makeKey("ops-anna", "operator");
const otto = makeKey("otto", "viewer");

describe("cart and order with keys, on loopback", () => {
  let parts: Parts;
  let cart: OpenService;
  let order: OpenService;
  const lines: string[] = [];

  beforeAll(async () => {
    const read = readSettings({ CART_PORT: "0", ORDER_PORT: "0", API_KEYS: `${anna.line},${otto.line}` });
    if (!read.ok) throw new Error(read.faults.join("\n"));
    const logger = createLogger({ level: "info", format: "json", write: (line) => void lines.push(line) });
    parts = openParts(read.value);
    order = await openOrder(read.value, parts, logger);
    cart = await openCart(read.value, parts, logger);
    await untilReady([cart, order], 10_000);
  }, 30_000);
  afterAll(async () => {
    await cart.close();
    await order.close();
    parts.close();
  });

  const call = (url: string, key: string | undefined, body?: unknown) =>
    fetch(url, {
      headers: key === undefined ? {} : { Authorization: `Bearer ${key}` },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });

  test("nobody is let in without a key that is right, also here; probes are", async () => {
    const create = { orderId: "K-1", itemsCount: 1 };
    expect((await call(`${cart.url}/create-order`, undefined, create)).status).toBe(401);
    expect((await call(`${cart.url}/create-order`, otto.key, create)).status).toBe(403);
    expect((await call(`${cart.url}/create-order`, anna.key, create)).status).toBe(201);
    for (const { url } of [cart, order]) {
      expect((await call(`${url}/health`, undefined)).status).toBe(200);
      expect((await call(`${url}/health/ready`, undefined)).status).toBe(200);
    }
    expect((await call(`${order.url}/ops/audit`, undefined)).status).toBe(401);
    expect((await call(`${order.url}/health/detail`, undefined)).status).toBe(401);
  });

  test("the audit has the key's name, and no line of the log has a key", async () => {
    const discard = { scope: { filter: {} }, reason: "to be seen in the audit" };
    expect((await call(`${order.url}/ops/dead-letters/discard`, otto.key, discard)).status).toBe(403);
    expect((await call(`${order.url}/ops/dead-letters/discard`, anna.key, discard)).status).toBe(200);
    const audit = await call(`${order.url}/ops/audit`, otto.key);
    expect(await audit.json()).toMatchObject({ entries: [{ action: "dlq.discard", actor: "ops-anna" }] });
    for (const { key } of [anna, otto]) expect(lines.join("")).not.toContain(key);
  });
});
