// The dead letters as systems A and B and operators see them, from the index in the store: reads go on while Kafka is away.
import type {
  DeadLetter,
  DeadLetterDetails,
  DeadLetterPageQuery,
  DeadLetterValue,
  ErrorCategory,
} from "../contract/dead-letters.ts";
import { errorCategorySchema } from "../contract/dead-letters.ts";
import { deadLetterNotFound, invalidRequest } from "../contract/errors.ts";
import type { DeadLetterViews } from "../contract/ports.ts";
import { failed, success } from "../contract/result.ts";
import type { Settings } from "../service/settings.ts";
import { readBoundedPage } from "./bounded-page.ts";
import { letterFilterOf } from "./letter-filter.ts";
import { opaquePlace, readOpaquePlace } from "./opaque-text.ts";
import type { LetterFate, LetterFates } from "./replays/store/letter-fates.ts";
import type { DeadLetterPlace, IndexedDeadLetter } from "./store/dead-letter-index.ts";
import type { OrderStore } from "./store/order-store.ts";
import { certainInstantOf, eventOf, instantOf, tellAttempts, textOf, toldBytes } from "./told-failure.ts";
import { whileStoreAnswers } from "./while-store-answers.ts";

export interface DeadLetterViewsOptions {
  readonly store: Pick<OrderStore, "deadLetters"> & { readonly letterFates: Pick<LetterFates, "of"> };
  readonly settings: Pick<
    Settings,
    "KAFKA_DLQ_TOPIC" | "DLQ_MAX_RETRIES" | "DLQ_RETRY_BACKOFF_MS" | "DLQ_MAX_BACKOFF_MS"
  >;
  /** Of the dead-letter topic, as it is made at start-up. Default 1. */
  readonly partitions?: number;
}

export function createDeadLetterViews({
  store,
  settings,
  partitions = 1,
}: DeadLetterViewsOptions): DeadLetterViews {
  const { deadLetters, letterFates } = store;
  const topic = settings.KAFKA_DLQ_TOPIC;

  return {
    list: (query) =>
      whileStoreAnswers(async () => {
        const start = startOf(query);
        if (start === undefined) return failed(invalidRequest(["Field 'cursor' is not one of ours"]));
        const filter = letterFilterOf(query);
        const { rows, continuesAfter } = await readBoundedPage(
          query.limit,
          (limit, last) =>
            deadLetters.list({ filter, limit, ...(last === undefined ? start : { after: placeOf(last) }) }),
          ({ original, event }: IndexedDeadLetter) => toldBytes(original, event),
        );
        const fates = await letterFates.of(rows.map(({ id }) => id));
        const page = { deadLetters: rows.map((row) => toDeadLetter(row, fates.get(row.id))) };
        return success(
          continuesAfter === undefined ? page : { ...page, nextCursor: cursorOf(continuesAfter) },
        );
      }),

    get: (id) =>
      whileStoreAnswers(async () => {
        const letter = await deadLetters.get(id);
        if (letter === undefined) return failed(deadLetterNotFound(id));
        const fates = await letterFates.of([id]);
        return success(toDetails(letter, fates.get(id)));
      }),

    stats: () =>
      whileStoreAnswers(async () => {
        const counts = await deadLetters.countByCategory();
        return success({ topic, total: sumOf(counts), byCategory: byCategory(counts) });
      }),

    info: () =>
      whileStoreAnswers(async () =>
        success({
          topic,
          total: sumOf(await deadLetters.countByCategory()),
          partitions,
          maxRetries: settings.DLQ_MAX_RETRIES,
          retryBackoffMs: settings.DLQ_RETRY_BACKOFF_MS,
          maxBackoffMs: settings.DLQ_MAX_BACKOFF_MS,
        }),
      ),
  };
}

const partitionPattern = /^(0|[1-9][0-9]{0,8})$/;

/** Undefined for a cursor that is not ours. */
function startOf({ offset, cursor }: DeadLetterPageQuery) {
  if (cursor === undefined) return offset === undefined ? {} : { offset };
  const place = readOpaquePlace(cursor);
  if (place === undefined || !partitionPattern.test(place.prefix)) return undefined;
  return { after: { dlqPartition: Number(place.prefix), dlqOffset: place.number } };
}

function placeOf({ dlqPartition, dlqOffset }: IndexedDeadLetter): DeadLetterPlace {
  return { dlqPartition, dlqOffset };
}

function cursorOf({ dlqPartition, dlqOffset }: IndexedDeadLetter): string {
  return opaquePlace({ prefix: String(dlqPartition), number: dlqOffset });
}

function toDeadLetter(letter: IndexedDeadLetter, fate: LetterFate | undefined): DeadLetter {
  return { ...toSummary(letter, fate), originalMessage: letter.event.eventJson };
}

/** Of one that has left the index meanwhile nothing had become yet. */
const untouched: LetterFate = { state: "open", replays: 0, fingerprint: "" };

function toSummary(
  letter: IndexedDeadLetter,
  fate: LetterFate = untouched,
): Omit<DeadLetter, "originalMessage"> {
  const { original, omittedValue, death, event } = letter;
  return {
    id: letter.id,
    orderId: original.key?.toString("utf8") ?? null,
    eventType: event.eventType,
    originalValue: original.value?.toString("base64") ?? null,
    sizeBytes: omittedValue?.size ?? original.value?.length ?? null,
    omittedValue:
      omittedValue === null ? null : { sizeBytes: omittedValue.size, sha256: omittedValue.sha256 },
    originalTopic: original.topic,
    originalPartition: original.partition,
    originalOffset: original.offset,
    consumerGroup: letter.consumerGroup,
    errorType: letter.errorType,
    errorCategory: death.category,
    reason: death.reason,
    errorMessage: letter.errorMessage,
    attempts: Math.max(1, letter.failedAttempts),
    firstFailureAt: certainInstantOf(letter.firstFailedAtMs),
    lastFailureAt: certainInstantOf(letter.lastFailedAtMs),
    state: fate.state,
    replays: fate.replays,
    fingerprint: fate.fingerprint,
  };
}

function toDetails(letter: IndexedDeadLetter, fate: LetterFate | undefined): DeadLetterDetails {
  const { original } = letter;
  const { key } = original;
  return {
    ...toSummary(letter, fate),
    eventId: letter.event.eventId,
    value: toValue(letter),
    key: key === null ? null : { text: textOf(key), base64: key.toString("base64") },
    headers: original.headers.map(([name, value]) => ({
      name,
      text: value === null ? null : textOf(value),
      base64: value?.toString("base64") ?? null,
    })),
    recordedAt: original.timestampMs === null ? null : instantOf(original.timestampMs),
    failures: tellAttempts(letter.attempts),
    deadLetterPartition: letter.dlqPartition,
    deadLetterOffset: letter.dlqOffset,
  };
}

function toValue(letter: IndexedDeadLetter): DeadLetterValue {
  const { original, omittedValue, event: failedEvent, errorMessage } = letter;
  const { schemaId } = failedEvent;
  if (omittedValue !== null) {
    return { kind: "omitted", sizeBytes: omittedValue.size, sha256: omittedValue.sha256, schemaId };
  }
  if (original.value === null) return { kind: "tombstone" };
  const event = eventOf(failedEvent);
  if (event !== undefined) return { kind: "decoded", event, schemaId };
  return { kind: "undecodable", hex: original.value.toString("hex"), why: errorMessage, schemaId };
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function byCategory(counts: Readonly<Record<string, number>>): Partial<Record<ErrorCategory, number>> {
  const known = errorCategorySchema.options.map((category) => [category, counts[category] ?? 0] as const);
  return Object.fromEntries(known.filter(([, count]) => count > 0));
}
