// The whole way from the index to HTTP: the views behind the real application, over an index in memory.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { DeadLetterPageQuery } from "../contract/dead-letters.ts";
import { createTestOrder, told } from "../contract/http/test-service.ts";
import { createDeadLetterViews } from "./dead-letter-views.ts";
import type { OriginalRecord } from "./domain/dead-letter.ts";
import type { DeadLetterFilter, DeadLetterIndex, IndexedDeadLetter } from "./store/dead-letter-index.ts";
import { StoreUnavailable } from "./store/store-unavailable.ts";

const firstFailedAtMs = Date.parse("2026-03-02T09:30:00.100Z");
const notFound = "Order ORD-999 not found. Cannot update status. Sending to DLQ.";

/** What system A's documents show: an update of an unknown order, given up after four attempts. */
function unknownUpdate(
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
function indexOf(letters: readonly IndexedDeadLetter[]) {
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

const settings = {
  KAFKA_DLQ_TOPIC: "order-events-dlq",
  SAGA_DLQ_TOPIC: "recovererDLQ",
  DLQ_MAX_RETRIES: 3,
  DLQ_RETRY_BACKOFF_MS: 1000,
  DLQ_MAX_BACKOFF_MS: 30_000,
  DLQ_EDIT: "off",
} as const;

const fate = { state: "open", replays: 2, fingerprint: "9f2c4a1b7d3e5f60" } as const;
const letterFates = {
  of: async (ids: readonly string[]) => new Map(ids.map((id) => [id, fate])),
  countMatching: async (filter: DeadLetterFilter, hasTime: () => boolean) =>
    filter.text === "slow" ? { count: 7, isExact: hasTime() } : { count: 9, isExact: true },
};

const replays = { itemsOfLetter: async () => [], get: async () => undefined };

function serve(letters: readonly IndexedDeadLetter[]) {
  const { index, filters } = indexOf(letters);
  const views = createDeadLetterViews({ store: { deadLetters: index, letterFates, replays }, settings });
  const { app, surprises } = createTestOrder({ ports: { deadLetters: views } });
  const get = (path: string) => told(app.request(path));
  return { get, filters, views, surprises };
}

describe("with letters of system C in the index", () => {
  const ofSagas = (dlqOffset: number) =>
    unknownUpdate({
      id: `payment-orders/0/${dlqOffset}`,
      original: { topic: "payment-orders", offset: dlqOffset },
      death: { category: "NO_RETRY_DLQ", reason: "partner_missing" },
      dlqTopic: "recovererDLQ",
      dlqOffset,
    });
  // One from before the index knew of topics.
  const ofBefore = unknownUpdate({ id: "order-status-updates/0/16", dlqTopic: "", dlqOffset: 3 });
  const letters = [ofBefore, unknownUpdate(), ofSagas(0), ofSagas(1)];

  test("operators see all of them, each with the topic that it lies on", async () => {
    const { body } = await serve(letters).get("/ops/dead-letters");
    expect(body).toMatchObject({
      deadLetters: [
        { id: "order-status-updates/0/16", deadLetterTopic: "order-events-dlq" },
        { id: "order-status-updates/0/17", deadLetterTopic: "order-events-dlq" },
        { id: "payment-orders/0/0", deadLetterTopic: "recovererDLQ" },
        { id: "payment-orders/0/1", deadLetterTopic: "recovererDLQ" },
      ],
    });
  });

  test("systems A and B ask for those of their own topic alone, on every page", async () => {
    const { get, filters } = serve(Array.from({ length: 600 }, (_, i) => unknownUpdate({ dlqOffset: i })));
    await get("/api/dlq/messages");
    await get("/dlq/messages?limit=1&offset=5");
    expect(filters.length).toBeGreaterThan(12);
    for (const filter of filters) expect(filter).toEqual({ dlqTopics: ["", "order-events-dlq"] });
  });

  test("systems A and B count those of their own topic alone", async () => {
    const { get } = serve(letters);
    expect((await get("/api/dlq/info")).body).toMatchObject({ topic: "order-events-dlq", messageCount: 2 });
    expect((await get("/dlq/stats")).body).toEqual({
      total_messages: 2,
      error_categories: { RETRY_THEN_DLQ: 2 },
      topic: "order-events-dlq",
    });
  });

  test("dlq.stats counts all of them, and those of each topic", async () => {
    const { views } = serve(letters);
    expect(await views.stats()).toEqual({
      ok: true,
      value: {
        topic: "order-events-dlq",
        total: 4,
        byCategory: { RETRY_THEN_DLQ: 2, NO_RETRY_DLQ: 2 },
        topics: [
          { topic: "order-events-dlq", total: 2, byCategory: { RETRY_THEN_DLQ: 2 } },
          { topic: "recovererDLQ", total: 2, byCategory: { NO_RETRY_DLQ: 2 } },
        ],
      },
    });
  });

  test.each([
    ["recovererDLQ", undefined, ["recovererDLQ"]],
    ["order-events-dlq", undefined, ["", "order-events-dlq"]],
    ["order-events-dlq", "orders", ["", "order-events-dlq"]],
    ["recovererDLQ", "orders", []],
  ] as const)(
    "deadLetterTopic %s in queue %s is asked for as %p",
    async (deadLetterTopic, queue, dlqTopics) => {
      const { views, filters } = serve(letters);
      await views.list({ limit: 1, deadLetterTopic, ...(queue === undefined ? {} : { queue }) });
      expect(filters).toEqual([{ dlqTopics: [...dlqTopics] }]);
    },
  );
});

describe("system A", () => {
  test("sees a failed event as its documents have it, field for field", async () => {
    const { body } = await serve([unknownUpdate()]).get("/api/dlq/messages");
    expect(body).toEqual({
      messages: [
        {
          originalMessage: '{"orderId":"ORD-999","status":"shipped"}',
          errorMessage: notFound,
          errorType: "ValueError",
          retryCount: 3,
          failedAttempts: 4,
          firstFailureTimestamp: "2026-03-02T09:30:00.100Z",
          lastFailureTimestamp: "2026-03-02T09:30:07.200Z",
          originalTopic: "order-status-updates",
          originalPartition: 0,
          originalOffset: 17,
          consumerGroup: "order-service-group-status-updates",
        },
      ],
    });
  });

  test("is told topic, count, partitions and retry settings", async () => {
    const { body } = await serve([unknownUpdate()]).get("/api/dlq/info");
    expect(body).toEqual({
      topic: "order-events-dlq",
      messageCount: 1,
      partitions: 1,
      retrySettings: { maxRetries: 3, retryBackoffMs: 1000, maxBackoffMs: 30_000 },
    });
  });
});

describe("system B", () => {
  const duplicate = unknownUpdate({
    death: { category: "NO_RETRY_DLQ", reason: "duplicate_create" },
    errorMessage: "Duplicate CREATE request: Order with ID 'X' already exists",
    failedAttempts: 1,
  });

  test("gets the exact bytes in base64, and a count of retries, not of attempts", async () => {
    const { body } = await serve([duplicate]).get("/dlq/messages?limit=10&offset=0");
    expect(body).toEqual({
      messages: [
        {
          orderId: "ORD-999",
          error_category: "NO_RETRY_DLQ",
          error_message: "Duplicate CREATE request: Order with ID 'X' already exists",
          retry_count: 0,
          timestamp: "2026-03-02T09:30:07.200Z",
          original_topic: "order-status-updates",
          original_partition: 0,
          original_offset: 17,
          original_value: Buffer.from([0, 0, 0, 0, 3, 0xff, 0xfe]).toString("base64"),
        },
      ],
      count: 1,
      limit: 10,
      offset: 0,
    });
  });

  test("pages by offset in topic order", async () => {
    const letters = Array.from({ length: 30 }, (_, i) =>
      unknownUpdate({ dlqOffset: i, original: { offset: i } }),
    );
    const { body } = await serve(letters).get("/dlq/messages?limit=5&offset=27");
    expect(body).toMatchObject({
      messages: [{ original_offset: 27 }, { original_offset: 28 }, { original_offset: 29 }],
      count: 3,
    });
  });

  test("counts by category, and all of them", async () => {
    const { body } = await serve([duplicate, duplicate, unknownUpdate()]).get("/dlq/stats");
    expect(body).toEqual({
      total_messages: 3,
      error_categories: { NO_RETRY_DLQ: 2, RETRY_THEN_DLQ: 1 },
      topic: "order-events-dlq",
    });
  });
});

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
  });
});

describe("dlq.list", () => {
  test("asks the index for exactly the filters that were given, instants as milliseconds", async () => {
    const { get, filters } = serve([]);
    const query = "topic=t&errorType=e&category=NO_RETRY_DLQ&reason=r&orderId=o&text=x";
    await get(`/ops/dead-letters?${query}&from=2026-03-02T09:30:00Z&until=2026-03-02T11:30:00.5%2B01:00`);
    await get("/ops/dead-letters");
    expect(filters).toEqual([
      {
        topic: "t",
        errorType: "e",
        category: "NO_RETRY_DLQ",
        reason: "r",
        orderId: "o",
        text: "x",
        fromMs: Date.parse("2026-03-02T09:30:00Z"),
        untilMs: Date.parse("2026-03-02T10:30:00.500Z"),
      },
      {},
    ]);
  });

  test("gives every letter once and in order, whatever the page size and the gaps", async () => {
    const shape = fc.record({
      gaps: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 130 }),
      limit: fc.integer({ min: 1, max: 120 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ gaps, limit }) => {
        let dlqOffset = 0;
        const letters = gaps.map((gap, offset) =>
          unknownUpdate({ dlqOffset: (dlqOffset += gap), original: { offset } }),
        );
        const { views } = serve(letters);
        const pages = await everyPage(views, limit);
        expect(pages.flat()).toEqual(letters.map((_, offset) => offset));
        for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
      }),
      { numRuns: 60 },
    );
  });

  test("a page stays where it was while letters come in", async () => {
    const letters = Array.from({ length: 4 }, (_, i) =>
      unknownUpdate({ dlqOffset: i, original: { offset: i } }),
    );
    const { views } = serve(letters);
    const first = await views.list({ limit: 2 });
    letters.push(unknownUpdate({ dlqOffset: 4, original: { offset: 4 } }));
    expect(first).toMatchObject({ ok: true, value: { nextCursor: "b3JkZXItZXZlbnRzLWRscS8wLzE" } });
    const second = await views.list({ limit: 10, cursor: "b3JkZXItZXZlbnRzLWRscS8wLzE" });
    expect(second).toMatchObject({
      value: { deadLetters: [{ originalOffset: 2 }, { originalOffset: 3 }, { originalOffset: 4 }] },
    });
  });

  test("ends a page early rather than hold a thousand megabytes, and goes on at its cursor", async () => {
    const value = Buffer.alloc(1024 * 1024);
    const letters = Array.from({ length: 20 }, (_, i) =>
      unknownUpdate({ dlqOffset: i, original: { value } }),
    );
    const pages = await everyPage(serve(letters).views, 1000);
    expect(pages.map(({ length }) => length)).toEqual([7, 7, 6]);
  });

  test("a single letter over that bound is a page of its own", async () => {
    const value = Buffer.alloc(20 * 1024 * 1024);
    const letters = [0, 1].map((dlqOffset) => unknownUpdate({ dlqOffset, original: { value } }));
    const pages = await everyPage(serve(letters).views, 10);
    expect(pages.map(({ length }) => length)).toEqual([1, 1]);
  });

  test("a cursor from before there were several DLQ topics goes on behind its letter", async () => {
    const letters = Array.from({ length: 4 }, (_, i) =>
      unknownUpdate({ dlqTopic: "", dlqOffset: i, original: { offset: i } }),
    );
    const { views } = serve(letters);
    expect(await views.list({ limit: 2 })).toMatchObject({ value: { nextCursor: "MC8x" } });
    expect(await views.list({ limit: 10, cursor: "MC8x" })).toMatchObject({
      value: { deadLetters: [{ originalOffset: 2 }, { originalOffset: 3 }] },
    });
  });

  test("limit 0 is an empty page", async () => {
    const { get } = serve([unknownUpdate()]);
    expect((await get("/ops/dead-letters?limit=0")).body).toEqual({ deadLetters: [] });
  });

  test.each([
    "AAAA",
    "MC8",
    "MC8wMQ",
    "LTEvMQ",
    "b3JkZXIvMQ",
    "LzAvMQ",
    "YS9iLzAvMQ",
    "dC8tMS8x",
    "dC8wMS8x",
    "dCAvMC8x",
  ])("cursor %s was never given out: 400", async (cursor) => {
    const answer = await serve([]).get(`/ops/dead-letters?cursor=${cursor}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: ["Field 'cursor' is not one of ours"] });
  });
});

test("the store being away is 503 without effect in every view; a bug is not", async () => {
  const views = [
    "/ops/dead-letters",
    "/ops/dead-letters/one?id=t/0/1",
    "/dlq/stats",
    "/api/dlq/info",
    "/dlq/messages",
  ];
  for (const path of [...views, "/api/dlq/messages"]) {
    const away = await failingWith(new StoreUnavailable("down", new Error("password=hunter2")), path);
    expect(away.status).toBe(503);
    expect(away.headers.get("retry-after")).toBe("2");
    expect(away.headers.get("x-outcome")).toBe("none");
    expect(JSON.stringify(away.body)).toContain("The order store cannot be reached.");
    expect(JSON.stringify(away.body)).not.toContain("hunter2");
    expect((await failingWith(new Error("bug"), path)).status).toBe(500);
  }
});

test("the matching letters are counted, and an answer that ran out of time says that there may be more", async () => {
  const count = async (query: string) => (await serve([]).get(`/ops/dead-letters/count${query}`)).body;
  expect(await count("?header=source%3Dweb%3D1")).toEqual({ count: 9, exact: true });
  let nowMs = 0;
  const views = createDeadLetterViews({
    store: { deadLetters: indexOf([]).index, letterFates, replays },
    settings,
    now: () => (nowMs += 10_000),
  });
  const { app } = createTestOrder({ ports: { deadLetters: views } });
  const { body } = await told(app.request("/ops/dead-letters/count?text=slow"));
  expect(body).toEqual({ count: 7, exact: false });
  for (const wrong of ["noequals", "%3Dvalue", "a%3D%07"]) {
    expect((await serve([]).get(`/ops/dead-letters?header=${wrong}`)).status).toBe(400);
  }
});

function failingWith(error: Error, path: string) {
  const refuse = () => Promise.reject(error);
  const deadLetters = { add: refuse, list: refuse, get: refuse, count: refuse, clear: refuse };
  const views = createDeadLetterViews({ store: { deadLetters, letterFates, replays }, settings });
  return told(createTestOrder({ ports: { deadLetters: views } }).app.request(path));
}

/** The original offsets of every page, followed by cursor to the end. */
async function everyPage(views: ReturnType<typeof serve>["views"], limit: number): Promise<number[][]> {
  const pages: number[][] = [];
  let query: DeadLetterPageQuery = { limit };
  for (;;) {
    const page = await views.list(query);
    if (!page.ok) throw new Error(page.failure.message);
    pages.push(page.value.deadLetters.map(({ originalOffset }) => originalOffset));
    if (page.value.nextCursor === undefined) return pages;
    query = { limit, cursor: page.value.nextCursor };
  }
}
