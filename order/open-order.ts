// order's composition root: what it is made of, in the order in which it opens.
import { hostname } from "node:os";
import { createConsole } from "../console/serve-console.ts";
import { createOrderApp } from "../contract/http/order-app.ts";
import type { TopicPartition } from "../kafka/record.ts";
import { openCodec } from "../schemas/codec.ts";
import { createApiReference } from "../service/api-reference/serve-api-reference.ts";
import { systemClock } from "../service/clock.ts";
import { createClosing } from "../service/closing.ts";
import { closingWhile, serveHttp } from "../service/http-server.ts";
import type { Logger } from "../service/logger.ts";
import { openGuards, readTlsFiles } from "../service/open-guards.ts";
import type { Parts } from "../service/open-parts.ts";
import { productVersion } from "../service/product-version.ts";
import type { OpenService } from "../service/run-service.ts";
import type { Settings } from "../service/settings.ts";
import { replayTopicOf, stateTopicOf } from "../service/settings/topic-names.ts";
import { orderSubjects } from "../service/subjects.ts";
import { keepTopics } from "../service/topics.ts";
import { observeCalls } from "../telemetry/observe-calls.ts";
import { openTracing } from "../telemetry/open-tracing.ts";
import { processFamilies, watchEventLoop } from "../telemetry/process-metrics.ts";
import { tracedObserver } from "../telemetry/traced-observer.ts";
import { createAuditViews } from "./audit-views.ts";
import { type ConsumerGroup, openConsumerGroup } from "./consumer-group.ts";
import {
  indexGroupId,
  type OpenDeadLetterIndexer,
  openDeadLetterIndexer,
} from "./dead-letters/open-dead-letter-indexer.ts";
import { openStateFeed } from "./changes/open-state-feed.ts";
import { createOrderFeed } from "./changes/order-feed.ts";
import { createDeadLetterViews } from "./dead-letter-views.ts";
import { openLive } from "./live/open-live.ts";
import { openWorker, orderGroups } from "./open-worker.ts";
import { createOrderHealth } from "./order-health.ts";
import { createOrderPage } from "./order-metrics.ts";
import { countStoreCall, createOrderTally, type OrderTallyOptions } from "./order-tally.ts";
import { createOrderViews } from "./order-views.ts";
import { createParkedViews } from "./parked-views.ts";
import { createPartitionOperations } from "./partition-operations.ts";
import { createLetterOperations } from "./replays/letter-operations.ts";
import { openReplays } from "./replays/open-replays.ts";
import { createBuiltInCatalog } from "./saga/catalog/built-in-catalog.ts";
import { createCatalogViews } from "./saga/catalog/catalog-views.ts";
import { createHttpCatalog } from "./saga/catalog/http-catalog.ts";
import { openSaga } from "./saga/open-saga.ts";
import { openParticipants, type Participants } from "./saga/participants/open-participants.ts";
import { createSagaViews } from "./saga/saga-views.ts";
import { openOrderStore } from "./store/open-order-store.ts";
import { partitionKey } from "./worker/partition.ts";
import { watchStalls } from "./worker/stall-watch.ts";

/** How long the group waits for a member that died: then another one takes over. */
const sessionTimeoutMs = 10_000;

/** Serves at once, also while Kafka, the registry or the store is away: consumption begins when they are there. */
export async function openOrder(
  settings: Settings,
  parts: Parts,
  parentLogger: Logger,
): Promise<OpenService> {
  const logger = parentLogger.child({ service: "order" });
  const closing = createClosing();
  let draining = false;

  const tally = createOrderTally(countedTopics(settings));
  const tracing = await openTracing(settings, "order");
  closing.add(() => tracing?.close());
  const opened = await openOrderStore(settings.DATABASE_URL);
  const store = observeCalls(opened, (area, operation, durationMs, error) =>
    countStoreCall(tally, area, operation, durationMs, error),
  );
  closing.add(() => store.close());
  const loop = watchEventLoop(systemClock);
  closing.add(() => loop.stop());

  const topics = [settings.KAFKA_ORDER_TOPIC, settings.KAFKA_STATUS_UPDATE_TOPIC] as const;
  const subjects = orderSubjects(settings);
  const codec = openCodec({ registry: tally.registry.observed(parts.registry), subjects, logger });
  closing.add(() => codec.close());

  const topicKeeper = keepTopics(parts, settings, logger);
  closing.add(() => topicKeeper.stop());
  let topicIds: ReadonlyMap<string, string> = new Map();
  const topicIdOf = (topic: string): string => {
    const id = topicIds.get(topic);
    if (id === undefined)
      throw new Error(`a partition of ${topic} was assigned before the topic's id was known`);
    return id;
  };

  const feed = openStateFeed({
    settings,
    parts,
    store,
    codec,
    logger,
    closing,
    topicReady: topicKeeper.ready,
  });
  const work = await openWorker({
    settings,
    parts,
    store: feed.store,
    codec,
    logger,
    closing,
    topicIdOf,
    tally,
    tracing,
  });
  const { worker } = work;
  const catalog =
    settings.CATALOG_URL === undefined
      ? createBuiltInCatalog()
      : createHttpCatalog({ url: settings.CATALOG_URL, clock: systemClock, logger });
  const saga = openSaga({
    settings,
    parts,
    store,
    codec,
    catalog,
    logger,
    closing,
    topicIdOf,
    tally,
    tracing,
    instanceId: instanceName(settings) ?? crypto.randomUUID(),
  });
  const replays = openReplays({ settings, store, worker: work, saga, logger, closing, tally, tracing });
  const groups: ConsumerGroup[] = [];
  let indexer: OpenDeadLetterIndexer | undefined;
  let participants: Participants | undefined;
  closing.add(async () => {
    await Promise.all([indexer?.close(), participants?.close(), ...groups.map((group) => group.close())]);
  });

  const isPaused = (partition: TopicPartition) =>
    worker.isPaused(partition) || saga.worker.isPaused(partition);
  const stalls = watchStalls({
    lag: () => groups.filter(({ running }) => running).flatMap((group) => group.lag()),
    isPaused,
    clock: systemClock,
    logger,
    stallMs: settings.STALL_AFTER_MS,
  });
  closing.add(() => stalls.stop());

  const health = createOrderHealth({
    store,
    worker,
    saga,
    stalls,
    consumers: () => groups,
    hasSchemas: () => codec.isReady,
    draining: () => draining,
  });
  const metrics = createOrderPage(
    tally,
    {
      store,
      worker,
      saga,
      publisher: work.publisher,
      groups: () => groups,
      stalls,
      ready: () => health.ready(),
      clock: systemClock,
    },
    processFamilies(loop),
  );
  const consumedLag = () => groups.flatMap((group) => group.lag());
  const live = openLive({
    settings,
    parts,
    store,
    codec,
    subjects,
    worker,
    stalls,
    isPaused,
    consumedLag,
    lag: () => [...consumedLag(), ...(indexer?.lag() ?? [])],
    tally,
    sourceOf: (partition) => (topicIds.has(partition.topic) ? work.sourceOf(partition) : undefined),
    instance: instanceName(settings) ?? `${hostname()}-${process.pid}`,
    logger,
  });
  const stopping = new AbortController();
  const app = createOrderApp({
    version: productVersion,
    reference: createApiReference({ title: "Orderwire order" }),
    views: createOrderViews({ store, topics }),
    deadLetters: createDeadLetterViews({ store, settings }),
    parked: createParkedViews({
      store,
      audit: store.audit,
      now: () => Date.now(),
      onOrdered: () => worker.poke(),
    }),
    partitions: createPartitionOperations({
      stalls,
      worker: {
        skipTo: (partition, nextOffset) =>
          (saga.worker.owns(partition) ? saga.worker : worker).skipTo(partition, nextOffset),
      },
      audit: store.audit,
      reopen: (partition) => groupOf(partition)?.reopen(),
      now: () => Date.now(),
      logger,
    }),
    letters: createLetterOperations({
      store,
      ordersDlqTopic: settings.KAFKA_DLQ_TOPIC,
      now: () => Date.now(),
    }),
    replays,
    audit: createAuditViews(store.audit),
    sagas: createSagaViews({ store: store.sagas }),
    catalog: createCatalogViews(catalog),
    sagaCommands: saga.commands,
    feed: createOrderFeed({
      store,
      isOn: stateTopicOf(settings) !== undefined,
      clock: systemClock,
      closing: stopping.signal,
    }),
    live: live.live,
    topics: live.topics,
    schemas: live.schemas,
    settings: live.settings,
    closing: stopping.signal,
    health,
    observer: tracedObserver(tally.http, tracing),
    metrics,
    console: createConsole({ environment: settings.CONSOLE_ENVIRONMENT }),
    guards: openGuards(settings, logger, closing),
    onSurprise: (error, requestId) =>
      logger.error("A request failed on our side", { requestId, cause: String(error) }),
  });
  const server = serveHttp({
    hostname: settings.HOST,
    port: settings.ORDER_PORT,
    fetch: closingWhile(() => draining, app.fetch),
    tls: readTlsFiles(settings),
  });
  closing.add(() => server.stop(2000));
  // Streams have no end of their own: the server would wait for them.
  closing.add(() => {
    stopping.abort();
    return live.close();
  });

  function groupOf(partition: TopicPartition): ConsumerGroup | undefined {
    const key = partitionKey(partition);
    return groups.find((group) => group.lag().some((assigned) => partitionKey(assigned) === key));
  }

  function consumerOptions(consumed: readonly string[], groupId: string) {
    return {
      brokers: parts.brokers,
      security: parts.security,
      clientId: "orderwire-order",
      groupId,
      topics: consumed,
      sessionTimeoutMs,
      settings: parts.consumerSettings,
      logger: logger.child({ groupId }),
    };
  }

  async function consume(): Promise<void> {
    topicIds = await topicKeeper.ready;
    const replayGroup = [replayTopicOf(settings), `${settings.KAFKA_GROUP_ID}-replays`] as const;
    const names = [...orderGroups(settings), replayGroup];
    for (const [topic, groupId] of names) {
      if (draining) return;
      groups.push(
        await openConsumerGroup({
          join: (source) => worker.join(groupId, source),
          clock: systemClock,
          consumer: { ...consumerOptions([topic], groupId), ...staticMember(settings, parts) },
        }),
      );
    }
    if (draining) return;
    indexer = await openDeadLetterIndexer({
      index: {
        async add(letters) {
          await store.deadLetters.add(letters);
          live.noteLetters(letters);
        },
      },
      codec,
      clock: systemClock,
      logger,
      clusterLife: parts.clusterLife,
      consumer: {
        ...consumerOptions(
          [settings.KAFKA_DLQ_TOPIC, settings.SAGA_DLQ_TOPIC],
          indexGroupId(settings.KAFKA_GROUP_ID),
        ),
        ...staticMember(settings, parts),
      },
    });
    if (draining) return;
    groups.push(
      await saga.start((consumed, groupId) => ({
        ...consumerOptions(consumed, groupId),
        ...staticMember(settings, parts),
      })),
    );
    if (draining || !hasParticipants(settings, parts)) return;
    participants = await openParticipants({
      brokers: parts.brokers,
      security: parts.security,
      topics: {
        orders: settings.SAGA_ORDERS_TOPIC,
        payment: settings.SAGA_PAYMENT_TOPIC,
        stock: settings.SAGA_STOCK_TOPIC,
      },
      catalog,
      clock: systemClock,
      logger,
      consumerSettings: parts.consumerSettings,
      sessionTimeoutMs,
      groupIds: {
        payment: `${settings.KAFKA_GROUP_ID}-stand-in-payment`,
        stock: `${settings.KAFKA_GROUP_ID}-stand-in-stock`,
      },
    });
  }

  // Does not reject: a consumer is opened whether or not a broker is there, and settings it refuses end the process.
  void consume();
  return {
    url: server.url,
    ready: () => health.ready(),
    async close() {
      draining = true;
      await Bun.sleep(settings.DRAIN_MS);
      await closing.run();
    },
  };
}

function countedTopics(settings: Settings): OrderTallyOptions {
  return {
    eventTopics: [...orderGroups(settings).keys(), replayTopicOf(settings)],
    decisionTopics: [settings.SAGA_PAYMENT_TOPIC, settings.SAGA_STOCK_TOPIC],
    publishedTopics: [settings.KAFKA_DLQ_TOPIC, replayTopicOf(settings)],
  };
}

/**
 * A member with a name keeps its partitions over a restart, so that it consumes again at once instead of when its old self
 * has timed out. The default is unique on a machine, because two instances cannot share a port.
 */
function staticMember(settings: Settings, { clusterLife }: Parts): { readonly groupInstanceId?: string } {
  if (clusterLife !== undefined) return {};
  const name = instanceName(settings);
  return name === undefined ? {} : { groupInstanceId: name };
}

/** Undefined for an instance that takes any port: it has no name that would outlive it. */
function instanceName({ ORDER_INSTANCE_ID: name, ORDER_PORT: port }: Settings): string | undefined {
  if (name !== undefined) return name;
  return port === 0 ? undefined : `${hostname()}-${port}`;
}

function hasParticipants(settings: Settings, { clusterLife }: Parts): boolean {
  return (settings.SAGA_PARTICIPANTS ?? (clusterLife === undefined ? "off" : "on")) === "on";
}
