import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { openCodec } from "../../schemas/codec.ts";
import { createMockRegistry } from "../../schemas/mock-registry.ts";
import { lineageHeaders } from "../replays/domain/lineage.ts";
import { createDecisionReader } from "./decision-reader.ts";

const topics = { payment: "payment-orders", stock: "stock-orders" };
const codec = openCodec({
  registry: createMockRegistry(),
  subjects: [
    [topics.payment, "OrderDto"],
    [topics.stock, "OrderDto"],
  ],
});
await codec.ready();
const reader = createDecisionReader(codec, topics);

const read = (value: Buffer | string | null, topic = topics.payment) =>
  reader.read({ topic, value: typeof value === "string" ? Buffer.from(value) : value, headers: [] });
const dto = (differences: object = {}) => ({
  orderId: 7,
  customerId: "CUST-1",
  status: "ACCEPT",
  source: "PAYMENT",
  items: [{ productId: "P-1", quantity: 2, price: 10 }],
  ...differences,
});
const original = (value: Buffer | null) => ({
  topic: topics.stock,
  partition: 0,
  offset: 1,
  timestampMs: 0,
  key: null,
  value,
  headers: [],
});

describe("a decision", () => {
  test("is read from the documented JSON, and its topic says whose it is", () => {
    const decision = { kind: "decision", orderId: 7, answer: "ACCEPT", source: "PAYMENT", schemaId: null };
    expect(read(JSON.stringify(dto()))).toMatchObject({ ...decision, side: "payment" });
    expect(read(JSON.stringify(dto()), topics.stock)).toMatchObject({ ...decision, side: "stock" });
  });

  test("is read from framed Avro alike", () => {
    const encoded = codec.encode(topics.stock, "OrderDto", dto({ status: "REJECT", source: null }));
    if (!encoded.ok) throw new Error(encoded.failure.message);
    expect(read(encoded.value, topics.stock)).toMatchObject({
      kind: "decision",
      side: "stock",
      orderId: 7,
      answer: "REJECT",
      source: null,
      schemaId: expect.any(Number),
    });
  });

  test("needs its three fields only, and no other field disturbs it", () => {
    expect(read(`{"orderId":7,"status":"REJECT"}`)).toMatchObject({ answer: "REJECT", source: null });
    expect(read(`{"orderId":7,"status":"ACCEPT","items":"none","__proto__":{"status":"x"}}`)).toMatchObject({
      kind: "decision",
    });
  });

  const refused: readonly [string, Buffer | string | null, string][] = [
    ["a tombstone", null, "tombstone"],
    ["nothing", "", "undecodable"],
    ["text", "ACCEPT", "undecodable"],
    ["JSON that is no object", `["ACCEPT"]`, "undecodable"],
    ["JSON that is cut off", `{"orderId":7`, "undecodable"],
    ["bytes that are no UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), "undecodable"],
    ["a byte order mark", `\uFEFF{"orderId":7,"status":"ACCEPT"}`, "undecodable"],
    ["a frame without a schema", Buffer.from([0, 0]), "too_short"],
    ["a text as orderId", `{"orderId":"7","status":"ACCEPT"}`, "invalid_event"],
    ["a fraction as orderId", `{"orderId":7.5,"status":"ACCEPT"}`, "invalid_event"],
    ["an orderId that no number holds", `{"orderId":9007199254740993,"status":"ACCEPT"}`, "invalid_event"],
    ["orderId 0", `{"orderId":0,"status":"ACCEPT"}`, "invalid_event"],
    ["no orderId", `{"status":"ACCEPT"}`, "invalid_event"],
    ["a result", `{"orderId":7,"status":"CONFIRMED"}`, "invalid_event"],
    ["another case", `{"orderId":7,"status":"Accept"}`, "invalid_event"],
    ["a source that is no text", `{"orderId":7,"status":"ACCEPT","source":{}}`, "invalid_event"],
    ["a source without an end", JSON.stringify(dto({ source: "x".repeat(1001) })), "invalid_event"],
    ["a value that is too long", JSON.stringify(dto({ note: "x".repeat(1024 * 1024) })), "too_large"],
    ["endless nesting", "[".repeat(200_000), "undecodable"],
  ];
  for (const [name, value, reason] of refused) {
    test(`is not read from ${name}`, () => {
      expect(read(value)).toMatchObject({ kind: "undecodable", reason, message: expect.any(String) });
    });
  }

  test("of a schema that nobody has met waits for the registry", () => {
    expect(read(Buffer.from([0, 0, 0, 1, 0, 9]))).toEqual({ kind: "unresolved-schema", schemaId: 256 });
  });

  test("is looked for in any bytes without throwing", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isFramed) => {
        const value = isFramed ? Buffer.from([0, 0, 0, 0, 1, ...bytes]) : Buffer.from(bytes);
        expect(read(value).kind).toBeString();
        expect(reader.describe(original(value))).toBeObject();
      }),
    );
  });
});

describe("what a dead letter tells of a decision", () => {
  test("is the JSON as it came, and nothing of what cannot be read", () => {
    const text = JSON.stringify(dto());
    expect(reader.describe(original(Buffer.from(text)))).toEqual({
      eventType: "OrderDto",
      eventId: null,
      schemaId: null,
      eventJson: text,
    });
    const unknown = { eventType: null, eventId: null, schemaId: null, eventJson: null };
    expect(reader.describe(original(Buffer.from("nonsense")))).toEqual(unknown);
    expect(reader.describe(original(null))).toEqual(unknown);
  });
});

test("a replay is read as a record of the topic that it is the replay from; its headers decide nothing elsewhere", () => {
  const reader = createDecisionReader(codec, topics, "replays");
  const lineage = lineageHeaders({
    letterId: `${topics.payment}/0/7`,
    jobId: "job",
    number: 1,
    topic: topics.payment,
    partition: 0,
    offset: 7,
    timestampMs: 5,
  });
  const value = Buffer.from(JSON.stringify(dto()));
  const sideOf = (topic: string) => reader.read({ topic, value, headers: lineage });
  expect(sideOf("replays")).toMatchObject({ side: "payment" });
  expect(sideOf(topics.stock)).toMatchObject({ side: "stock" });
});
