// The views behind the real application, over an index in memory.
import { createTestOrder, told } from "../contract/http/test-service.ts";
import { createDeadLetterViews } from "./dead-letter-views.ts";
import type { OriginalRecord } from "./domain/dead-letter.ts";
import type { DeadLetterFilter, DeadLetterIndex, IndexedDeadLetter } from "./store/dead-letter-index.ts";

export const firstFailedAtMs = Date.parse("2026-03-02T09:30:00.100Z");
export const notFound = "Order ORD-999 not found. Cannot update status. Sending to DLQ.";

/** What system A's documents show: an update of an unknown order, given up after four attempts. */
export function unknownUpdate(
  overrides: Partial<Omit<IndexedDeadLetter, "original">> & { original?: Partial<OriginalRecord> } = {},
): IndexedDeadLetter {
  const { original, ...rest } = overrides;
  return {
    id: "order-status-updates/0/17",
    original: {
      topic: "order-status-updates",
      partition: 0,
      offset: 17,
      timestampMs: firstFailedAtMs - 50,
      key: Buffer.from("ORD-999"),
      value: Buffer.from([0, 0, 0, 0, 3, 0xff, 0xfe]),
      headers: [
        ["event-id", Buffer.from("e-1")],
        ["trace", Buffer.from([0xff])],
        ["trace", null],
      ],
      ...original,
    },
    omittedValue: null,
    omitted: [],
    consumerGroup: "order-service-group-status-updates",
    errorType: "ValueError",
    errorMessage: notFound,
    death: { category: "RETRY_THEN_DLQ", reason: "unknown_order" },
    event: {
      eventType: "OrderStatusUpdate",
      eventId: "e-1",
      schemaId: 3,
      eventJson: '{"orderId":"ORD-999","status":"shipped"}',
    },
    failedAttempts: 4,
    attempts: [0, 1000, 3000, 7100].map((afterMs, i) => ({
      attempt: i + 1,
      failedAtMs: firstFailedAtMs + afterMs,
      errorType: "ValueError",
      errorMessage: notFound,
    })),
    firstFailedAtMs,
    lastFailedAtMs: firstFailedAtMs + 7100,
    dlqTopic: "order-events-dlq",
    dlqPartition: 0,
    dlqOffset: 4,
    ...rest,
  };
}

/** In topic order, by hand. `filters` has what was asked for; filtering itself is the store's, and tested there. */
export function indexOf(letters: readonly IndexedDeadLetter[]) {
  const filters: DeadLetterFilter[] = [];
  const index: DeadLetterIndex = {
    add: () => Promise.reject(new Error("views add nothing")),
    clear: () => Promise.reject(new Error("views clear nothing")),
    async list({ filter, limit, after, offset = 0 }) {
      filters.push(filter);
      const start =
        after === undefined
          ? offset
          : letters.findLastIndex(({ dlqOffset }) => dlqOffset <= after.dlqOffset) + 1;
      return letters.slice(start, start + limit);
    },
    get: async (id) => letters.find((letter) => letter.id === id),
    async count() {
      const groups = Map.groupBy(letters, ({ dlqTopic, death }) => `${dlqTopic}/${death.category}`);
      return [...groups.values()].flatMap(([first, ...others]) =>
        first === undefined
          ? []
          : [{ dlqTopic: first.dlqTopic, category: first.death.category, letters: 1 + others.length }],
      );
    },
  };
  return { index, filters };
}

export const settings = {
  KAFKA_DLQ_TOPIC: "order-events-dlq",
  SAGA_DLQ_TOPIC: "recovererDLQ",
  DLQ_MAX_RETRIES: 3,
  DLQ_RETRY_BACKOFF_MS: 1000,
  DLQ_MAX_BACKOFF_MS: 30_000,
  DLQ_EDIT: "off",
} as const;

export const fate = { state: "open", replays: 2, fingerprint: "9f2c4a1b7d3e5f60" } as const;
export const letterFates = {
  of: async (ids: readonly string[]) => new Map(ids.map((id) => [id, fate])),
  countMatching: async (filter: DeadLetterFilter, hasTime: () => boolean) =>
    filter.text === "slow" ? { count: 7, isExact: hasTime() } : { count: 9, isExact: true },
};

export const replays = { itemsOfLetter: async () => [], get: async () => undefined };

export function serve(letters: readonly IndexedDeadLetter[]) {
  const { index, filters } = indexOf(letters);
  const views = createDeadLetterViews({ store: { deadLetters: index, letterFates, replays }, settings });
  const { app, surprises } = createTestOrder({ ports: { deadLetters: views } });
  const get = (path: string) => told(app.request(path));
  return { get, filters, views, surprises };
}
