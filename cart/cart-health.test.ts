import { expect, test } from "bun:test";
import { createCartHealth } from "./cart-health.ts";

function stage() {
  const publisher = { connected: false };
  const service = { draining: false };
  const health = createCartHealth({ publisher, codec: { isReady: true }, draining: () => service.draining });
  return { publisher, service, health };
}

test("is called from when it could publish first, also while the broker is away, until it drains", async () => {
  const { publisher, service, health } = stage();
  expect(await health.serving()).toBe(false);
  publisher.connected = true;
  expect(await health.serving()).toBe(true);
  publisher.connected = false;
  expect(await health.ready()).toBe(false);
  expect(await health.serving()).toBe(true);
  service.draining = true;
  expect(await health.serving()).toBe(false);
});

test("is ready only while it can publish, and not once it drains", async () => {
  const { publisher, service, health } = stage();
  publisher.connected = true;
  expect(await health.ready()).toBe(true);
  service.draining = true;
  expect(await health.ready()).toBe(false);
});
