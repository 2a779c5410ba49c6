import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { DeadLetter } from "../../schemas/events.ts";
import type { OriginalRecord } from "../domain/dead-letter.ts";
import { buildDeadLetter, limits, type Trim } from "./build-dead-letter.ts";
import { anyDeadRecord, anyLetterOnTopic, deadRecord, openDeadLetterCodec } from "./dead-letter-fixtures.ts";
import { readDeadLetter } from "./read-dead-letter.ts";

const topic = "order-events-dlq";
const codec = await openDeadLetterCodec(topic);
const place = {
  dlqTopic: "order-events-dlq",
  dlqPartition: 0,
  dlqOffset: 5,
  writtenAtMs: Date.UTC(2026, 0, 1),
  headers: [],
};

function throughTopic(event: DeadLetter): DeadLetter {
  const encoded = codec.encode(topic, "DeadLetter", event);
  if (!encoded.ok) throw new Error(encoded.failure.message);
  const decoded = codec.decode(topic, encoded.value);
  if (!decoded.ok || decoded.value.name !== "DeadLetter") throw new Error("not decoded");
  return decoded.value.event;
}

function read(event: DeadLetter) {
  const letter = readDeadLetter(event, place);
  if (!letter.ok) throw new Error(letter.failure);
  return letter.value;
}

/** What may be left out of a record. */
const pick = ({ key, value, headers }: OriginalRecord) => ({ key, value, headers });

describe("a dead letter read from the topic", () => {
  test("is the original event: exact bytes, key, headers in their order, place", () => {
    fc.assert(
      fc.property(anyDeadRecord, (record) => {
        const { original } = record;
        const letter = read(throughTopic(buildDeadLetter(record, 0).event));
        expect(letter.id).toBe(`${original.topic}/${original.partition}/${original.offset}`);
        expect(letter.original.value).toEqual(original.value);
        expect(letter.original.key).toEqual(original.key);
        expect(letter.original.headers.map(([, value]) => value)).toEqual(
          original.headers.map(([, value]) => value),
        );
        expect(letter.omittedValue).toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  test("says of the failure what the worker said", () => {
    const record = deadRecord();
    expect(read(throughTopic(buildDeadLetter(record, 0).event))).toEqual({
      id: "order-status-updates/2/17",
      original: record.original,
      omittedValue: null,
      omitted: [],
      consumerGroup: "order-service-group-status-updates",
      errorType: "ValueError",
      errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
      death: { category: "RETRY_THEN_DLQ", reason: "unknown_order" },
      event: record.event,
      failedAttempts: 4,
      attempts: record.attempts,
      firstFailedAtMs: Date.UTC(2026, 2, 1, 9, 30),
      lastFailedAtMs: Date.UTC(2026, 2, 1, 9, 30, 7),
      dlqTopic: "order-events-dlq",
      dlqPartition: 0,
      dlqOffset: 5,
    });
  });

  test("tells a value that was left out from a tombstone", () => {
    const digest = read(buildDeadLetter(deadRecord(), 0, "digest").event);
    expect(digest.original.value).toBeNull();
    expect(digest.omittedValue).toMatchObject({ size: 7 });
    const tombstone = read(buildDeadLetter(deadRecord({ original: { value: null } }), 0, "digest").event);
    expect(tombstone.omittedValue).toBeNull();
  });

  test("that had to be made smaller says what is missing, and has all the rest", () => {
    const trims: readonly Trim[] = ["whole", "no-text", "few-headers", "digest"];
    const largeHeader = ["large", Buffer.alloc(limits.trimmedHeaderBytes)] as const;
    const record = fc
      .tuple(anyDeadRecord, fc.boolean(), fc.boolean())
      .map(([drawn, hasLargeHeader, hasLargeKey]) => {
        const { original } = drawn;
        const key = hasLargeKey ? Buffer.alloc(limits.trimmedKeyBytes + 1, "k") : original.key;
        const headers = hasLargeHeader ? [...original.headers, largeHeader] : original.headers;
        return { ...drawn, original: { ...original, key, headers } };
      });
    fc.assert(
      fc.property(record, fc.constantFrom(...trims), (dead, trim) => {
        const built = buildDeadLetter(dead, 0, trim);
        const letter = readDeadLetter(throughTopic(built.event), { ...place, headers: built.headers });
        if (!letter.ok) throw new Error(letter.failure);
        const whole = read(throughTopic(buildDeadLetter(dead, 0).event));
        const { omitted, original, event, omittedValue } = letter.value;
        expect(event.eventJson).toBe(omitted.includes("text") ? null : whole.event.eventJson);
        expect(original.value).toEqual(omitted.includes("value") ? null : whole.original.value);
        expect(omittedValue?.size).toBe(omitted.includes("value") ? whole.original.value?.length : undefined);
        expect(original.key).toEqual(omitted.includes("key") ? null : whole.original.key);
        if (omitted.includes("headers")) {
          expect(original.headers.length).toBeLessThan(whole.original.headers.length);
        } else expect(original.headers).toEqual(whole.original.headers);
        const rest = { original: { ...whole.original, ...pick(original) }, event, omittedValue, omitted };
        expect(letter.value).toEqual({
          ...whole,
          ...rest,
          event: { ...whole.event, eventJson: event.eventJson },
        });
      }),
      { numRuns: 300 },
    );
  });

  test("takes no word for what was left out but its own", () => {
    const said = (text: string) =>
      readDeadLetter(buildDeadLetter(deadRecord(), 0).event, {
        ...place,
        headers: [["dlq-omitted", Buffer.from(text)]],
      });
    expect(said("key,__proto__,text,,TEXT")).toMatchObject({ value: { omitted: ["text", "key"] } });
    expect(said("")).toMatchObject({ value: { omitted: [] } });
  });

  test("carries the cluster's life in its id where offsets begin anew with each start", () => {
    const letter = readDeadLetter(buildDeadLetter(deadRecord(), 0).event, {
      ...place,
      clusterLife: "1f2e3d4c",
    });
    expect(letter).toMatchObject({ ok: true, value: { id: "order-status-updates/2@1f2e3d4c/17" } });
  });

  test("of an older writer, with system A's eleven fields alone, is kept", () => {
    const bare: DeadLetter = {
      originalMessage: "{}",
      errorMessage: "e",
      errorType: "ValueError",
      retryCount: 3,
      failedAttempts: 4,
      firstFailureTimestamp: "2026-03-01T09:30:00",
      lastFailureTimestamp: "2026-03-01T09:30:07.123456+00:00",
      originalTopic: "order-events",
      originalPartition: 0,
      originalOffset: 1,
      consumerGroup: "g",
      originalValue: null,
      originalValueSize: null,
      originalValueSha256: null,
      originalKey: null,
      originalHeaders: [],
      originalTimestampMs: null,
      errorCategory: "RETRY_THEN_DLQ",
      reasonCode: null,
      eventId: null,
      eventType: null,
      schemaId: null,
      attempts: [],
    };
    expect(read(bare)).toMatchObject({
      id: "order-events/0/1",
      failedAttempts: 4,
      firstFailedAtMs: Date.UTC(2026, 2, 1, 9, 30),
      lastFailedAtMs: Date.UTC(2026, 2, 1, 9, 30, 7, 123),
      death: { reason: "unknown" },
    });
  });

  test("never throws, and what it answers can be shown and stored", () => {
    fc.assert(
      fc.property(anyLetterOnTopic, (event) => {
        const letter = readDeadLetter(event, place);
        if (!letter.ok) {
          expect(letter.failure).not.toBe("");
          return;
        }
        const { firstFailedAtMs, lastFailedAtMs, failedAttempts, attempts, original } = letter.value;
        expect(firstFailedAtMs).toBeLessThanOrEqual(lastFailedAtMs);
        for (const ms of [firstFailedAtMs, lastFailedAtMs, ...attempts.map(({ failedAtMs }) => failedAtMs)]) {
          expect(new Date(ms).toISOString()).toHaveLength(24);
        }
        expect(failedAttempts).toBeGreaterThanOrEqual(1);
        expect(original.offset).toBeGreaterThanOrEqual(0);
        const { original: _, ...rest } = letter.value;
        expect(JSON.stringify(rest)).not.toContain("\\u0000");
        expect(letter.value.errorMessage.isWellFormed()).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});
