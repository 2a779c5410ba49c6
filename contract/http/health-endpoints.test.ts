import { describe, expect, test } from "bun:test";
import type { OrderHealthDetail } from "../health.ts";
import { allWell, createTestCart, createTestOrder, told } from "./test-service.ts";

const badNight: OrderHealthDetail = {
  draining: false,
  store: { state: "down", cause: "connection refused" },
  registry: { state: "unknown", cause: null },
  broker: { state: "down", cause: null },
  deadLetterTopic: { state: "down", cause: "The topic order-events-dlq does not exist." },
  breaker: { state: "probing", cause: "40 events in a row could not be decoded." },
  parked: null,
  redelivered: 0,
  stalledPartitions: [{ topic: "order-events", partition: 1, offset: 42, endOffset: 57 }],
};
const itsLines = [
  "Store down: connection refused",
  "Broker down",
  "Dead-letter topic down: The topic order-events-dlq does not exist.",
  "Breaker probing: 40 events in a row could not be decoded.",
  "Partition order-events/1 stands still at offset 42",
];

describe("/health/detail of order", () => {
  test("tells every part and waits for nothing when all is well", async () => {
    const answer = await told(createTestOrder().app.request("/health/detail?probe=1"));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...allWell, waitingFor: [] });
  });

  test("is 200 also on a bad night, with a line for each thing that is waited for", async () => {
    const order = createTestOrder({ health: { detail: async () => badNight } });
    const answer = await told(order.app.request("/health/detail"));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...badNight, waitingFor: itsLines });
  });

  test("that hangs is 503 at the deadline, and one that throws is 500 without its message", async () => {
    const hanging = createTestOrder({ health: { detail: () => new Promise(() => {}) } });
    const pending = told(hanging.app.request("/health/detail"));
    hanging.timer.fire();
    expect((await pending).status).toBe(503);

    const broken = createTestOrder({ health: { detail: () => Promise.reject(new Error("hunter2")) } });
    const answer = await told(broken.app.request("/health/detail"));
    expect(answer.status).toBe(500);
    expect(JSON.stringify(answer.body)).not.toContain("hunter2");
    expect(broken.surprises).toHaveLength(1);
  });

  test("is listed by order, and cart has none", async () => {
    const index = await told(createTestOrder().app.request("/"));
    expect(index.body).toMatchObject({ links: { detail: "/health/detail" } });
    expect((await createTestCart().app.request("/health/detail")).status).toBe(404);
  });
});

describe("/health/ready of order", () => {
  test("asks for no detail while it is ready", async () => {
    const order = createTestOrder({ health: { detail: () => Promise.reject(new Error("not asked")) } });
    const answer = await told(order.app.request("/health/ready"));
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ status: "ready" });
  });

  test("says what is being waited for when it is not", async () => {
    const order = createTestOrder({ health: { ready: async () => false, detail: async () => badNight } });
    const answer = await told(order.app.request("/health/ready"));
    expect(answer.status).toBe(503);
    expect(answer.body).toEqual({ status: "not ready", waitingFor: itsLines });
  });

  test("says that the service is stopping", async () => {
    const detail = async () => ({ ...allWell, draining: true });
    const order = createTestOrder({ health: { ready: async () => false, detail } });
    const { body } = await told(order.app.request("/health/ready"));
    expect(body).toEqual({ status: "not ready", waitingFor: ["The service is stopping"] });
  });
});

test("/health of order stays word for word what system B documents, whatever else is known", async () => {
  const order = createTestOrder({
    health: {
      read: async () => ({
        healthy: false,
        body: { status: "unhealthy", consumer: "stopped", orders_in_memory: 42 },
      }),
      detail: async () => badNight,
    },
  });
  const answer = await told(order.app.request("/health"));
  expect(answer.status).toBe(503);
  expect(answer.body).toEqual({ status: "unhealthy", consumer: "stopped", orders_in_memory: 42 });
});
