// What goes on in the tests' order: nothing, unless a test says so.
import { examplePulse, liveRoutes } from "../dialects/live.ts";
import { exampleOrderDetails } from "../dialects/wire-order.ts";
import { schemaNotFound, topicNotKnown } from "../errors.ts";
import { historySchema } from "../live.ts";
import type { LiveViews, OrderFeed, SchemaViews, SettingsViews, TopicViews } from "../ports.ts";
import { failed, success } from "../result.ts";
import { schemaVersionSchema, subjectsSchema } from "../schema-versions.ts";
import { topicPartitionsSchema } from "../topics.ts";

/** What the documents show. */
function exampleOf(path: string): unknown {
  return liveRoutes.find((route) => route.path === path)?.examples.answer;
}

const live: LiveViews = {
  now: async () => success({ instance: "test", since: examplePulse.at, pulse: examplePulse }),
  history: async () => success(historySchema.parse(exampleOf("/ops/history"))),
  async *events({ lastEventId, signal }) {
    if (lastEventId === undefined) yield { id: "test.0", event: { kind: "pulse", pulse: examplePulse } };
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve());
    });
  },
};

const topics: TopicViews = {
  list: async () =>
    success({ topics: [{ topic: "order-events", about: "creations and updates", consumerGroup: "g" }] }),
  partitions: async () => success(topicPartitionsSchema.parse(exampleOf("/ops/partitions"))),
  async tail(topic, { signal }) {
    if (topic !== "order-events") return failed(topicNotKnown(topic));
    return success(
      (async function* () {
        if (!signal.aborted) yield { id: "test.0", event: { kind: "missed" as const, count: 3 } };
      })(),
    );
  },
};

const schemas: SchemaViews = {
  list: async () => success(subjectsSchema.parse(exampleOf("/ops/schemas"))),
  async get(query) {
    const example = schemaVersionSchema.parse(exampleOf("/ops/schemas/version"));
    return query.subject === example.subject ? success(example) : failed(schemaNotFound(query));
  },
};

const settings: SettingsViews = {
  effective: async () =>
    success({
      settings: [{ name: "HOST", value: "127.0.0.1", isDefault: true, isMasked: false, about: "Address" }],
    }),
};

const feed: OrderFeed = {
  async watch({ orderId = "ORDER-001" }, { signal }) {
    return success(
      (async function* () {
        const order = { ...exampleOrderDetails, orderId, version: 1 };
        if (!signal.aborted) yield { id: "1", event: { kind: "state" as const, order } };
      })(),
    );
  },
};

export const testLive = { feed, live, topics, schemas, settings };
