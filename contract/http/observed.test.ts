import { expect, test } from "bun:test";
import { failed, success } from "../result.ts";
import { createCartApp } from "./cart-app.ts";
import type { ServingObserver } from "./serving.ts";
import { exampleOrder } from "../dialects/wire-order.ts";

function observedCart() {
  const told: string[] = [];
  const observer: ServingObserver = {
    onRequest(method, route) {
      return {
        end(status, durationMs) {
          expect(durationMs).toBeGreaterThanOrEqual(0);
          told.push(`${method} ${route} ${status}`);
        },
      };
    },
    onCall: (procedure, code) => told.push(`${procedure} ${code}`),
  };
  const app = createCartApp({
    commands: {
      createOrder: async ({ orderId }) =>
        orderId === "AWAY"
          ? failed({ code: "unavailable", message: "Kafka cannot be reached." })
          : success(exampleOrder),
      updateStatus: () => Promise.reject(new Error("nobody expected this")),
    },
    health: {
      read: async () => ({ healthy: true, body: { status: "healthy", kafka: "connected" } }),
      ready: async () => true,
      serving: async () => true,
    },
    onSurprise: () => undefined,
    observer,
    metrics: { contentType: "text/plain; version=0.0.4; charset=utf-8", read: async () => "up 1\n" },
  });
  return { app, told };
}

const post = (body: unknown, method = "POST") => ({ method, body: JSON.stringify(body) });

test("each request is told once, by its route's template, and each procedure by how it ended", async () => {
  const { app, told } = observedCart();
  await app.request("/create-order", post({ orderId: "ORD-1", itemsCount: 1 }));
  await app.request("/create-order", post({ orderId: "AWAY", itemsCount: 1 }));
  await app.request("/create-order", post({ itemsCount: "no" }));
  await app.request("/update-order", post({ orderId: "ORD-1", status: "paid" }, "PUT"));
  expect(told.splice(0)).toEqual([
    "orders.create ok",
    "POST /create-order 201",
    "orders.create unavailable",
    "POST /create-order 503",
    "POST /create-order 400",
    "orders.updateStatus internal",
    "PUT /update-order 500",
  ]);
});

test("a path or method that somebody made up has no name of its own", async () => {
  const { app, told } = observedCart();
  await app.request("/ORD-1/secret");
  await app.request("/create-order", { method: "DELETE" });
  await app.request("/trpc/orders.create", {
    ...post({ orderId: "ORD-1", itemCount: 1 }),
    headers: { "content-type": "application/json" },
  });
  expect(told).toEqual(["GET other 404", "DELETE /create-order 405", "orders.create ok", "POST /trpc 200"]);
});

test("what is counted is at /metrics, as text", async () => {
  const { app } = observedCart();
  const response = await app.request("/metrics");
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(await response.text()).toBe("up 1\n");
});
