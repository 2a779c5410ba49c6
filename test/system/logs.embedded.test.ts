// What leaves in the log while orders are made, fail, are retried, read and replayed: one JSON object a line, with the ids to
// follow an order by, and nothing of what the orders hold.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { z } from "zod";
import { eventually } from "./eventually.ts";
import { openProduct, type OpenProduct } from "./open-product.ts";
import { openRawProducer } from "./raw-producer.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const logLine = z.looseObject({
  time: z.iso.datetime(),
  level: z.enum(["debug", "info", "warn", "error"]),
  message: z.string(),
  service: z.string().optional(),
  orderId: z.string().optional(),
  traceId: z.string().optional(),
});

const lines: string[] = [];
let product: OpenProduct;

beforeAll(async () => {
  product = await openProduct(
    { DLQ_RETRY_BACKOFF_MS: "10", DLQ_MAX_RETRIES: "1", DLQ_EDIT: "on" },
    (line) => void lines.push(line),
  );
  await send(product.cartUrl, "POST", "/create-order", { orderId: "ORD-1", itemsCount: 1 });
  await send(product.cartUrl, "POST", "/create-order", { orderId: "ORD-1", itemsCount: 1 });
  await send(product.cartUrl, "POST", "/api/create-order", { orderId: "TEST-FAIL-1", numItems: 1 });
  await send(product.cartUrl, "PUT", "/update-order", { orderId: "ORD-1", status: "PAYLOAD-status" });
  await send(product.cartUrl, "PUT", "/update-order", { orderId: "ORD-404", status: "PAYLOAD-status" });
  await send(product.cartUrl, "PUT", "/update-order", { orderId: 7, status: "PAYLOAD-status" });
  await send(product.orderUrl, "POST", "/api/orders", {
    customerId: "PAYLOAD-customer",
    items: [{ productId: "PAYLOAD-product", quantity: 1, price: 10 }],
  });
  await send(product.orderUrl, "POST", "/api/orders", {
    customerId: "PAYLOAD-customer",
    items: [{ productId: "P-1", quantity: 1, price: 10 }],
  });
  const producer = await openRawProducer(product.parts.brokers);
  for (const topic of [product.topics.orders, product.settings.SAGA_PAYMENT_TOPIC]) {
    await producer.produce({ topic, key: Buffer.from("ORD-2"), value: Buffer.from('{"PAYLOAD":"PAYLOAD"}') });
  }
  await producer.close();
  await eventually(async () => {
    const stats = z
      .object({ total_messages: z.number() })
      .parse(await (await fetch(`${product.orderUrl}/dlq/stats`)).json());
    expect(stats.total_messages).toBeGreaterThanOrEqual(4);
  }, 20_000);
  await send(product.orderUrl, "POST", "/ops/replays/start", {
    scope: { filter: {} },
    name: "PAYLOAD-name",
    reason: "PAYLOAD-reason",
    requestId: crypto.randomUUID(),
  });
  await eventually(async () => expect(lines.join("")).toContain("A replay has ended"), 20_000);
}, 90_000);
afterAll(() => product.close(), 30_000);

async function send(url: string, method: string, path: string, body: unknown): Promise<void> {
  await fetch(`${url}${path}`, {
    method,
    body: JSON.stringify(body),
    headers: {
      authorization: "Bearer SECRET-SECRET",
      "x-api-key": "SECRET-SECRET",
      "idempotency-key": crypto.randomUUID(),
      traceparent: `00-${traceId}-b7ad6b7169203331-01`,
    },
  });
}

test("every line is one JSON object with time, level and a constant sentence", () => {
  expect(lines.length).toBeGreaterThan(10);
  for (const line of lines) {
    expect(line.indexOf("\n")).toBe(line.length - 1);
    logLine.parse(JSON.parse(line));
  }
});

test("no line has anything of an order, a header or an operator's words in it", () => {
  expect(lines.filter((line) => /PAYLOAD|SECRET/.test(line))).toEqual([]);
});

test("a failing order can be followed by its id and its trace", () => {
  const told = lines.map((line) => logLine.parse(JSON.parse(line)));
  const failing = told.filter(({ orderId }) => orderId === "TEST-FAIL-1");
  expect(failing.map(({ message }) => message)).toContain("An event failed and will be tried again");
  expect(failing.map(({ message }) => message)).toContain(
    "An event failed for good: its dead letter is published",
  );
  expect(new Set(failing.map((line) => line.traceId))).toEqual(new Set([traceId]));
});
