// A parked record that is dead becomes the record on the DLQ topic: the original event, byte for byte, and why it failed.
// Pure and total: whatever the original holds, what comes out can be encoded.
//
// When the broker refuses a dead letter for its size, it is made smaller step by step, and what people only read goes
// first: the JSON text repeats the bytes, headers tell about them, the value's bytes are the event itself.
import { createHash } from "node:crypto";
import type { RecordHeader } from "../../kafka/record.ts";
import { type DeadLetter, type DeadLetterHeader, numberBounds } from "../../schemas/events.ts";
import { schemaCatalog, schemaNames } from "../../schemas/schema-catalog.ts";
import type { DeathCertificate, FailedAttempt, OriginalRecord } from "../domain/dead-letter.ts";
import type { Omission } from "../store/dead-letter-index.ts";
import type { ParkedRecord } from "../store/parked-records.ts";
import { cleanText, cleanTextWithin } from "./clean-text.ts";
import { toIsoInstant } from "./failure-instants.ts";

/**
 * What is left out so that it fits. `whole`: nothing. `no-text`: the event's JSON. `few-headers`: also headers beyond
 * 32 KiB. `digest`: also the value, of which size and SHA-256 remain, and a key that is no orderId's.
 */
export type Trim = "whole" | "no-text" | "few-headers" | "digest";

export interface BuiltDeadLetter {
  /** The original key, so that the dead letters of one order lie in order on one partition; see `deadLetterKey`. */
  readonly key: Buffer;
  readonly headers: readonly RecordHeader[];
  readonly event: DeadLetter;
}

export const limits = {
  attempts: 20,
  /** UTF-16 units. */
  errorMessage: 1000,
  errorType: 200,
  reason: 200,
  trimmedHeaderBytes: 32 * 1024,
  /** An orderId has at most 128 characters; a longer key is somebody's mistake. */
  trimmedKeyBytes: 1024,
} as const;

/** A record that an operator dead-letters before it was tried has no attempt: `nowMs` is its time of failure then. */
export function buildDeadLetter(record: ParkedRecord, nowMs: number, trim: Trim = "whole"): BuiltDeadLetter {
  const { original, event } = record;
  const death = record.death ?? undecided;
  const attempts = record.attempts.length > 0 ? record.attempts : [untried(nowMs)];
  const [first = untried(nowMs)] = attempts;
  const last = attempts.at(-1) ?? first;
  const failedAttempts = Math.max(1, attempts.length, toInt(last.attempt));
  const reason = cleanTextWithin(death.reason, limits.reason);
  return {
    key: deadLetterKey(original, trim),
    headers: ownHeaders(original, death.category, reason, omissionsOf(record, trim)),
    event: {
      originalMessage: trim === "whole" && event.eventJson !== null ? cleanText(event.eventJson) : null,
      errorMessage: cleanTextWithin(last.errorMessage, limits.errorMessage),
      errorType: cleanTextWithin(last.errorType, limits.errorType),
      retryCount: failedAttempts - 1,
      failedAttempts,
      firstFailureTimestamp: toIsoInstant(first.failedAtMs),
      lastFailureTimestamp: toIsoInstant(last.failedAtMs),
      originalTopic: cleanText(original.topic),
      originalPartition: toInt(original.partition),
      originalOffset: toLong(original.offset),
      consumerGroup: cleanText(record.groupId),
      ...valueFields(original.value, trim),
      originalKey: omitsKey(original, trim) ? null : original.key,
      originalHeaders: toHeaders(keptHeaders(original, trim)),
      originalTimestampMs: original.timestampMs === null ? null : toLong(original.timestampMs),
      errorCategory: death.category,
      reasonCode: reason,
      eventId: event.eventId === null ? null : cleanTextWithin(event.eventId, limits.reason),
      eventType: event.eventType === null ? null : toFullName(event.eventType),
      schemaId: toSchemaId(event.schemaId),
      attempts: boundAttempts(attempts).map((attempt) => ({
        attempt: toInt(attempt.attempt),
        failedAt: toIsoInstant(attempt.failedAtMs),
        errorType: cleanTextWithin(attempt.errorType, limits.errorType),
        errorMessage: cleanTextWithin(attempt.errorMessage, limits.errorMessage),
      })),
    },
  };
}

/** The next smaller form that differs from this one; undefined when nothing more can be left out. */
export function trimFurther(record: ParkedRecord, trim: Trim): Trim | undefined {
  const { original, event } = record;
  const hasText = event.eventJson !== null;
  const hasManyHeaders = headerBytes(original.headers) > limits.trimmedHeaderBytes;
  const smaller: readonly Trim[] = [
    ...(hasText ? ["no-text" as const] : []),
    ...(hasManyHeaders ? ["few-headers" as const] : []),
    ...(original.value !== null || omitsKey(original, "digest") ? ["digest" as const] : []),
  ];
  const order: readonly Trim[] = ["whole", "no-text", "few-headers", "digest"];
  return smaller.find((candidate) => order.indexOf(candidate) > order.indexOf(trim));
}

/**
 * The original key's bytes, whatever they are. Without a key (null or empty, which is no orderId) or with one too long to
 * be kept, the record's place: such records belong to no order and have none to keep.
 */
export function deadLetterKey(original: OriginalRecord, trim: Trim = "whole"): Buffer {
  const { key } = original;
  if (key !== null && key.length > 0 && !omitsKey(original, trim)) return key;
  return Buffer.from(`${original.topic}/${original.partition}/${original.offset}`);
}

/** Not to be expected: a dead record has its certificate. Without one it is still a dead letter. */
const undecided: DeathCertificate = { category: "NO_RETRY_DLQ", reason: "unknown" };

function untried(nowMs: number): FailedAttempt {
  return {
    attempt: 1,
    failedAtMs: nowMs,
    errorType: "ValueError",
    errorMessage: "Dead-lettered by an operator before it was tried.",
  };
}

function valueFields(
  value: Buffer | null,
  trim: Trim,
): Pick<DeadLetter, "originalValue" | "originalValueSize" | "originalValueSha256"> {
  if (value === null || trim !== "digest") {
    return { originalValue: value, originalValueSize: null, originalValueSha256: null };
  }
  return {
    originalValue: null,
    originalValueSize: value.length,
    originalValueSha256: createHash("sha256").update(value).digest("hex"),
  };
}

function omitsKey({ key }: OriginalRecord, trim: Trim): boolean {
  return trim === "digest" && key !== null && key.length > limits.trimmedKeyBytes;
}

/** Every header that still fits, from the front. */
function keptHeaders({ headers }: OriginalRecord, trim: Trim): OriginalRecord["headers"] {
  if (trim === "whole" || trim === "no-text") return headers;
  let left: number = limits.trimmedHeaderBytes;
  return headers.filter((header) => {
    const size = headerBytes([header]);
    if (size > left) return false;
    left -= size;
    return true;
  });
}

function headerBytes(headers: OriginalRecord["headers"]): number {
  // What each one takes in Avro beside its own bytes.
  const overhead = 8;
  return headers.reduce(
    (sum, [name, value]) => sum + overhead + Buffer.byteLength(name) + (value?.length ?? 0),
    0,
  );
}

function toHeaders(headers: OriginalRecord["headers"]): DeadLetterHeader[] {
  return headers.map(([name, value]) => ({ name: cleanText(name), value }));
}

/** The header that says what was left out, for the index as well: nothing in the letter itself does. */
export const omittedHeader = "dlq-omitted";

function omissionsOf(record: ParkedRecord, trim: Trim): readonly Omission[] {
  const { original, event } = record;
  return [
    ...(trim !== "whole" && event.eventJson !== null ? ["text" as const] : []),
    ...(keptHeaders(original, trim).length < original.headers.length ? ["headers" as const] : []),
    ...(trim === "digest" && original.value !== null ? ["value" as const] : []),
    ...(omitsKey(original, trim) ? ["key" as const] : []),
  ];
}

/**
 * For tools that do not read Avro, from what this service knows itself. None of the original's headers is among them:
 * anybody may have written those, also under these names.
 */
function ownHeaders(
  { topic, partition, offset }: OriginalRecord,
  category: string,
  reason: string,
  omitted: readonly Omission[],
): RecordHeader[] {
  const header = (name: string, text: string | number): RecordHeader => [name, Buffer.from(String(text))];
  return [
    header("dlq-original-topic", topic),
    header("dlq-original-partition", partition),
    header("dlq-original-offset", offset),
    header("dlq-category", category),
    header("dlq-reason", reason),
    ...(omitted.length > 0 ? [header(omittedHeader, omitted.join(","))] : []),
  ];
}

/** The first ten and the last ten. */
function boundAttempts(attempts: readonly FailedAttempt[]): readonly FailedAttempt[] {
  if (attempts.length <= limits.attempts) return attempts;
  return [...attempts.slice(0, limits.attempts / 2), ...attempts.slice(-limits.attempts / 2)];
}

function toFullName(eventType: string): string {
  const known = schemaNames.find((name) => name === eventType);
  return known === undefined ? cleanTextWithin(eventType, limits.reason) : schemaCatalog[known].fullName;
}

/** The bytes of an unreadable record may name any unsigned 32-bit number; a registry's ids are signed. */
function toSchemaId(schemaId: number | null): number | null {
  if (schemaId === null || !Number.isInteger(schemaId)) return null;
  return schemaId >= 0 && schemaId <= numberBounds.maxInt ? schemaId : null;
}

function toInt(value: number): number {
  return within(value, numberBounds.minInt, numberBounds.maxInt);
}

/** A record's own timestamp is whatever its producer wrote. */
function toLong(value: number): number {
  return within(value, numberBounds.minLong, numberBounds.maxLong);
}

function within(value: number, min: number, max: number): number {
  return Number.isNaN(value) ? 0 : Math.min(Math.max(min, Math.trunc(value)), max);
}
