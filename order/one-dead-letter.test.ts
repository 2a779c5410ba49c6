// The whole way from the index to HTTP: everything of one dead letter, whatever it holds.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { fate, notFound, serve, unknownUpdate } from "./dead-letter-views-bench.ts";

describe("dlq.get tells everything of one dead letter", () => {
  const path = "/ops/dead-letters/one?id=order-status-updates/0/17";

  test("a decoded event, its key, its headers in order, every attempt", async () => {
    const { body } = await serve([unknownUpdate()]).get(path);
    expect(body).toEqual({
      id: "order-status-updates/0/17",
      orderId: "ORD-999",
      eventType: "OrderStatusUpdate",
      eventId: "e-1",
      originalValue: "AAAAAAP//g==",
      sizeBytes: 7,
      omittedValue: null,
      originalTopic: "order-status-updates",
      originalPartition: 0,
      originalOffset: 17,
      consumerGroup: "order-service-group-status-updates",
      errorType: "ValueError",
      errorCategory: "RETRY_THEN_DLQ",
      reason: "unknown_order",
      errorMessage: notFound,
      attempts: 4,
      firstFailureAt: "2026-03-02T09:30:00.100Z",
      lastFailureAt: "2026-03-02T09:30:07.200Z",
      ...fate,
      value: { kind: "decoded", event: { orderId: "ORD-999", status: "shipped" }, schemaId: 3 },
      key: { text: "ORD-999", base64: "T1JELTk5OQ==" },
      headers: [
        { name: "event-id", text: "e-1", base64: "ZS0x" },
        { name: "trace", text: null, base64: "/w==" },
        { name: "trace", text: null, base64: null },
      ],
      recordedAt: "2026-03-02T09:30:00.050Z",
      failures: [100, 1100, 3100, 7200].map((ms, i) => ({
        attempt: i + 1,
        failedAt: new Date(Date.parse("2026-03-02T09:30:00Z") + ms).toISOString(),
        errorType: "ValueError",
        errorMessage: notFound,
      })),
      omitted: [],
      deadLetterTopic: "order-events-dlq",
      deadLetterPartition: 0,
      deadLetterOffset: 4,
      history: [],
    });
  });

  const unreadable = { eventType: null, eventId: null, schemaId: null, eventJson: null };

  test("the bytes as hex and why, when they cannot be decoded", async () => {
    const letter = unknownUpdate({ event: unreadable, errorMessage: "The value is cut short." });
    const { body } = await serve([letter]).get(path);
    expect(body).toMatchObject({
      value: { kind: "undecodable", hex: "0000000003fffe", why: "The value is cut short.", schemaId: null },
    });
  });

  test("the bytes, and that the text was left out, when the letter had no room for both", async () => {
    const letter = unknownUpdate({ event: { ...unknownUpdate().event, eventJson: null }, omitted: ["text"] });
    const { get } = serve([letter]);
    expect((await get(path)).body).toMatchObject({
      eventType: "OrderStatusUpdate",
      omitted: ["text"],
      value: { kind: "bytes", hex: "0000000003fffe", schemaId: 3 },
    });
    expect((await get("/dlq/messages")).body).toMatchObject({
      messages: [{ original_value: "AAAAAAP//g==" }],
    });
  });

  test("the orderId of a key that is an 8-byte number, and its exact bytes", async () => {
    const key = Buffer.from([0, 0, 0, 0, 0, 0, 1, 2]);
    const { body } = await serve([unknownUpdate({ original: { key } })]).get(path);
    expect(body).toMatchObject({ orderId: "258", key: { base64: key.toString("base64") } });
  });

  test("a tombstone without key or time", async () => {
    const letter = unknownUpdate({
      event: unreadable,
      original: { value: null, key: null, timestampMs: null },
    });
    const { body } = await serve([letter]).get(path);
    expect(body).toMatchObject({
      orderId: null,
      originalValue: null,
      sizeBytes: null,
      value: { kind: "tombstone" },
      key: null,
      recordedAt: null,
    });
  });

  test("size and hash of a value that was too large to be kept, in every view", async () => {
    const sha256 = "ab".repeat(32);
    const letter = unknownUpdate({
      event: unreadable,
      original: { value: null },
      omittedValue: { size: 1_500_000, sha256 },
    });
    const { get } = serve([letter]);
    expect((await get(path)).body).toMatchObject({
      originalValue: null,
      sizeBytes: 1_500_000,
      omittedValue: { sizeBytes: 1_500_000, sha256 },
      value: { kind: "omitted", sizeBytes: 1_500_000, sha256 },
    });
    expect((await get("/api/dlq/messages")).body).toMatchObject({
      messages: [{ originalMessage: null, originalValueOmitted: { sizeBytes: 1_500_000, sha256 } }],
    });
    expect((await get("/dlq/messages")).body).toMatchObject({
      messages: [{ original_value: null, original_value_omitted: { size_bytes: 1_500_000, sha256 } }],
    });
  });

  test("whatever numbers and bytes a record claims, every view answers 200", async () => {
    const ms = fc.oneof(fc.constantFrom(0, -1, 8.64e15, 9e15, -9e15, 253402300800000), fc.maxSafeInteger());
    const bytes = fc.option(fc.uint8Array({ maxLength: 12 }).map((some) => Buffer.from(some)));
    const letter = fc.record({
      timestampMs: fc.option(ms),
      key: bytes,
      value: bytes,
      header: bytes,
      failedAtMs: ms,
      failedAttempts: fc.constantFrom(0, 1, 21),
      eventJson: fc.option(fc.oneof(fc.json(), fc.string())),
    });
    await fc.assert(
      fc.asyncProperty(
        letter,
        async ({ timestampMs, key, value, header, failedAtMs, failedAttempts, eventJson }) => {
          const { get, surprises } = serve([
            unknownUpdate({
              original: { timestampMs, key, value, headers: [["h", header]] },
              event: { eventType: null, eventId: null, schemaId: null, eventJson },
              firstFailedAtMs: failedAtMs,
              lastFailedAtMs: failedAtMs,
              failedAttempts,
              attempts: [{ attempt: 1, failedAtMs, errorType: "E", errorMessage: "" }],
            }),
          ]);
          for (const view of [path, "/ops/dead-letters", "/dlq/messages", "/api/dlq/messages"]) {
            expect((await get(view)).status).toBe(200);
          }
          expect(surprises).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  }, 60_000);
});
