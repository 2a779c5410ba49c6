// The whole way from the index to HTTP: what systems A and B, and operators, are told.
import { describe, expect, test } from "bun:test";
import { createTestOrder, told } from "../contract/http/test-service.ts";
import { createDeadLetterViews } from "./dead-letter-views.ts";
import { StoreUnavailable } from "./store/store-unavailable.ts";
import {
  indexOf,
  letterFates,
  notFound,
  replays,
  serve,
  settings,
  unknownUpdate,
} from "./dead-letter-views-bench.ts";

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
