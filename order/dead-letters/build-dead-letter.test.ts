import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { anyDeadRecord, deadRecord, openDeadLetterCodec } from "./dead-letter-fixtures.ts";
import { buildDeadLetter, limits, type Trim, trimFurther } from "./build-dead-letter.ts";

const topic = "order-events-dlq";
const codec = await openDeadLetterCodec(topic);
const trims: readonly Trim[] = ["whole", "no-text", "few-headers", "digest"];

describe("a dead letter", () => {
  test("has every field of system A as its documents show them", () => {
    const { event, key } = buildDeadLetter(deadRecord(), 0);
    expect(key.toString()).toBe("ORD-999");
    expect(event).toMatchObject({
      originalMessage: '{"orderId":"ORD-999","status":"shipped"}',
      errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
      errorType: "ValueError",
      retryCount: 3,
      failedAttempts: 4,
      firstFailureTimestamp: "2026-03-01T09:30:00.000Z",
      lastFailureTimestamp: "2026-03-01T09:30:07.000Z",
      originalTopic: "order-status-updates",
      originalPartition: 2,
      originalOffset: 17,
      consumerGroup: "order-service-group-status-updates",
      errorCategory: "RETRY_THEN_DLQ",
      reasonCode: "unknown_order",
      eventType: "com.ecommerce.order.OrderStatusUpdate",
    });
  });

  test("counts no retry when the first attempt was the last", () => {
    const [first] = deadRecord().attempts;
    const { event } = buildDeadLetter(deadRecord({ attempts: first === undefined ? [] : [first] }), 0);
    expect(event).toMatchObject({ retryCount: 0, failedAttempts: 1 });
  });

  test("counts all attempts and carries the first and the last ones", () => {
    const [first] = deadRecord().attempts;
    if (first === undefined) throw new Error("no attempt");
    const attempts = Array.from({ length: 50 }, (_, index) => ({ ...first, attempt: index + 1 }));
    const { event } = buildDeadLetter(deadRecord({ attempts }), 0);
    expect(event.failedAttempts).toBe(50);
    expect(event.retryCount).toBe(49);
    expect(event.attempts.map(({ attempt }) => attempt)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50,
    ]);
  });

  test("of a record that was never tried says when it was given up, and counts no retry", () => {
    const { event } = buildDeadLetter(deadRecord({ attempts: [] }), Date.UTC(2026, 0, 1));
    expect(event).toMatchObject({
      failedAttempts: 1,
      retryCount: 0,
      firstFailureTimestamp: "2026-01-01T00:00:00.000Z",
      lastFailureTimestamp: "2026-01-01T00:00:00.000Z",
    });
  });

  test("keeps forged headers of the original inside itself, and never among its own", () => {
    const forged: [string, Buffer][] = [
      ["dlq-original-offset", Buffer.from("1")],
      ["dlq-replays", Buffer.from([0xff])],
      ["traceparent", Buffer.from("x")],
    ];
    const { headers, event } = buildDeadLetter(deadRecord({ original: { headers: forged } }), 0);
    expect(headers.map(([name, value]) => [name, String(value)])).toEqual([
      ["dlq-original-topic", "order-status-updates"],
      ["dlq-original-partition", "2"],
      ["dlq-original-offset", "17"],
      ["dlq-category", "RETRY_THEN_DLQ"],
      ["dlq-reason", "unknown_order"],
    ]);
    expect(event.originalHeaders.map(({ name, value }) => [name, value])).toEqual(forged);
  });

  test("without an orderId is keyed by its place", () => {
    for (const key of [null, Buffer.alloc(0)]) {
      const { key: built, event } = buildDeadLetter(deadRecord({ original: { key } }), 0);
      expect(built.toString()).toBe("order-status-updates/2/17");
      expect(event.originalKey).toEqual(key);
    }
  });

  test("can always be encoded, whatever the original and its failure hold, in every size", () => {
    fc.assert(
      fc.property(anyDeadRecord, fc.constantFrom(...trims), (record, trim) => {
        const { event, key } = buildDeadLetter(record, Date.UTC(2026, 0, 1), trim);
        const encoded = codec.encode(topic, "DeadLetter", event);
        expect(encoded).toMatchObject({ ok: true });
        expect(key.length).toBeGreaterThan(0);
        expect(event.retryCount).toBe(event.failedAttempts - 1);
        expect(event.failedAttempts).toBeGreaterThanOrEqual(1);
        expect(event.attempts.length).toBeLessThanOrEqual(limits.attempts);
        expect(event.errorMessage.length).toBeLessThanOrEqual(limits.errorMessage);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a dead letter that does not fit", () => {
  const value = Buffer.alloc(2_000_000, 7);
  const large = deadRecord({
    original: {
      value,
      headers: [
        ["a", Buffer.from("kept")],
        ["huge", Buffer.alloc(500_000)],
        ["z", Buffer.from("kept")],
      ],
    },
  });

  test("loses its text first, then headers that are huge, then the value: bytes before their copies", () => {
    const steps: Trim[] = [];
    for (let trim: Trim | undefined = "whole"; trim !== undefined; trim = trimFurther(large, trim))
      steps.push(trim);
    expect(steps).toEqual(["whole", "no-text", "few-headers", "digest"]);
    expect(buildDeadLetter(large, 0, "no-text").event).toMatchObject({
      originalMessage: null,
      originalValue: value,
    });
    const trimmed = buildDeadLetter(large, 0, "few-headers").event;
    expect(trimmed.originalValue).toEqual(value);
    expect(trimmed.originalHeaders.map(({ name }) => name)).toEqual(["a", "z"]);
  });

  test("says size and SHA-256 of a value that it had to leave out, and what it left out", () => {
    const { event, headers } = buildDeadLetter(large, 0, "digest");
    expect(event).toMatchObject({
      originalValue: null,
      originalValueSize: 2_000_000,
      originalValueSha256: createHash("sha256").update(value).digest("hex"),
    });
    expect(headers.at(-1)).toEqual(["dlq-omitted", Buffer.from("text,headers,value")]);
  });

  test("is small in the end, whatever was huge", () => {
    const huge = deadRecord({
      original: {
        key: Buffer.alloc(900_000, 65),
        value: Buffer.alloc(900_000),
        headers: Array.from({ length: 5000 }, () => ["name", Buffer.alloc(200)] as const),
      },
      attempts: Array.from({ length: 30 }, (_, index) => ({
        attempt: index + 1,
        failedAtMs: 0,
        errorType: "e".repeat(5000),
        errorMessage: "m".repeat(5000),
      })),
    });
    const { event, key } = buildDeadLetter(huge, 0, "digest");
    const encoded = codec.encode(topic, "DeadLetter", event);
    expect(encoded.ok && encoded.value.length + key.length).toBeLessThan(70_000);
  });

  test("has no step that leaves out nothing", () => {
    fc.assert(
      fc.property(anyDeadRecord, (record) => {
        const nothing = deadRecord({ ...record, original: { ...record.original, value: null, headers: [] } });
        const bare = { ...nothing, event: { ...nothing.event, eventJson: null } };
        expect(trimFurther(bare, "whole")).toBeUndefined();
      }),
    );
  });
});
