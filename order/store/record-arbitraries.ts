// Records that nobody would send on purpose, for property tests of what must keep them exactly.
import * as fc from "fast-check";
import type { OriginalRecord } from "../domain/dead-letter.ts";

/** Any text that JavaScript can hold: NUL, control characters, halves of surrogate pairs, names of object internals. */
export const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.array(fc.nat(0xffff), { maxLength: 12 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom(
    "",
    "__proto__",
    "constructor",
    "\0",
    "\ud800",
    "\\N",
    "\\u0000",
    '"',
    "Ünïcödé 注文 😀",
    "x".repeat(5000),
  ),
);

export const anyBytes: fc.Arbitrary<Buffer> = fc
  .uint8Array({ maxLength: 40 })
  .map((bytes) => Buffer.from(bytes));

const anyHeaderValue = fc.option(anyBytes);

export const anyOriginal: fc.Arbitrary<OriginalRecord> = fc.record({
  topic: anyText,
  partition: fc.nat(),
  offset: fc.maxSafeNat(),
  timestampMs: fc.option(fc.maxSafeInteger()),
  key: fc.option(anyBytes),
  value: fc.option(anyBytes),
  headers: fc.array(fc.tuple(anyText, anyHeaderValue), { maxLength: 6 }),
});

export const anyAttempts = fc.array(
  fc.record({
    attempt: fc.integer({ min: 1, max: 99 }),
    failedAtMs: fc.maxSafeNat(),
    errorType: anyText,
    errorMessage: anyText,
  }),
  { maxLength: 20 },
);

export const anyEvent = fc.record({
  eventType: fc.option(anyText),
  eventId: fc.option(anyText),
  schemaId: fc.option(fc.nat()),
  eventJson: fc.option(anyText),
});

export const anyDeath = fc.record({
  category: fc.constantFrom("NO_RETRY_DLQ" as const, "RETRY_THEN_DLQ" as const, "RETRY_FOREVER" as const),
  reason: anyText,
});
