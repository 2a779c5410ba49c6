// The topics that the services make at start-up, and what they promise; broker auto-creation is never relied on.
import { ensureTopics, readTopicIds, type TopicSpec } from "../kafka/admin.ts";
import { type Backoff, backoffMs } from "./backoff.ts";
import { systemClock } from "./clock.ts";
import type { Logger } from "./logger.ts";
import type { Parts } from "./open-parts.ts";
import type { Settings } from "./settings.ts";
import { replayTopicOf, sagaReplayTopicOf, stateTopicOf } from "./settings/topic-names.ts";

const dayMs = 24 * 60 * 60 * 1000;

export function topicSpecs(settings: Settings): readonly TopicSpec[] {
  // The broker rewrites every batch to lz4, which each build of the native client can read: a batch in a codec
  // that librdkafka lacks would stall its partition without an error.
  const stateTopic = stateTopicOf(settings);
  const shared = { replicationFactor: settings.KAFKA_REPLICATION_FACTOR, compressionType: "lz4" } as const;
  return [
    { name: settings.KAFKA_ORDER_TOPIC, partitions: 3, retentionMs: 7 * dayMs, ...shared },
    { name: settings.KAFKA_STATUS_UPDATE_TOPIC, partitions: 3, retentionMs: 7 * dayMs, ...shared },
    { name: settings.KAFKA_DLQ_TOPIC, partitions: 1, retentionMs: 30 * dayMs, ...shared },
    { name: replayTopicOf(settings), partitions: 3, retentionMs: 30 * dayMs, ...shared },
    { name: settings.SAGA_ORDERS_TOPIC, partitions: 3, retentionMs: 7 * dayMs, ...shared },
    { name: settings.SAGA_PAYMENT_TOPIC, partitions: 3, retentionMs: 7 * dayMs, ...shared },
    { name: settings.SAGA_STOCK_TOPIC, partitions: 3, retentionMs: 7 * dayMs, ...shared },
    { name: sagaReplayTopicOf(settings), partitions: 3, retentionMs: 30 * dayMs, ...shared },
    { name: settings.SAGA_DLQ_TOPIC, partitions: 1, retentionMs: 30 * dayMs, ...shared },
    ...(stateTopic === undefined
      ? []
      : [{ name: stateTopic, partitions: 3, retentionMs: -1, cleanupPolicy: "compact", ...shared } as const]),
  ];
}

/** What cart publishes to: the only topics that it has to know. */
export function cartTopics(settings: Settings): readonly TopicSpec[] {
  const names: readonly string[] = [settings.KAFKA_ORDER_TOPIC, settings.KAFKA_STATUS_UPDATE_TOPIC];
  return topicSpecs(settings).filter(({ name }) => names.includes(name));
}

export interface TopicKeeper {
  /** Resolves with the ids of the topics when they are there; never when stopped before. */
  readonly ready: Promise<ReadonlyMap<string, string>>;
  stop(): void;
}

const retryDelay: Backoff = { firstMs: 200, maxMs: 5000 };

/**
 * Makes the topics that are missing, trying until the broker answers: a service starts also while it is away. The embedded
 * cluster has its topics from the start; their id is the cluster's life.
 */
export function keepTopics(
  { brokers, security, clusterLife }: Parts,
  settings: Settings,
  logger: Logger,
  topics: readonly TopicSpec[] = topicSpecs(settings),
): TopicKeeper {
  if (clusterLife !== undefined) {
    const ids = new Map(topics.map(({ name }) => [name, clusterLife]));
    return { ready: Promise.resolve(ids), stop: () => undefined };
  }
  const ready = Promise.withResolvers<ReadonlyMap<string, string>>();
  const admin = { brokers, security, clientId: "orderwire-admin", logger };
  let stopped = false;
  let cancelRetry: (() => void) | undefined;

  /** The sentence that says why not. */
  async function make(): Promise<string | undefined> {
    const made = await ensureTopics({ ...admin, topics });
    if (!made.ok) return made.failure.message;
    const ids = await readTopicIds({ ...admin, topics: topics.map(({ name }) => name) });
    if (!ids.ok) return ids.failure.message;
    ready.resolve(new Map([...ids.value].map(([name, id]) => [name, id.slice(0, shortIdLength)])));
    return undefined;
  }

  async function attempt(count: number): Promise<void> {
    const reason = await make();
    if (stopped || reason === undefined) return;
    if (count === 1) logger.warn("Waiting for Kafka to make the topics", { reason });
    cancelRetry = systemClock.after(backoffMs(retryDelay, count), () => void attempt(count + 1));
  }

  void attempt(1);
  return {
    ready: ready.promise,
    stop() {
      stopped = true;
      cancelRetry?.();
    },
  };
}

/** Of 32 hexadecimal digits: enough to tell a topic from its namesakes, and short in every stored order. */
const shortIdLength = 8;
