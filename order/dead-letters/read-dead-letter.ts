// A dead letter from a DLQ topic as the index keeps it. Anybody may write there, in any version of the schema: fields may
// be missing, numbers forged, texts endless. Never throws; only a letter that does not say what failed cannot be kept.
import { failed, type Result, success } from "../../contract/result.ts";
import type { RecordHeader } from "../../kafka/record.ts";
import type { DeadLetter } from "../../schemas/events.ts";
import { schemaCatalog, schemaNames } from "../../schemas/schema-catalog.ts";
import { type IndexedDeadLetter, type Omission, omissions } from "../store/dead-letter-index.ts";
import { limits, omittedHeader } from "./build-dead-letter.ts";
import { cleanText, cleanTextWithin } from "./clean-text.ts";
import { readIsoInstant, toInstantMs } from "./failure-instants.ts";

/** Where the letter was read, and when it was written there. */
export interface DeadLetterRecordPlace {
  readonly dlqTopic: string;
  readonly dlqPartition: number;
  readonly dlqOffset: number;
  readonly writtenAtMs: number | null;
  readonly headers: readonly RecordHeader[];
  /**
   * Set on the embedded cluster, whose offsets begin anew with each start: part of the id there, or a store that outlives
   * the cluster would take a new letter for a copy of an old one.
   */
  readonly clusterLife?: string;
}

const topicName = /^[a-zA-Z0-9._-]{1,249}$/;
const sha256 = /^[0-9a-f]{64}$/;
const maxGroupLength = 255;

/** The failure is one sentence. */
export function readDeadLetter(
  letter: DeadLetter,
  place: DeadLetterRecordPlace,
): Result<IndexedDeadLetter, string> {
  const { originalTopic: topic, originalPartition: partition, originalOffset: offset } = letter;
  if (!topicName.test(topic) || partition < 0 || offset < 0) {
    return failed("It does not say which topic, partition and offset failed.");
  }
  const life = place.clusterLife === undefined ? "" : `@${place.clusterLife}`;
  const writtenAtMs = place.writtenAtMs ?? 0;
  const firstFailedAtMs = readIsoInstant(letter.firstFailureTimestamp) ?? toInstantMs(writtenAtMs);
  const lastFailedAtMs = readIsoInstant(letter.lastFailureTimestamp) ?? firstFailedAtMs;
  return success({
    id: `${topic}/${partition}${life}/${offset}`,
    original: {
      topic,
      partition,
      offset,
      timestampMs: letter.originalTimestampMs,
      key: letter.originalKey,
      value: letter.originalValue,
      headers: letter.originalHeaders.map(({ name, value }) => [cleanText(name), value]),
    },
    omittedValue: readOmittedValue(letter),
    omitted: readOmissions(place.headers),
    consumerGroup: cleanTextWithin(letter.consumerGroup, maxGroupLength),
    errorType: cleanTextWithin(letter.errorType, limits.errorType),
    errorMessage: cleanTextWithin(letter.errorMessage, limits.errorMessage),
    death: {
      category: letter.errorCategory,
      reason: cleanTextWithin(letter.reasonCode ?? "unknown", limits.reason),
    },
    event: {
      eventType: letter.eventType === null ? null : toShortName(letter.eventType),
      eventId: letter.eventId === null ? null : cleanTextWithin(letter.eventId, limits.reason),
      schemaId: letter.schemaId,
      eventJson: letter.originalMessage === null ? null : cleanText(letter.originalMessage),
    },
    failedAttempts: Math.max(1, letter.failedAttempts),
    attempts: letter.attempts.slice(0, limits.attempts).map((attempt) => ({
      attempt: Math.max(1, attempt.attempt),
      failedAtMs: readIsoInstant(attempt.failedAt) ?? lastFailedAtMs,
      errorType: cleanTextWithin(attempt.errorType, limits.errorType),
      errorMessage: cleanTextWithin(attempt.errorMessage, limits.errorMessage),
    })),
    firstFailedAtMs: Math.min(firstFailedAtMs, lastFailedAtMs),
    lastFailedAtMs: Math.max(firstFailedAtMs, lastFailedAtMs),
    dlqTopic: place.dlqTopic,
    dlqPartition: place.dlqPartition,
    dlqOffset: place.dlqOffset,
  });
}

function readOmittedValue(letter: DeadLetter): IndexedDeadLetter["omittedValue"] {
  const { originalValue, originalValueSize: size, originalValueSha256: hash } = letter;
  if (originalValue !== null || size === null || hash === null) return null;
  return size >= 0 && sha256.test(hash) ? { size, sha256: hash } : null;
}

/** Anybody may have written the header: of what it says only our own words are kept. */
function readOmissions(headers: readonly RecordHeader[]): readonly Omission[] {
  const text = headers.find(([name]) => name === omittedHeader)?.[1]?.toString("utf8") ?? "";
  const words = new Set(text.split(","));
  return omissions.filter((omission) => words.has(omission));
}

/** Code calls event types by their record's name; the topic has it with the namespace. */
function toShortName(eventType: string): string {
  const known = schemaNames.find((name) => schemaCatalog[name].fullName === eventType);
  return known ?? cleanTextWithin(eventType, limits.reason);
}
