// The dead letters as systems A and B and operators see them, from the index in the store: reads go on while Kafka is away.
//
// A letter that was indexed when there was one DLQ topic has an empty one in the index: it is on KAFKA_DLQ_TOPIC.
import type {
  DeadLetter,
  DeadLetterDetails,
  DeadLetterPageQuery,
  DeadLetterStats,
  DeadLetterValue,
} from "../contract/dead-letters.ts";
import { errorCategorySchema } from "../contract/dead-letters.ts";
import { deadLetterNotFound, invalidRequest } from "../contract/errors.ts";
import type { DeadLetterViews } from "../contract/ports.ts";
import { failed, success } from "../contract/result.ts";
import type { Settings } from "../service/settings.ts";
import { readBoundedPage } from "./bounded-page.ts";
import { letterFilterOf } from "./letter-filter.ts";
import { type LetterHistoryStore, readLetterHistory } from "./replays/letter-history.ts";
import type { LetterFate, LetterFates } from "./replays/store/letter-fates.ts";
import { orderIdOf } from "./domain/dead-letter.ts";
import { opaquePlace, readOpaquePlace } from "./opaque-text.ts";
import type { DeadLetterCount, DeadLetterPlace, IndexedDeadLetter } from "./store/dead-letter-index.ts";
import type { OrderStore } from "./store/order-store.ts";
import { certainInstantOf, eventOf, instantOf, tellAttempts, textOf, toldBytes } from "./told-failure.ts";
import { whileStoreAnswers } from "./while-store-answers.ts";

export interface DeadLetterViewsOptions {
  readonly store: Pick<OrderStore, "deadLetters"> & {
    readonly letterFates: Pick<LetterFates, "of" | "countMatching">;
    readonly replays: LetterHistoryStore;
  };
  readonly settings: Pick<
    Settings,
    | "KAFKA_DLQ_TOPIC"
    | "SAGA_DLQ_TOPIC"
    | "DLQ_MAX_RETRIES"
    | "DLQ_RETRY_BACKOFF_MS"
    | "DLQ_MAX_BACKOFF_MS"
    | "DLQ_EDIT"
  >;
  /** Of the dead-letter topic, as it is made at start-up. Default 1. */
  readonly partitions?: number;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Long enough for millions of letters, and well below a request's own end. */
const countForMs = 3000;

export function createDeadLetterViews({
  store,
  settings,
  partitions = 1,
  now = Date.now,
}: DeadLetterViewsOptions): DeadLetterViews {
  const { deadLetters, letterFates, replays } = store;
  const topic = settings.KAFKA_DLQ_TOPIC;

  function tallyTopics(counts: readonly DeadLetterCount[]): DeadLetterStats["topics"] {
    const byTopic = Map.groupBy(counts, ({ dlqTopic }) => dlqTopic || topic);
    const names = new Set([topic, settings.SAGA_DLQ_TOPIC, ...byTopic.keys()]);
    return [...names].map((name) => ({ topic: name, ...tally(byTopic.get(name) ?? []) }));
  }

  return {
    list: (query) =>
      whileStoreAnswers(async () => {
        const start = startOf(query);
        if (start === undefined) return failed(invalidRequest(["Field 'cursor' is not one of ours"]));
        const filter = letterFilterOf(query, topic);
        const { rows, continuesAfter } = await readBoundedPage(
          query.limit,
          (limit, last) =>
            deadLetters.list({ filter, limit, ...(last === undefined ? start : { after: placeOf(last) }) }),
          ({ original, event }: IndexedDeadLetter) => toldBytes(original, event),
        );
        const fates = await letterFates.of(rows.map(({ id }) => id));
        const page = { deadLetters: rows.map((row) => toDeadLetter(row, topic, fates.get(row.id))) };
        return success(
          continuesAfter === undefined ? page : { ...page, nextCursor: cursorOf(continuesAfter) },
        );
      }),

    count: (query) =>
      whileStoreAnswers(async () => {
        const endMs = now() + countForMs;
        const filter = letterFilterOf(query, topic);
        const { count, isExact } = await letterFates.countMatching(filter, () => now() < endMs);
        return success({ count, exact: isExact });
      }),

    get: (id) =>
      whileStoreAnswers(async () => {
        const letter = await deadLetters.get(id);
        if (letter === undefined) return failed(deadLetterNotFound(id));
        const fates = await letterFates.of([id]);
        const history = await readLetterHistory(replays, id);
        return success({ ...toDetails(letter, topic, fates.get(id)), history });
      }),

    stats: () =>
      whileStoreAnswers(async () => {
        const counts = await deadLetters.count();
        return success({ topic, ...tally(counts), topics: tallyTopics(counts) });
      }),

    info: () =>
      whileStoreAnswers(async () => {
        const [own] = tallyTopics(await deadLetters.count());
        return success({
          topic,
          total: own?.total ?? 0,
          partitions,
          maxRetries: settings.DLQ_MAX_RETRIES,
          retryBackoffMs: settings.DLQ_RETRY_BACKOFF_MS,
          maxBackoffMs: settings.DLQ_MAX_BACKOFF_MS,
          editing: settings.DLQ_EDIT === "on",
        });
      }),
  };
}

/**
 * `topic/partition`. A cursor from before there were several DLQ topics has the partition alone; when the index was made anew
 * meanwhile, it begins at the first letter again.
 */
const placePattern = /^(?:([a-zA-Z0-9._-]{1,249})\/)?(0|[1-9][0-9]{0,8})$/;

/** Undefined for a cursor that is not ours. */
function startOf({ offset, cursor }: DeadLetterPageQuery) {
  if (cursor === undefined) return offset === undefined ? {} : { offset };
  const place = readOpaquePlace(cursor);
  const found = placePattern.exec(place?.prefix ?? "");
  if (place === undefined || found === null) return undefined;
  const [, dlqTopic = "", dlqPartition] = found;
  return { after: { dlqTopic, dlqPartition: Number(dlqPartition), dlqOffset: place.number } };
}

function placeOf({ dlqTopic, dlqPartition, dlqOffset }: IndexedDeadLetter): DeadLetterPlace {
  return { dlqTopic, dlqPartition, dlqOffset };
}

function cursorOf({ dlqTopic, dlqPartition, dlqOffset }: IndexedDeadLetter): string {
  const prefix = dlqTopic === "" ? String(dlqPartition) : `${dlqTopic}/${dlqPartition}`;
  return opaquePlace({ prefix, number: dlqOffset });
}

function toDeadLetter(
  letter: IndexedDeadLetter,
  ordersDlqTopic: string,
  fate: LetterFate | undefined,
): DeadLetter {
  return { ...toSummary(letter, ordersDlqTopic, fate), originalMessage: letter.event.eventJson };
}

/** Of one that has left the index meanwhile nothing had become yet. */
const untouched: LetterFate = { state: "open", replays: 0, fingerprint: "" };

function toSummary(
  letter: IndexedDeadLetter,
  ordersDlqTopic: string,
  fate: LetterFate = untouched,
): Omit<DeadLetter, "originalMessage"> {
  const { original, omittedValue, death, event } = letter;
  return {
    id: letter.id,
    deadLetterTopic: letter.dlqTopic || ordersDlqTopic,
    orderId: original.key === null ? null : orderIdOf(original.key),
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

function toDetails(
  letter: IndexedDeadLetter,
  ordersDlqTopic: string,
  fate: LetterFate | undefined,
): Omit<DeadLetterDetails, "history"> {
  const { original } = letter;
  const { key } = original;
  return {
    ...toSummary(letter, ordersDlqTopic, fate),
    eventId: letter.event.eventId,
    value: toValue(letter),
    key: key === null ? null : { text: textOf(key), base64: key.toString("base64") },
    headers: original.headers.map(([name, value]) => ({
      name,
      text: value === null ? null : textOf(value),
      base64: value?.toString("base64") ?? null,
    })),
    recordedAt: original.timestampMs === null ? null : instantOf(original.timestampMs),
    omitted: [...letter.omitted],
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
  const hex = original.value.toString("hex");
  // Only what was decoded has a type.
  if (failedEvent.eventJson === null && failedEvent.eventType !== null)
    return { kind: "bytes", hex, schemaId };
  return { kind: "undecodable", hex, why: errorMessage, schemaId };
}

/** Categories that are not ours are counted in the total alone. */
function tally(counts: readonly DeadLetterCount[]): Pick<DeadLetterStats, "total" | "byCategory"> {
  const byCategory: DeadLetterStats["byCategory"] = {};
  for (const category of errorCategorySchema.options) {
    const letters = sumOf(counts.filter((count) => count.category === category));
    if (letters > 0) byCategory[category] = letters;
  }
  return { total: sumOf(counts), byCategory };
}

function sumOf(counts: readonly DeadLetterCount[]): number {
  return counts.reduce((sum, { letters }) => sum + letters, 0);
}
