// What goes on now, under /ops: counts of this moment and of the last hour, topics and who reads them, schemas, settings; and
// the two streams, as server-sent events.
import { z } from "zod";
import { effectiveSettingsSchema } from "../effective-settings.ts";
import { historyLimitSeconds, historySchema, liveEventSchema, nowSchema, type Pulse } from "../live.ts";
import { topicSchema } from "../models.ts";
import { orderFeedEventSchema, orderFeedQueryFields, type OrderFeedEvent } from "../order-feed.ts";
import type { OrderProcedures } from "../procedures.ts";
import { schemaVersionSchema, subjectSchema, subjectsSchema } from "../schema-versions.ts";
import { knownTopicsSchema, tailEventSchema, topicPartitionsSchema } from "../topics.ts";
import { defineRoute, type Route } from "./route.ts";
import { defineStream, type StreamRoute } from "./stream-route.ts";
import { systemBErrors } from "./system-b.ts";
import {
  exampleOrderDetails,
  integerParameter,
  noParametersSchema,
  requiredIntegerParameter,
} from "./wire-order.ts";

const route = defineRoute<OrderProcedures>();
const common = { tag: "Live", errorShape: systemBErrors, method: "GET", status: 200, from: "query" } as const;

const instance = "order-1-8001";
const since = "2026-03-02T08:00:00.000Z";

export const examplePulse: Pulse = {
  at: "2026-03-02T09:30:00.000Z",
  second: { accepted: 12, stored: 12, retried: 0, dead: 0, orders: 9 },
  minute: { accepted: 702, stored: 698, retried: 3, dead: 1, orders: 540, p50Ms: 9, p99Ms: 41 },
  lag: 4,
  letters: {
    byState: { open: 214, replaying: 0, resolved: 12, discarded: 0, quarantined: 0, superseded: 0 },
    oldestOpenAt: "2026-03-02T07:12:00.000Z",
  },
  parked: { waiting: 3, behind: 1, dead: 0 },
  storedOrders: 48_211,
};

export const liveRoutes: readonly Route<OrderProcedures>[] = [
  route({
    ...common,
    path: "/ops/now",
    operationId: "getNow",
    summary: "Read what goes on at this moment",
    description:
      "Rates of the last second and the last minute, latency from cart's acceptance to the store, and lag, as the instance counts that is asked; dead letters, what waits and orders of all instances.",
    procedure: "stats.now",
    request: noParametersSchema,
    toInput: () => undefined,
    answer: nowSchema,
    toAnswer: (now) => now,
    errors: [],
    examples: { request: {}, answer: { instance, since, pulse: examplePulse } },
  }),
  route({
    ...common,
    path: "/ops/history",
    operationId: "getHistory",
    summary: "Read the last hour",
    description:
      "Columns of at most 300 values, oldest first: a sum for each span, the highest value of lag and latency. Kept in memory: a restart begins anew, and `since` says when.",
    procedure: "stats.history",
    request: z.strictObject({
      seconds: integerParameter("seconds", { minimum: 60, maximum: historyLimitSeconds, fallback: 900 }),
    }),
    toInput: (query) => query,
    answer: historySchema,
    toAnswer: (history) => history,
    errors: [],
    examples: {
      request: { seconds: "60" },
      answer: {
        instance,
        since,
        stepSeconds: 30,
        at: [1_772_443_770, 1_772_443_800],
        accepted: [340, 362],
        stored: [340, 358],
        retried: [0, 3],
        dead: [0, 1],
        orders: [270, 270],
        lag: [0, 4],
        p50Ms: [8, 9],
        p99Ms: [22, 41],
        openLetters: [213, 214],
      },
    },
  }),
  route({
    ...common,
    path: "/ops/topics",
    operationId: "listTopics",
    summary: "List the topics that order works with",
    description: "Only these can be tailed.",
    procedure: "topics.list",
    request: noParametersSchema,
    toInput: () => undefined,
    answer: knownTopicsSchema.meta({ id: "Topics" }),
    toAnswer: (topics) => topics,
    errors: [],
    examples: {
      request: {},
      answer: {
        topics: [
          { topic: "order-events", about: "creations and updates", consumerGroup: "order-service-group" },
        ],
      },
    },
  }),
  route({
    ...common,
    path: "/ops/partitions",
    operationId: "listPartitions",
    summary: "List partitions: who reads them, and how far",
    description:
      "This instance's partitions as its own clients see them; the others with the offset up to which the store has their effects. Ask each instance for its own.",
    procedure: "topics.partitions",
    request: noParametersSchema,
    toInput: () => undefined,
    answer: topicPartitionsSchema.meta({ id: "Partitions" }),
    toAnswer: (partitions) => partitions,
    errors: [],
    examples: {
      request: {},
      answer: {
        instance,
        partitions: [
          {
            topic: "order-events",
            partition: 0,
            consumerGroup: "order-service-group",
            instance,
            state: "active",
            nextOffset: 418_220,
            endOffset: 418_224,
            lag: 4,
            retrying: 2,
          },
        ],
      },
    },
  }),
  route({
    ...common,
    path: "/ops/schemas",
    operationId: "listSchemas",
    summary: "List the subjects of order's schemas with their versions",
    description: "As the registry has them.",
    procedure: "schemas.list",
    request: noParametersSchema,
    toInput: () => undefined,
    answer: subjectsSchema.meta({ id: "Subjects" }),
    toAnswer: (subjects) => subjects,
    errors: [],
    examples: {
      request: {},
      answer: {
        subjects: [
          {
            subject: "order-events-com.ecommerce.order.OrderEvent",
            topic: "order-events",
            recordName: "com.ecommerce.order.OrderEvent",
            versions: [1, 2],
          },
        ],
      },
    },
  }),
  route({
    ...common,
    path: "/ops/schemas/version",
    operationId: "getSchemaVersion",
    summary: "Read one version of a schema",
    description: "`isOurs` tells the version that this release writes.",
    procedure: "schemas.get",
    request: z.strictObject({
      subject: subjectSchema,
      version: requiredIntegerParameter("version", { minimum: 1, maximum: 1_000_000 }),
    }),
    toInput: (query) => query,
    answer: schemaVersionSchema.meta({ id: "SchemaVersion" }),
    toAnswer: (version) => version,
    errors: ["not_found"],
    examples: {
      request: { subject: "order-events-com.ecommerce.order.OrderEvent", version: "1" },
      answer: {
        subject: "order-events-com.ecommerce.order.OrderEvent",
        version: 1,
        schemaId: 2,
        schemaType: "AVRO",
        definition: '{"type":"record","name":"OrderEvent"}',
        isOurs: true,
      },
    },
  }),
  route({
    ...common,
    path: "/ops/settings",
    operationId: "getSettings",
    summary: "Read the settings that hold",
    description: "Secrets are masked, also those inside an address.",
    procedure: "settings.effective",
    request: noParametersSchema,
    toInput: () => undefined,
    answer: effectiveSettingsSchema.meta({ id: "Settings" }),
    toAnswer: (settings) => settings,
    errors: [],
    examples: {
      request: {},
      answer: {
        settings: [
          {
            name: "DATABASE_URL",
            value: "postgres://orders:***@db/orders",
            isDefault: false,
            isMasked: true,
            about: "Where orders are stored",
          },
        ],
      },
    },
  }),
];

const streamAnswer = z.string().meta({ description: "Server-sent events." });
const resumption =
  "An event's `id` sent back as `Last-Event-ID` takes the stream up again: every later event comes once, or `missed` says how many are gone. A comment comes at least every 5 s.";

const exampleState: OrderFeedEvent = { kind: "state", order: { ...exampleOrderDetails, version: 1 } };

export const liveStreams: readonly StreamRoute[] = [
  defineStream({
    operation: "orders.watch",
    tag: "Orders",
    errorShape: systemBErrors,
    path: "/orders/watch",
    operationId: "watchOrders",
    summary: "Follow what becomes of orders",
    description: `The orders of systems A and B: of one what it is now and what becomes of it, without orderId the changes of all from now on; each event's data is an OrderFeedEvent. A state is the order as it is: several changes may be told as one, and one may be told twice, with the same version. ${resumption}`,
    request: z.strictObject(orderFeedQueryFields),
    open: (query) => (streams, request, context) => streams["orders.watch"](query, request, context),
    answer: streamAnswer,
    eventSchema: orderFeedEventSchema,
    errors: [],
    examples: {
      request: { orderId: "ORDER-001" },
      answer: `id: 1\nevent: state\ndata: ${JSON.stringify(exampleState)}\n\n`,
    },
  }),
  defineStream({
    operation: "live.events",
    tag: "Live",
    errorShape: systemBErrors,
    path: "/ops/live",
    operationId: "watchLive",
    summary: "Follow what goes on",
    description: `A pulse each second, dead letters as they come, replays as they go on; each event's data is a LiveEvent. ${resumption}`,
    request: noParametersSchema,
    open: () => (streams, request, context) => streams["live.events"](undefined, request, context),
    answer: streamAnswer,
    eventSchema: liveEventSchema,
    errors: [],
    examples: {
      request: {},
      answer: `id: 1f6a1c2b.17\nevent: pulse\ndata: ${JSON.stringify({ kind: "pulse", pulse: examplePulse })}\n\n`,
    },
  }),
  defineStream({
    operation: "topics.tail",
    tag: "Live",
    errorShape: systemBErrors,
    path: "/ops/topics/tail",
    operationId: "tailTopic",
    summary: "Follow a topic",
    description: `Its last records and those that come, decoded where they can be; each event's data is a TailEvent. No group is joined and nothing committed. ${resumption}`,
    request: z.strictObject({ topic: topicSchema }),
    open:
      ({ topic }) =>
      (streams, request, context) =>
        streams["topics.tail"]({ topic }, request, context),
    answer: streamAnswer,
    eventSchema: tailEventSchema,
    errors: ["not_found"],
    examples: {
      request: { topic: "order-events" },
      answer: `id: 1f6a1c2b.3\nevent: missed\ndata: {"kind":"missed","count":120}\n\n`,
    },
  }),
];
