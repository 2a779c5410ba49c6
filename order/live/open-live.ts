// Everything that operators look at while it happens: the feed, the topics, the schemas, the settings; and what of it closes.
import type { LiveViews, SchemaViews, SettingsViews, TopicViews } from "../../contract/ports.ts";
import { success } from "../../contract/result.ts";
import type { TopicPartition } from "../../kafka/record.ts";
import type { PartitionLag } from "../../kafka/statistics.ts";
import { openTopicTail } from "../../kafka/tail-topic.ts";
import type { Codec } from "../../schemas/codec.ts";
import type { TopicSchema } from "../../schemas/subject-ids.ts";
import { systemClock } from "../../service/clock.ts";
import { effectiveSettings } from "../../service/effective-settings.ts";
import type { Logger } from "../../service/logger.ts";
import type { Parts } from "../../service/open-parts.ts";
import type { Settings } from "../../service/settings.ts";
import { replayTopicOf } from "../../service/settings/topic-names.ts";
import { topicSpecs } from "../../service/topics.ts";
import { indexGroupId } from "../dead-letters/open-dead-letter-indexer.ts";
import { orderGroups } from "../open-worker.ts";
import type { OrderTally } from "../order-tally.ts";
import type { OrderStore } from "../store/order-store.ts";
import type { IndexedDeadLetter } from "../store/dead-letter-index.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { partitionKey } from "../worker/partition.ts";
import type { StallWatch } from "../worker/stall-watch.ts";
import type { Worker } from "../worker/worker.ts";
import { readFlowTotals } from "./flow-totals.ts";
import { createLiveFeed } from "./live-feed.ts";
import { createSchemaViews } from "./schema-views.ts";
import { tellRecord } from "./tell-record.ts";
import { createTopicTails } from "./topic-tails.ts";
import { createTopicViews, type WatchedTopic } from "./topic-views.ts";

export interface OpenLiveOptions {
  readonly settings: Settings;
  readonly parts: Parts;
  readonly store: OrderStore;
  readonly codec: Codec;
  readonly subjects: readonly TopicSchema[];
  readonly worker: Pick<Worker, "waiting">;
  readonly isPaused: (partition: TopicPartition) => boolean;
  /** Of every partition that this instance has. */
  readonly lag: () => readonly PartitionLag[];
  /** Of those whose records become effects: without those of the dead letters' index. */
  readonly consumedLag: () => readonly PartitionLag[];
  readonly stalls: Pick<StallWatch, "stalled">;
  readonly tally: OrderTally;
  /** Names the stream that a partition's offsets belong to; undefined until the broker has told. */
  readonly sourceOf: (partition: TopicPartition) => string | undefined;
  readonly instance: string;
  readonly logger: Logger;
}

export interface OpenLive {
  readonly live: LiveViews;
  readonly topics: TopicViews;
  readonly schemas: SchemaViews;
  readonly settings: SettingsViews;
  /** Letters that have just been indexed. */
  noteLetters(letters: readonly IndexedDeadLetter[]): void;
  /** Ends every stream. */
  close(): Promise<void>;
}

export function openLive(options: OpenLiveOptions): OpenLive {
  const { settings, parts, store, codec, subjects, worker, stalls, instance, logger } = options;
  const { lag, isPaused, tally, sourceOf } = options;
  const countedTopics = new Set([...orderGroups(settings).keys(), replayTopicOf(settings)]);
  const feed = createLiveFeed({
    store,
    dlqTopics: [settings.KAFKA_DLQ_TOPIC, settings.SAGA_DLQ_TOPIC],
    clock: systemClock,
    instance,
    life: newLife(),
    totals: () => readFlowTotals(tally),
    lag: options.consumedLag,
    isCounted: (topic) => countedTopics.has(topic),
    onSurprise: (error) => logger.error("The live feed missed a beat", { cause: String(error) }),
  });
  const tails = createTopicTails({
    openTail: (tail) =>
      openTopicTail({
        brokers: parts.brokers,
        security: parts.security,
        clientId: "orderwire-tail",
        logger,
        settings: parts.consumerSettings,
        ...tail,
      }),
    tell: (record) => tellRecord(codec, record),
    clock: systemClock,
    newLife,
  });
  const effective = effectiveSettings(settings);

  /** What the store cannot tell now is not known. */
  async function progress(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    const sources = new Map<string, string>();
    for (const partition of partitions) {
      const source = sourceOf(partition);
      if (source !== undefined) sources.set(source, partitionKey(partition));
    }
    try {
      const offsets = await store.readProgress([...sources.keys()]);
      return new Map([...offsets].map(([source, offset]) => [sources.get(source) ?? source, offset]));
    } catch (error) {
      if (error instanceof StoreUnavailable) return new Map();
      throw error;
    }
  }

  return {
    live: {
      now: async () => success(feed.now()),
      history: async (query) => success(feed.history(query)),
      events: (request) => feed.events(request),
    },
    topics: createTopicViews({
      instance,
      topics: watchedTopics(settings),
      lag,
      isPaused,
      stalled: () => stalls.stalled,
      waiting: (partition) => worker.waiting(partition),
      progress,
      tails,
    }),
    schemas: createSchemaViews({ registry: parts.registry, subjects }),
    settings: { effective: async () => success({ settings: effective.map((setting) => ({ ...setting })) }) },
    noteLetters: (letters) => feed.noteLetters(letters),
    close() {
      feed.close();
      return tails.close();
    },
  };
}

function newLife(): string {
  return crypto.randomUUID().slice(0, 8);
}

function watchedTopics(settings: Settings): readonly WatchedTopic[] {
  const groups = orderGroups(settings);
  const indexGroup = indexGroupId(settings.KAFKA_GROUP_ID);
  const sagaGroup = `${settings.KAFKA_GROUP_ID}-saga`;
  const partitions = new Map(topicSpecs(settings).map((spec) => [spec.name, spec.partitions]));
  const rows: readonly (readonly [topic: string, about: string, group: string | null])[] = [
    [
      settings.KAFKA_ORDER_TOPIC,
      "creations, and system B's updates",
      groups.get(settings.KAFKA_ORDER_TOPIC) ?? null,
    ],
    [
      settings.KAFKA_STATUS_UPDATE_TOPIC,
      "system A's status updates",
      groups.get(settings.KAFKA_STATUS_UPDATE_TOPIC) ?? null,
    ],
    [settings.KAFKA_DLQ_TOPIC, "dead letters of systems A and B", indexGroup],
    [replayTopicOf(settings), "replays of dead letters", `${settings.KAFKA_GROUP_ID}-replays`],
    [settings.SAGA_ORDERS_TOPIC, "system C's orders and their results", null],
    [settings.SAGA_PAYMENT_TOPIC, "payment's decisions", sagaGroup],
    [settings.SAGA_STOCK_TOPIC, "stock's decisions", sagaGroup],
    [settings.SAGA_DLQ_TOPIC, "dead letters of system C's decisions", indexGroup],
  ];
  return rows.map(([topic, about, consumerGroup]) => ({
    topic,
    about,
    consumerGroup,
    partitions: partitions.get(topic) ?? 1,
  }));
}
