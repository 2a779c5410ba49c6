// Fills a new topic with a benchmark's events, as cart would have: keyed, framed Avro, an event-id in the headers.
import { openPublisher } from "../kafka/publisher.ts";
import { openCodec } from "../schemas/codec.ts";
import { eventHeaders } from "../schemas/event-headers.ts";
import type { Logger } from "../service/logger.ts";
import type { Parts } from "../service/open-parts.ts";
import type { Settings } from "../service/settings.ts";
import { keepTopics } from "../service/topics.ts";
import { type IdOrder, orderEventAt } from "./order-events.ts";

export interface PreloadOptions {
  readonly settings: Settings;
  readonly parts: Parts;
  readonly logger: Logger;
  readonly events: number;
  /** Index of the first event; 0 by default. */
  readonly from?: number;
  readonly idOrder?: IdOrder;
  readonly onProgress: (done: number) => void;
}

const chunkSize = 10_000;

/** Throws when an event was not acknowledged. */
export async function preload({
  settings,
  parts,
  logger,
  events,
  from = 0,
  idOrder,
  onProgress,
}: PreloadOptions): Promise<void> {
  const topic = settings.KAFKA_ORDER_TOPIC;
  await keepTopics(parts, settings, logger).ready;
  const codec = openCodec({ registry: parts.registry, subjects: [[topic, "OrderEvent"]], logger });
  await codec.ready();
  const { brokers } = parts;
  const clientId = "orderwire-bench";
  const publisher = await openPublisher({
    brokers,
    clientId,
    logger,
    maxInFlight: chunkSize,
    deadlineMs: 60_000,
  });

  async function publish(index: number): Promise<void> {
    const event = orderEventAt(index, idOrder);
    const encoded = codec.encode(topic, "OrderEvent", event);
    if (!encoded.ok) throw new Error(`event ${index} cannot be encoded: ${encoded.failure.message}`);
    const headers = eventHeaders({ eventId: crypto.randomUUID() });
    const outcome = await publisher.publish({
      topic,
      key: Buffer.from(event.orderId),
      value: encoded.value,
      headers,
    });
    if (!outcome.ok) throw new Error(`event ${index} was not written: ${outcome.failure.message}`);
  }

  for (let first = 0; first < events; first += chunkSize) {
    const size = Math.min(chunkSize, events - first);
    await Promise.all(Array.from({ length: size }, (_, place) => publish(from + first + place)));
    onProgress(first + size);
  }
  await publisher.close();
  codec.close();
}
