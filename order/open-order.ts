// order's composition root: what it is made of, in the order in which it opens.
import { createOrderApp } from "../contract/http/order-app.ts";
import { openCodec } from "../schemas/codec.ts";
import { systemClock } from "../service/clock.ts";
import { createClosing } from "../service/closing.ts";
import { serveHttp } from "../service/http-server.ts";
import type { Logger } from "../service/logger.ts";
import type { Parts } from "../service/open-parts.ts";
import type { OpenService } from "../service/run-service.ts";
import type { Settings } from "../service/settings.ts";
import { keepTopics } from "../service/topics.ts";
import { type ConsumerGroup, openConsumerGroup } from "./consumer-group.ts";
import { createEmptyDeadLetters } from "./empty-dead-letters.ts";
import { createOrderHealth } from "./order-health.ts";
import { createOrderViews } from "./order-views.ts";
import { openOrderStore } from "./store/open-order-store.ts";
import { partitionKey } from "./worker/partition.ts";
import { createRecordReader } from "./worker/record-reader.ts";
import { createWorker } from "./worker/worker.ts";

/** Serves at once, also while Kafka, the registry or the store is away: consumption begins when they are there. */
export async function openOrder(
  settings: Settings,
  parts: Parts,
  parentLogger: Logger,
): Promise<OpenService> {
  const logger = parentLogger.child({ service: "order" });
  const closing = createClosing();
  let draining = false;

  const store = await openOrderStore(settings.DATABASE_URL);
  closing.add(() => store.close());

  const topics = [settings.KAFKA_ORDER_TOPIC, settings.KAFKA_STATUS_UPDATE_TOPIC] as const;
  const [orderTopic, statusTopic] = topics;
  const codec = openCodec({
    registry: parts.registry,
    subjects: [
      [orderTopic, "Order"],
      [orderTopic, "OrderEvent"],
      [statusTopic, "OrderStatusUpdate"],
    ],
    logger,
  });
  closing.add(() => codec.close());

  let topicsReady: Promise<void> = Promise.resolve();
  if (parts.clusterLife === undefined) {
    const topicKeeper = keepTopics(parts.brokers, settings, logger);
    topicsReady = topicKeeper.ready;
    closing.add(() => topicKeeper.stop());
  }

  const life = parts.clusterLife === undefined ? "" : `@${parts.clusterLife}`;
  const worker = createWorker({
    store,
    reader: createRecordReader(codec),
    clock: systemClock,
    logger,
    sourceOf: (partition) => `${partitionKey(partition)}${life}`,
  });
  closing.add(() => worker.stop());

  const groups: ConsumerGroup[] = [];
  closing.add(async () => {
    await Promise.all(groups.map((group) => group.close()));
  });

  const health = createOrderHealth({ store, worker, consumers: () => groups, draining: () => draining });
  const app = createOrderApp({
    views: createOrderViews({ store, topics }),
    deadLetters: createEmptyDeadLetters(settings),
    health,
    onSurprise: (error, requestId) =>
      logger.error("A request failed on our side", { requestId, cause: String(error) }),
  });
  const server = serveHttp({ hostname: settings.HOST, port: settings.ORDER_PORT, fetch: app.fetch });
  closing.add(() => server.stop(2000));

  async function consume(): Promise<void> {
    await topicsReady;
    const names = [
      [orderTopic, settings.KAFKA_GROUP_ID],
      [statusTopic, `${settings.KAFKA_GROUP_ID}-status-updates`],
    ] as const;
    for (const [topic, groupId] of names) {
      if (draining) return;
      groups.push(
        await openConsumerGroup({
          worker,
          clock: systemClock,
          consumer: {
            brokers: parts.brokers,
            clientId: "orderwire-order",
            groupId,
            topics: [topic],
            settings: parts.consumerSettings,
            logger: logger.child({ groupId }),
          },
        }),
      );
    }
  }

  // Does not reject: a consumer is opened whether or not a broker is there, and settings it refuses end the process.
  void consume();
  return {
    url: server.url,
    ready: () => health.ready(),
    close: () => {
      draining = true;
      return closing.run();
    },
  };
}
