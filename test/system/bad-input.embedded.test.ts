// Bad input over a real socket: each with its status and a sentence, and both services go on serving.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type OpenProduct, openEmbeddedProduct } from "./open-product.ts";

const megabyte = 1024 * 1024;

/** Bytes of unknown length, sent in chunks of 64 KiB. */
function chunked(totalBytes: number): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  let left = totalBytes;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) controller.close();
      else controller.enqueue(chunk);
      left -= chunk.length;
    },
  });
}

const badBodies: readonly [name: string, body: () => BodyInit | undefined, status: number][] = [
  ["a body of 20 MB", () => new Uint8Array(20 * megabyte).fill(0x20), 413],
  ["a chunked body of 20 MB", () => chunked(20 * megabyte), 413],
  [
    "a body of 40 MB, beyond what the server reads at all",
    () => new Uint8Array(40 * megabyte).fill(0x20),
    413,
  ],
  ["no body", () => undefined, 400],
  ["broken JSON", () => '{"orderId":', 400],
  ["broken UTF-8", () => new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400],
  ["60,000 nested arrays", () => "[".repeat(60_000), 400],
  ["nested arrays that are valid", () => "[".repeat(20_000) + "]".repeat(20_000), 400],
  ["an array", () => "[]", 400],
  ["null", () => "null", 400],
  ["wrong types", () => '{"orderId":7,"itemsCount":true}', 400],
  ["a number beyond all bounds", () => '{"orderId":"X","itemsCount":1e999}', 400],
  ["a NUL in the orderId", () => '{"orderId":"a\\u0000b","itemsCount":1}', 400],
  ["a lone surrogate in the orderId", () => '{"orderId":"\\ud800","itemsCount":1}', 400],
  ["an orderId of 129 characters", () => JSON.stringify({ orderId: "x".repeat(129), itemsCount: 1 }), 400],
  ["an unknown field", () => '{"orderId":"X","itemsCount":1,"__proto__":{"status":"x"}}', 400],
];

describe("bad input over HTTP", () => {
  let product: OpenProduct;
  beforeAll(async () => {
    product = await openEmbeddedProduct();
  }, 60_000);
  afterAll(async () => {
    await product.close();
  }, 30_000);

  for (const path of ["/create-order", "/api/create-order"]) {
    for (const [name, body, status] of badBodies) {
      test(`${path} answers ${name} with ${status}`, async () => {
        const sent = body();
        const response = await fetch(`${product.cartUrl}${path}`, {
          method: "POST",
          ...(sent === undefined ? {} : { body: sent }),
        });
        expect(response.status).toBe(status);
        await response.text();
      });
    }
  }

  test("a wrong method is 405 with Allow, an unknown path is 404, and neither is a crash", async () => {
    const wrongMethod = await fetch(`${product.cartUrl}/create-order`);
    expect([wrongMethod.status, wrongMethod.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
    expect((await fetch(`${product.orderUrl}/nowhere`)).status).toBe(404);
  });

  test("after all of that both services are healthy and take an order", async () => {
    expect((await fetch(`${product.cartUrl}/health`)).status).toBe(200);
    expect((await fetch(`${product.orderUrl}/health`)).status).toBe(200);
    const created = await fetch(`${product.cartUrl}/create-order`, {
      method: "POST",
      body: '{"orderId":"STILL-HERE","itemsCount":1}',
    });
    expect(created.status).toBe(201);
  });
});
