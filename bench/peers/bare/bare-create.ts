// The limit that cart is measured against: Hono, avsc and the native client's own produce, and nothing else that cart does.
// No validation, no time limit, no retries, no idempotency, no health; a 201 still waits for its own delivery report. With `--own-way`
// its records take cart's way to librdkafka (kafka/native/outgoing-records.ts) in place of the package's.
import { type Context, Hono } from "hono";
import { generateOrder } from "../../../cart/generate-order.ts";
import { connectNative, createNativeProducer } from "../../../kafka/binding.ts";
import { openOutgoingRecords } from "../../../kafka/native/outgoing-records.ts";
import { createRegistry } from "../../../schemas/registry.ts";
import { schemaCatalog, subjectOf } from "../../../schemas/schema-catalog.ts";

const { PORT, KAFKA_BROKERS = "", SCHEMA_REGISTRY_URL = "", KAFKA_ORDER_TOPIC: topic = "" } = process.env;
const { definition, type, toWire } = schemaCatalog.OrderEvent;
const registry = createRegistry({ url: SCHEMA_REGISTRY_URL, timeoutMs: 10_000 });
const id = await registry.idOf(subjectOf(topic, "OrderEvent"), definition);
if (!id.ok) throw new Error(id.failure.message);
const frame = Buffer.alloc(5);
frame.writeUInt32BE(id.value, 1);

const settings = {
  "bootstrap.servers": KAFKA_BROKERS,
  acks: "all",
  "enable.idempotence": true,
  partitioner: "murmur2_random",
  "linger.ms": 0,
  "compression.type": "lz4",
  "socket.nagle.disable": true,
};
const waiting = new Map<number, (errorCode: number) => void>();
const put = await (process.argv.includes("--own-way") ? openOwnWay() : openPackage());

type Put = (key: string, value: Buffer, eventId: string, opaque: number) => number;

async function openPackage(): Promise<Put> {
  const producer = createNativeProducer({ ...settings, dr_cb: true });
  producer.configureCallbacks(true, {
    global: {},
    topic: {},
    event: {
      event_cb: () => undefined,
      delivery_cb: (errorCode, { opaque }) => answer(opaque, errorCode ?? 0),
    },
  });
  await connectNative(producer);
  producer.setPollInBackground(true);
  return (key, value, eventId, opaque) =>
    producer.produce(topic, -1, value, Buffer.from(key), 0, opaque, [{ "event-id": Buffer.from(eventId) }]);
}

async function openOwnWay(): Promise<Put> {
  const producer = createNativeProducer(settings);
  producer.configureCallbacks(true, { global: {}, topic: {}, event: { event_cb: () => undefined } });
  const outgoing = openOutgoingRecords(await connectNative(producer), answer);
  return (key, value, eventId, opaque) =>
    outgoing.put(
      { topic, key: Buffer.from(key), value, headers: [["event-id", Buffer.from(eventId)]] },
      0,
      opaque,
    );
}

function answer(opaque: number, errorCode: number): void {
  waiting.get(opaque)?.(errorCode);
  waiting.delete(opaque);
}

let last = 0;
function publish(key: string, value: Buffer, eventId: string): Promise<number> {
  return new Promise((resolve) => {
    const opaque = ++last;
    waiting.set(opaque, resolve);
    const code = put(key, value, eventId, opaque);
    if (code !== 0) answer(opaque, code);
  });
}

async function create(context: Context): Promise<Response> {
  const { orderId, itemsCount }: { orderId: string; itemsCount: number } = await context.req.json();
  const eventId = crypto.randomUUID();
  const seed = Number.parseInt(eventId.slice(0, 8), 16);
  const order = generateOrder({ orderId, itemCount: itemsCount, seed, orderedAt: new Date() });
  const { orderId: _, ...payload } = order;
  const event = { eventType: "CREATE", orderId, timestamp: order.orderDate, payload };
  const value = Buffer.concat([frame, type.toBuffer(toWire(event))]);
  if ((await publish(orderId, value, eventId)) !== 0) return context.json({ detail: "not written" }, 503);
  return context.json({ message: "Order creation event published successfully", order }, 201);
}

const app = new Hono();
app.get("/health/ready", (context) => context.json({ status: "ready" }));
app.post("/create-order", (context) => create(context));
Bun.serve({ hostname: "127.0.0.1", port: Number(PORT), fetch: app.fetch });
