// The limit that everything is measured against: the native client's callback API, records counted and dropped.
import {
  connectNative,
  createNativeConsumer,
  disconnectNative,
  rebalanceCodes,
} from "../../kafka/binding.ts";
import { createMeter } from "../meter.ts";
import type { BenchCase } from "./bench-case.ts";

const batchSize = 1000;

export const rawConsume: BenchCase = async ({ settings, events }) => {
  const meter = createMeter(events);
  const consumer = createNativeConsumer({
    "bootstrap.servers": settings.KAFKA_BROKERS,
    "group.id": settings.KAFKA_GROUP_ID,
    "auto.offset.reset": "earliest",
    "enable.auto.commit": false,
    // As our consumer has them: with the default backoff the client would fetch one queue a second.
    "queued.max.messages.kbytes": 16_384,
    "fetch.queue.backoff.ms": 20,
  });
  let count = 0;
  let isAsking = false;

  function ask(): void {
    if (isAsking || count >= events) return;
    isAsking = true;
    consumer.consume(0, batchSize, false, (_error, messages = []) => {
      isAsking = false;
      if (messages.length === 0) return;
      meter.start();
      count += messages.length;
      meter.reach(count);
      ask();
    });
  }

  consumer.configureCallbacks(true, {
    global: {
      rebalance_cb(code, partitions) {
        if (code !== rebalanceCodes.assign) consumer.unassign();
        else consumer.assign(partitions.map(({ topic, partition }) => ({ topic, partition, offset: -1000 })));
        ask();
      },
      offset_commit_cb: () => undefined,
    },
    topic: {},
    event: { event_cb: () => undefined, queue_non_empty_cb: ask },
  });
  await connectNative(consumer);
  consumer.subscribe([settings.KAFKA_ORDER_TOPIC]);
  const timer = setInterval(ask, 100);
  const measurement = await meter.done;
  clearInterval(timer);
  await disconnectNative(consumer, 5000);
  return measurement;
};
