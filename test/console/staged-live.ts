// What goes on in a staged order: a pulse a second, an hour behind it, records of strangers on every topic, schemas that have
// changed, sagas in every state, settings with secrets.
import { examplePulse } from "../../contract/dialects/live.ts";
import { schemaNotFound, topicNotKnown } from "../../contract/errors.ts";
import type { History, LiveEvent } from "../../contract/live.ts";
import type { LiveViews, SchemaViews, SettingsViews, TopicViews } from "../../contract/ports.ts";
import { failed, success } from "../../contract/result.ts";
import type { Saga } from "../../contract/sagas.ts";
import type { TailedValue, TailEvent } from "../../contract/topics.ts";
import { createEventRing } from "../../order/live/event-ring.ts";
import { effectiveSettings } from "../../service/effective-settings.ts";
import { readSettings } from "../../service/settings.ts";
import { hostileTexts } from "./hostile-texts.ts";

const instance = `order-1 ${hostileTexts[0]}`;
const since = "2026-03-02T08:00:00.000Z";

export function stagedLive() {
  const ring = createEventRing<LiveEvent>({ capacity: 100, life: "stage" });
  let beats = 0;
  const timer = setInterval(() => {
    beats += 1;
    ring.push({
      kind: "pulse",
      pulse: { ...examplePulse, at: new Date().toISOString(), storedOrders: 48_211 + beats },
    });
    const text = hostileTexts[beats % hostileTexts.length] ?? "";
    ring.push({
      kind: "dead_letter",
      letter: {
        id: `order-events/0/${beats}`,
        orderId: text,
        errorType: text,
        errorMessage: text,
        reason: "unknown_order",
        topic: "order-events",
        failedAt: new Date().toISOString(),
      },
    });
  }, 1000);
  const live: LiveViews = {
    now: async () => success({ instance, since, pulse: examplePulse }),
    history: async ({ seconds }) => success(historyOf(seconds)),
    events: (request) => ring.read({ ...request, backlog: 1 }),
  };
  return {
    live,
    topics,
    schemas,
    settings,
    close() {
      clearInterval(timer);
      ring.close();
    },
  };
}

function historyOf(seconds: number): History {
  const stepSeconds = Math.ceil(seconds / 300);
  const count = Math.floor(seconds / stepSeconds);
  const end = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds;
  const wave = (index: number, height: number) => Math.round(height * (1 + Math.sin(index / 17)));
  const indexes = Array.from({ length: count }, (_, index) => index);
  return {
    instance,
    since,
    stepSeconds,
    at: indexes.map((index) => end - (count - 1 - index) * stepSeconds),
    accepted: indexes.map((index) => wave(index, 40) + 2),
    stored: indexes.map((index) => wave(index, 36)),
    retried: indexes.map((index) => (index % 50 < 12 ? 6 : 0)),
    dead: indexes.map((index) => (index % 90 < 9 ? 4 : 0)),
    orders: indexes.map((index) => wave(index, 30)),
    lag: indexes.map((index) => wave(index, 3)),
    p50Ms: indexes.map((index) => (index % 11 === 0 ? null : 7 + (index % 5))),
    p99Ms: indexes.map((index) => (index % 11 === 0 ? null : 30 + (index % 23))),
    openLetters: indexes.map(() => 214),
  };
}

const values: readonly ((text: string) => TailedValue)[] = [
  (text) => ({
    kind: "decoded",
    eventType: "OrderEvent",
    schemaId: 3,
    json: JSON.stringify({ orderId: text, status: text, [text]: [1, true, null] }),
    cut: false,
  }),
  (text) => ({ kind: "json", json: JSON.stringify({ [text]: text }), cut: false }),
  (text) => ({ kind: "text", text: text.repeat(30), cut: true, why: text }),
  (text) => ({ kind: "bytes", base64: btoa(encodeURIComponent(text)), cut: false, why: text }),
  () => ({ kind: "tombstone" }),
];

const topics: TopicViews = {
  list: async () =>
    success({
      topics: [
        { topic: "order-events", about: "creations, and system B's updates", consumerGroup: "orders" },
        { topic: "silent", about: "nothing is ever written to it", consumerGroup: null },
      ],
    }),
  async tail(topic, request) {
    if (topic !== "order-events" && topic !== "silent") return failed(topicNotKnown(topic));
    const ring = createEventRing<TailEvent>({ capacity: 400, life: crypto.randomUUID().slice(0, 8) });
    let offset = 0;
    const push = (text: string) => {
      offset += 1;
      const value = (values[offset % values.length] ?? values[0])?.(text) ?? { kind: "tombstone" as const };
      const at = new Date().toISOString();
      const headers = [
        { name: text, value: text },
        { name: "null", value: null },
      ];
      ring.push({
        kind: "record",
        record: { partition: offset % 3, offset, at, key: text, sizeBytes: text.length, value, headers },
      });
    };
    if (topic === "order-events") {
      ring.push({ kind: "missed", count: 1204 });
      for (const text of hostileTexts) push(text);
      const timer = setInterval(() => push(`ORD-${offset}`), 200);
      request.signal.addEventListener("abort", () => clearInterval(timer));
    }
    return success(ring.read({ ...request, backlog: 400 }));
  },
  partitions: async () =>
    success({
      instance,
      partitions: (["active", "paused", "stalled", "elsewhere"] as const).flatMap((state, index) =>
        [0, 1].map((partition) => ({
          topic: `topic-${index}`,
          partition,
          consumerGroup: "order-service-group-with-a-long-name",
          instance: state === "elsewhere" ? null : instance,
          state,
          nextOffset: 418_220 + partition,
          endOffset: state === "elsewhere" ? null : 419_000,
          lag: state === "elsewhere" ? null : 780 * index,
          retrying: state === "elsewhere" ? null : index,
        })),
      ),
    }),
};

const subject = "order-events-com.ecommerce.order.OrderEvent";
const field = (name: string, type: string) => ({ name, type, doc: hostileTexts[1] ?? "" });
const definitions = [
  [field("orderId", "string"), field("status", "string")],
  [field("orderId", "string"), field("status", "string"), field("carrier", "string")],
  [field("orderId", "string"), field("state", "string"), field("carrier", "string")],
].map((fields) => JSON.stringify({ type: "record", name: "OrderEvent", fields }));

const schemas: SchemaViews = {
  list: async () =>
    success({
      subjects: [
        { subject, topic: "order-events", recordName: "com.ecommerce.order.OrderEvent", versions: [1, 2, 3] },
        { subject: "other", topic: "order-events-dlq", recordName: "com.ecommerce.DeadLetter", versions: [] },
      ],
    }),
  async get(query) {
    const definition = definitions[query.version - 1];
    if (query.subject !== subject || definition === undefined) return failed(schemaNotFound(query));
    const { version } = query;
    return success({
      subject,
      version,
      schemaId: version,
      schemaType: "AVRO",
      definition,
      isOurs: version === 3,
    });
  },
};

const settings: SettingsViews = {
  async effective() {
    const read = readSettings({
      DATABASE_URL: "postgres://orders:hunter2@db/orders",
      KAFKA_BROKERS: "kafka:9092",
      SCHEMA_REGISTRY_URL: "https://reader:hunter2@registry/apis",
    });
    return success({ settings: read.ok ? effectiveSettings(read.value).map((one) => ({ ...one })) : [] });
  },
};

const at = (seconds: number) =>
  new Date(Date.parse("2026-03-02T09:30:00.000Z") + seconds * 1000).toISOString();
const decision = { source: null, eventAt: at(1), receivedAt: at(1), replayed: false } as const;

/** One of each kind, with texts of strangers where they write. */
export function stagedSagas(): readonly Saga[] {
  return hostileTexts.map((text, index): Saga => {
    const orderId = index + 1;
    const items = [{ productId: "P-1", quantity: 1, price: 10 }];
    const isPending = index % 3 === 0;
    return {
      orderId,
      order: {
        orderId,
        customerId: text,
        status: isPending ? "NEW" : "ROLLBACK",
        source: isPending ? null : text,
        items,
      },
      placedAt: at(0),
      settledAt: isPending ? null : at(2),
      payment: { ...decision, answer: "ACCEPT", state: isPending ? "pending" : "joined" },
      stock: isPending ? null : { ...decision, answer: "REJECT", source: text, state: "joined" },
      deadlineAt: isPending ? at(11) : null,
      timeline: [
        { kind: "placed", at: at(0) },
        {
          kind: "decided",
          at: at(1),
          side: "payment",
          answer: "ACCEPT",
          source: null,
          eventAt: at(1),
          reason: null,
        },
        {
          kind: "late",
          at: at(20),
          side: "stock",
          answer: "REJECT",
          source: text,
          eventAt: at(20),
          reason: text,
        },
        ...(isPending
          ? []
          : [{ kind: "settled" as const, at: at(21), status: "ROLLBACK" as const, source: text }]),
      ],
    };
  });
}
