// The limit that cart is measured against: Hono, avsc and the native client's own produce, and nothing else that cart does.
// No validation, no time limit, no retries, no idempotency, no health; a 201 still waits for its own delivery report.
import { type Context, Hono } from "hono";
import { generateOrder } from "../../../cart/generate-order.ts";
import { connectNative, createNativeProducer } from "../../../kafka/binding.ts";
import { createRegistry } from "../../../schemas/registry.ts";
import { schemaCatalog, subjectOf } from "../../../schemas/schema-catalog.ts";

const { PORT, KAFKA_BROKERS = "", SCHEMA_REGISTRY_URL = "", KAFKA_ORDER_TOPIC: topic = "" } = process.env;
const { definition, type, toWire } = schemaCatalog.OrderEvent;
const registry = createRegistry({ url: SCHEMA_REGISTRY_URL, timeoutMs: 10_000 });
const id = await registry.idOf(subjectOf(topic, "OrderEvent"), definition);
if (!id.ok) throw new Error(id.failure.message);
const frame = Buffer.alloc(5);
frame.writeUInt32BE(id.value, 1);

const producer = createNativeProducer({
  "bootstrap.servers": KAFKA_BROKERS,
  acks: "all",
  "enable.idempotence": true,
  partitioner: "murmur2_random",
  "linger.ms": 0,
  "compression.type": "lz4",
  "socket.nagle.disable": true,
  dr_cb: true,
});
const waiting = new Map<number, (errorCode: number | null) => void>();
producer.configureCallbacks(true, {
  global: {},
  topic: {},
  event: {
    event_cb: () => undefined,
    delivery_cb(errorCode, { opaque }) {
      waiting.get(opaque)?.(errorCode);
      waiting.delete(opaque);
    },
  },
});
await connectNative(producer);
producer.setPollInBackground(true);

let last = 0;
function publish(key: string, value: Buffer, eventId: string): Promise<number | null> {
  return new Promise((resolve) => {
    const opaque = ++last;
    waiting.set(opaque, resolve);
    const headers = [{ "event-id": Buffer.from(eventId) }];
    const code = producer.produce(topic, -1, value, Buffer.from(key), 0, opaque, headers);
    if (code !== 0) resolve(code);
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
  if ((await publish(orderId, value, eventId)) !== null) return context.json({ detail: "not written" }, 503);
  return context.json({ message: "Order creation event published successfully", order }, 201);
}

const app = new Hono();
app.get("/health/ready", (context) => context.json({ status: "ready" }));
app.post("/create-order", (context) => create(context));
Bun.serve({ hostname: "127.0.0.1", port: Number(PORT), fetch: app.fetch });
