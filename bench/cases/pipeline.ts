// order's whole way from the topic to the store: its consumer group, its worker with outbox and breaker, its store, every
// guarantee switched on. An event counts when the batch that it is in has been saved; at the end every order must be there
// and nothing parked.
import { openStateFeed } from "../../order/changes/open-state-feed.ts";
import { openConsumerGroup } from "../../order/consumer-group.ts";
import { openWorker } from "../../order/open-worker.ts";
import { createOrderTally } from "../../order/order-tally.ts";
import { openOrderStore } from "../../order/store/open-order-store.ts";
import type { OrderStore } from "../../order/store/order-store.ts";
import { openCodec } from "../../schemas/codec.ts";
import { systemClock } from "../../service/clock.ts";
import { createClosing } from "../../service/closing.ts";
import { openParts } from "../../service/open-parts.ts";
import { stateTopicOf } from "../../service/settings/topic-names.ts";
import { keepTopics } from "../../service/topics.ts";
import { createMeter } from "../meter.ts";
import { createsAmong } from "../order-events.ts";
import type { BenchCase } from "./bench-case.ts";

export const pipeline: BenchCase = async ({ settings, events, logger }) => {
  const closing = createClosing();
  const parts = openParts(settings);
  const topic = settings.KAFKA_ORDER_TOPIC;
  const stateTopic = stateTopicOf(settings);
  const store = await openOrderStore(settings.DATABASE_URL);
  closing.add(() => store.close());
  const codec = openCodec({
    registry: parts.registry,
    subjects: [
      [topic, "Order"],
      [topic, "OrderEvent"],
      [settings.KAFKA_DLQ_TOPIC, "DeadLetter"],
      ...(stateTopic === undefined ? [] : [[stateTopic, "OrderState"] as const]),
    ],
    logger,
  });
  closing.add(() => codec.close());
  await codec.ready();
  const topicReady = keepTopics(parts, settings, logger).ready;
  const topicIds = await topicReady;
  const feed = openStateFeed({ settings, parts, store, codec, logger, closing, topicReady });
  const meter = createMeter(events);
  const { worker } = await openWorker({
    settings,
    parts,
    store: countSaved(feed.store, (count) => meter.reach(count)),
    codec,
    logger,
    closing,
    topicIdOf: (name) => topicIds.get(name) ?? "",
    // Counted as in production: what it costs is in the figure.
    tally: createOrderTally({ eventTopics: [topic] }),
  });
  const group = await openConsumerGroup({
    join(source) {
      const sink = worker.join(settings.KAFKA_GROUP_ID, source);
      return {
        ...sink,
        onRecords(records) {
          meter.start();
          sink.onRecords(records);
        },
      };
    },
    clock: systemClock,
    consumer: {
      brokers: parts.brokers,
      clientId: "orderwire-order",
      groupId: settings.KAFKA_GROUP_ID,
      topics: [topic],
      sessionTimeoutMs: 10_000,
      settings: parts.consumerSettings,
      logger,
    },
  });
  closing.add(() => group.close());

  const measurement = await meter.done;
  await group.close();
  await requireComplete(store, events);
  await closing.run();
  return measurement;
};

/** Calls back with the number of events that the store has, by how far it says that each source has come. */
function countSaved(store: OrderStore, onCount: (count: number) => void): OrderStore {
  const reached = new Map<string, number>();
  let count = 0;
  return {
    ...store,
    async save(batch) {
      const outcome = await store.save(batch);
      if (outcome.kind !== "saved") return outcome;
      for (const { source, nextOffset } of batch.progress) {
        if (nextOffset === null) continue;
        count += nextOffset - (reached.get(source) ?? 0);
        reached.set(source, nextOffset);
      }
      onCount(count);
      return outcome;
    },
  };
}

async function requireComplete(store: OrderStore, events: number): Promise<void> {
  const [count, parked] = [await store.count(), await store.countParked()];
  const expected = createsAmong(events);
  if (count !== expected) throw new Error(`${count} orders are stored, not ${expected}`);
  if (parked.waiting + parked.behind + parked.dead > 0) throw new Error("some events failed and are parked");
}
