// order's contract over fixtures: a hundred thousand dead letters, an audit, a broker that is away, partitions that stand
// still. What a browser sees is served by the same code as the product's.
import { createConsole } from "../../console/serve-console.ts";
import {
  allWell,
  auditEntry,
  createTestOrder,
  deadLetter,
  parkedEvent,
  type TestOrderOptions,
} from "../../contract/http/test-service.ts";
import type { DeadLetter } from "../../contract/dead-letters.ts";
import type { OrderHealthDetail } from "../../contract/health.ts";
import { serveHttp } from "../../service/http-server.ts";
import { hostileTexts } from "./hostile-texts.ts";
import type { Scene } from "./real-scenes.ts";
import { stagedLive, stagedSagas } from "./staged-live.ts";
import { stagedLetters, stagedReplays } from "./staged-replays.ts";

export function stagedOrder(scene: string): Scene {
  const live = scene === "staged-live" ? stagedLive() : undefined;
  const { app } = createTestOrder({
    ...optionsOf(scene),
    ...(live === undefined ? {} : { ports: live, sagas: stagedSagas() }),
    console: createConsole({ environment: "production" }),
  });
  const server = serveHttp({ hostname: "127.0.0.1", port: 0, fetch: app.fetch });
  return {
    url: server.url,
    close() {
      live?.close();
      return server.stop(500);
    },
  };
}

function optionsOf(scene: string): TestOrderOptions {
  switch (scene) {
    case "staged-many":
      return { deadLetters: manyLetters(100_000) };
    case "staged-trouble":
      return {
        deadLetters: manyLetters(2140),
        entries: auditEntries(),
        stalled: ["order-events/1"],
        parked: [
          parkedEvent(),
          parkedEvent({ id: "YQ", orderId: "ORD-1000", state: "behind", attempts: 0, dueAt: null }),
        ],
        health: { detail: async () => trouble },
        ports: { letters: stagedLetters, replays: stagedReplays },
      };
    default:
      return {};
  }
}

const trouble: OrderHealthDetail = {
  ...allWell,
  registry: { state: "down", cause: "It does not answer; what needs a new schema waits." },
  breaker: {
    state: "probing",
    cause: "TypeError: cannot read properties of undefined (reading 'tax'), on 12 orders",
  },
  deadLetterTopic: { state: "unknown", cause: null },
  parked: { waiting: 1204, behind: 377, dead: 2 },
  redelivered: 37,
  stalledPartitions: [
    { topic: "order-events", partition: 1, offset: 418_220, endOffset: 418_977 },
    // The stage does not know of this one: an order about it is refused.
    { topic: "order-events", partition: 2, offset: 7, endOffset: 9 },
  ],
};

const startMs = Date.parse("2026-03-02T09:30:00.000Z");

function manyLetters(count: number): readonly DeadLetter[] {
  return Array.from({ length: count }, (_, index) => {
    const at = new Date(startMs + index * 250).toISOString();
    const orderId = `ORD-${String(index).padStart(6, "0")}`;
    const isLost = index % 3 > 0;
    return deadLetter({
      id: `order-events/0/${index}`,
      orderId,
      originalTopic: "order-events",
      originalOffset: index,
      originalMessage: JSON.stringify({ orderId, status: "shipped" }),
      reason: isLost ? "unknown_order" : "duplicate_create",
      errorCategory: isLost ? "RETRY_THEN_DLQ" : "NO_RETRY_DLQ",
      errorMessage: isLost
        ? `Order ${orderId} not found. Cannot update status. Sending to DLQ.`
        : `Duplicate CREATE request: Order with ID '${orderId}' already exists`,
      attempts: isLost ? 4 : 1,
      sizeBytes: 40 + (index % 900),
      firstFailureAt: at,
      lastFailureAt: at,
    });
  });
}

function auditEntries() {
  return [
    auditEntry({ id: 400, result: null, endedAt: null }),
    ...hostileTexts.map((text, index) =>
      auditEntry({ id: 300 - index, reason: text, actor: text, target: { [text]: text } }),
    ),
    ...Array.from({ length: 40 }, (_, index) =>
      auditEntry({
        id: 60 - index,
        at: new Date(startMs - index * 7_200_000).toISOString(),
        actor: `request-${(60 - index).toString(16)}`,
      }),
    ),
  ];
}
