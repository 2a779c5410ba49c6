// One order's traces as a collector receives them: from its HTTP request through Kafka, each try, the store and the dead letter; the
// replay in a trace of its own, which links to the first; an order of system C with its decisions and its result.
// TEST_PYTHON is an interpreter that has schemas/interop/requirements.txt.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { z } from "zod";
import { eventually } from "../system/eventually.ts";
import { openProduct, type OpenProduct } from "../system/open-product.ts";
import { type OtlpReceiver, openOtlpReceiver, type ReceivedSpan } from "./otlp-receiver.ts";

const python = process.env["TEST_PYTHON"] ?? "";
const traces = {
  first: "11111111111111111111111111111111",
  duplicate: "22222222222222222222222222222222",
  retried: "33333333333333333333333333333333",
  saga: "44444444444444444444444444444444",
  unsampled: "55555555555555555555555555555555",
};
const clientSpan = "b7ad6b7169203331";

describe.skipIf(python === "")("with a collector", () => {
  let receiver: OtlpReceiver;
  let product: OpenProduct;
  let details: { readonly trace: { readonly id: string; readonly url: string } };

  beforeAll(async () => {
    receiver = await openOtlpReceiver(python);
    product = await openProduct({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      DLQ_RETRY_BACKOFF_MS: "10",
      DLQ_MAX_RETRIES: "1",
      TRACE_URL: "https://tempo.example/trace/{traceId}",
    });
    await send(product.cartUrl, "/create-order", { orderId: "ORD-1", itemsCount: 1 }, traces.first);
    await send(product.cartUrl, "/create-order", { orderId: "ORD-1", itemsCount: 1 }, traces.duplicate);
    await send(product.cartUrl, "/api/create-order", { orderId: "TEST-FAIL-1", numItems: 1 }, traces.retried);
    const items = [{ productId: "P-1", quantity: 1, price: 10 }];
    await send(product.orderUrl, "/api/orders", { customerId: "CUST-1", items }, traces.saga);
    await send(product.cartUrl, "/create-order", { orderId: "ORD-9", itemsCount: 1 }, traces.unsampled, "00");
    await eventually(async () => expect(await letterIds()).toHaveLength(2), 20_000);
    await send(product.orderUrl, "/ops/replays/start", {
      scope: { filter: { reason: "duplicate_create" } },
      name: "again",
      reason: "to see its trace",
      requestId: crypto.randomUUID(),
    });
    await eventually(async () => expect(named("settle")).toHaveLength(1), 20_000);
    await eventually(async () => expect(named("publish order-events-dlq")).toHaveLength(3), 20_000);
    const [id = ""] = (await letterIds()).filter((letter) => letter.startsWith("order-events/"));
    const answer = await fetch(`${product.orderUrl}/ops/dead-letters/one?id=${encodeURIComponent(id)}`);
    details = z.object({ trace: z.object({ id: z.string(), url: z.string() }) }).parse(await answer.json());
    await product.close();
  }, 90_000);
  afterAll(() => receiver.close(), 30_000);

  async function letterIds(): Promise<readonly string[]> {
    const answer = await fetch(`${product.orderUrl}/ops/dead-letters`);
    const page = z.object({ deadLetters: z.array(z.object({ id: z.string() })) }).parse(await answer.json());
    return page.deadLetters.map(({ id }) => id);
  }

  function named(name: string): readonly ReceivedSpan[] {
    return receiver.spans.filter((span) => span.name === name);
  }

  /** A trace as a tree: each span's name, with what belongs to it. */
  function treeOf(traceId: string, parentId: string): readonly unknown[] {
    return receiver.spans
      .filter((span) => span.traceId === traceId && span.parentId === parentId)
      .map((span) => [`${span.service}: ${span.name}`, ...treeOf(traceId, span.spanId)])
      .toSorted((left, right) => JSON.stringify(left).localeCompare(JSON.stringify(right)));
  }

  const process = ["orderwire-order: process order-events", ["orderwire-order: store"]];

  test("an order is one trace, from its request to the store", () => {
    expect(treeOf(traces.first, clientSpan)).toEqual([
      ["orderwire-cart: POST /create-order", ["orderwire-cart: publish order-events", process]],
    ]);
  });

  test("a dead letter belongs to the trace of its request, and its try says why it failed", () => {
    expect(treeOf(traces.duplicate, clientSpan)).toEqual([
      [
        "orderwire-cart: POST /create-order",
        ["orderwire-cart: publish order-events", process, ["orderwire-order: publish order-events-dlq"]],
      ],
    ]);
    const [failed] = named("process order-events").filter(({ traceId }) => traceId === traces.duplicate);
    expect(failed).toMatchObject({ kind: "SPAN_KIND_CONSUMER", error: "duplicate_create" });
    expect(failed?.attributes).toMatchObject({
      "orderwire.order_id": "ORD-1",
      "orderwire.outcome": "dead_letter",
      "orderwire.attempt": "1",
    });
  });

  test("each try of an event that is retried is a span of its own", () => {
    const tries = named("process order-events").filter(({ traceId }) => traceId === traces.retried);
    expect(
      tries.map(({ attributes }) => [attributes["orderwire.attempt"], attributes["orderwire.outcome"]]),
    ).toEqual([
      ["1", "retry"],
      ["2", "dead_letter"],
    ]);
    expect(new Set(tries.map(({ parentId }) => parentId)).size).toBe(1);
  });

  test("a replay has a trace of its own, and links to that of its original", () => {
    const [replay] = named("replay order-service-group-replays");
    if (replay === undefined) throw new Error("there is no replay");
    const [published] = named("publish order-events").filter(({ traceId }) => traceId === traces.duplicate);
    const original = { traceId: traces.duplicate, spanId: published?.spanId ?? "none" };
    expect(replay.parentId).toBe("");
    expect(Object.values(traces)).not.toContain(replay.traceId);
    expect(replay.links).toEqual([original]);
    expect(treeOf(replay.traceId, "")).toEqual([
      [
        "orderwire-order: replay order-service-group-replays",
        ["orderwire-order: process order-service-group-replays", ["orderwire-order: store"]],
        ["orderwire-order: publish order-events-dlq"],
      ],
    ]);
    expect(named("process order-service-group-replays").map(({ links }) => links)).toEqual([[original]]);
  });

  test("an order of system C is one trace with its decisions and its result", () => {
    expect(treeOf(traces.saga, clientSpan)).toEqual([
      [
        "orderwire-order: POST /api/orders",
        ["orderwire-order: process payment-orders"],
        ["orderwire-order: process stock-orders"],
        ["orderwire-order: settle"],
      ],
    ]);
    expect(named("settle")[0]?.attributes).toMatchObject({ "orderwire.status": "CONFIRMED" });
  });

  test("a dead letter names its trace, and where people see it", () => {
    expect([traces.duplicate, traces.retried]).toContain(details.trace.id);
    expect(details.trace.url).toBe(`https://tempo.example/trace/${details.trace.id}`);
  });

  test("a trace that its beginning does not want has no span here", () => {
    expect(receiver.spans.filter(({ traceId }) => traceId === traces.unsampled)).toEqual([]);
  });

  test("every span ends after it has begun, and none of them is of a probe", () => {
    expect(receiver.spans.every(({ durationMs }) => durationMs >= 0)).toBe(true);
    expect(receiver.spans.filter(({ name }) => /health|metrics/.test(name))).toEqual([]);
  });
});

async function send(url: string, path: string, body: unknown, traceId?: string, flags = "01"): Promise<void> {
  const answer = await fetch(`${url}${path}`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: traceId === undefined ? {} : { traceparent: `00-${traceId}-${clientSpan}-${flags}` },
  });
  expect(answer.status).toBeLessThan(300);
}
