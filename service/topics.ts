// The topics that the services make at start-up, and what they promise; broker auto-creation is never relied on.
import { ensureTopics, type TopicSpec } from "../kafka/admin.ts";
import { type Backoff, backoffMs } from "./backoff.ts";
import { systemClock } from "./clock.ts";
import type { Logger } from "./logger.ts";
import type { Settings } from "./settings.ts";

const dayMs = 24 * 60 * 60 * 1000;

export function topicSpecs(settings: Settings): readonly TopicSpec[] {
  // The broker rewrites every batch to lz4, which each build of the native client can read: a batch in a codec
  // that librdkafka lacks would stall its partition without an error.
  const shared = { replicationFactor: settings.KAFKA_REPLICATION_FACTOR, compressionType: "lz4" } as const;
  return [
    { name: settings.KAFKA_ORDER_TOPIC, partitions: 3, retentionMs: 7 * dayMs, ...shared },
    { name: settings.KAFKA_STATUS_UPDATE_TOPIC, partitions: 3, retentionMs: 7 * dayMs, ...shared },
    { name: settings.KAFKA_DLQ_TOPIC, partitions: 1, retentionMs: 30 * dayMs, ...shared },
  ];
}

export interface TopicKeeper {
  /** Resolves when the topics are there; never when stopped before. */
  readonly ready: Promise<void>;
  stop(): void;
}

const retryDelay: Backoff = { firstMs: 200, maxMs: 5000 };

/** Makes the topics that are missing, trying until the broker answers: a service starts also while it is away. */
export function keepTopics(brokers: string, settings: Settings, logger: Logger): TopicKeeper {
  const ready = Promise.withResolvers<void>();
  let stopped = false;
  let cancelRetry: (() => void) | undefined;

  async function attempt(count: number): Promise<void> {
    const outcome = await ensureTopics({
      brokers,
      clientId: "orderwire-admin",
      topics: topicSpecs(settings),
      logger,
    });
    if (stopped) return;
    if (outcome.ok) {
      ready.resolve();
      return;
    }
    if (count === 1) logger.warn("Waiting for Kafka to make the topics", { reason: outcome.failure.message });
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
