// kafka/consumer.ts with a handler that only looks at each record: what the room between the client and the worker costs.
import { openConsumer } from "../../kafka/consumer.ts";
import { createMeter } from "../meter.ts";
import type { BenchCase } from "./bench-case.ts";

export const ownConsumer: BenchCase = async ({ settings, events, logger }) => {
  const meter = createMeter(events);
  let count = 0;
  const consumer = await openConsumer({
    brokers: settings.KAFKA_BROKERS,
    clientId: "orderwire-bench",
    groupId: settings.KAFKA_GROUP_ID,
    topics: [settings.KAFKA_ORDER_TOPIC],
    logger,
    handlers: {
      onRecords(records) {
        meter.start();
        // Records are made when somebody looks at them.
        for (const { value } of records) if (value !== null) count += 1;
        meter.reach(count);
      },
      onAssigned: () => undefined,
      onRevoked: () => Promise.resolve(),
      onLost: () => undefined,
      onFailed: (message) => logger.error("The consumer failed", { detail: message }),
    },
  });
  const measurement = await meter.done;
  await consumer.close();
  return measurement;
};
