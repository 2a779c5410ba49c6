// System C's moving parts, in the order in which they open: the outbox, the worker and its consumer group, the deadlines, and
// the command that places orders.
import type { SagaCommands } from "../../contract/ports.ts";
import type { TopicPartition } from "../../kafka/record.ts";
import { openTransactionalPublisher } from "../../kafka/transactional-publisher.ts";
import { readTopic } from "../../kafka/read-topic.ts";
import type { Codec } from "../../schemas/codec.ts";
import { systemClock } from "../../service/clock.ts";
import type { Closing } from "../../service/closing.ts";
import type { Logger } from "../../service/logger.ts";
import type { Parts } from "../../service/open-parts.ts";
import type { Settings } from "../../service/settings.ts";
import { sagaReplayTopicOf } from "../../service/settings/topic-names.ts";
import type { Tracing } from "../../telemetry/tracing.ts";
import { type ConsumerGroup, type ConsumerGroupOptions, openConsumerGroup } from "../consumer-group.ts";
import { createReplayDesk } from "../replays/replay-desk.ts";
import type { OrderStore } from "../store/order-store.ts";
import { crashAt } from "../worker/crash-points.ts";
import { partitionKey } from "../worker/partition.ts";
import type { Catalog } from "./catalog/catalog.ts";
import type { SagaCounters } from "./count-evolution.ts";
import { createDeadlineWatch } from "./deadline-watch.ts";
import { createDecisionReader, type DecisionReader } from "./decision-reader.ts";
import { createOrderPlacer } from "./order-placer.ts";
import { createSagaCommands } from "./place-order.ts";
import type { ReplayOf } from "./evolution.ts";
import { createKeyRetention } from "./key-retention.ts";
import { createReadBack } from "./read-back.ts";
import { createSagaMessages } from "./saga-messages.ts";
import { createSagaOutbox } from "./saga-outbox.ts";
import { createSagaWorker, type SagaWorker } from "./saga-worker.ts";
import { createSagaWriter } from "./saga-writer.ts";
import { createLetterShrinker } from "./shrink-letter.ts";

export interface OpenSagaOptions {
  readonly settings: Settings;
  readonly parts: Parts;
  readonly store: Pick<OrderStore, "sagas" | "readProgress" | "replays">;
  readonly codec: Codec;
  readonly catalog: Pick<Catalog, "lookUp">;
  readonly logger: Logger;
  readonly closing: Closing;
  /** The topic's own id, known before its first partition is assigned. */
  readonly topicIdOf: (topic: string) => string;
  readonly tally: SagaCounters;
  readonly tracing: Tracing | undefined;
  /** Names this instance's outbox: different for each instance, and the same after its restart. */
  readonly instanceId: string;
}

export interface SagaState {
  /** What nothing can be settled without, and is away: the store, the registry. */
  readonly waitingFor: string | undefined;
  /** Why nothing can be published now, in a few words. */
  readonly blockedBy: string | undefined;
}

export interface OpenSaga {
  readonly commands: SagaCommands;
  readonly state: SagaState;
  /** Reads decisions as the worker does. */
  readonly reader: DecisionReader;
  readonly worker: Pick<SagaWorker, "isPaused" | "owns" | "skipTo">;
  /** When the topics are there; once. Answers the consumer group, which the caller closes before `closing` runs. */
  start(
    consumer: (topics: readonly string[], groupId: string) => ConsumerGroupOptions["consumer"],
  ): Promise<ConsumerGroup>;
}

/** Unread records beyond which no decision expires; less is read in a fraction of a second. */
const lagOfPatience = 2000;

/**
 * Decisions are small, and a megabyte of compressed ones, the usual fetch of a partition, is tens of thousands. With little of each
 * partition at a time both sides come side by side, and what is fetched ahead takes little memory.
 */
const smallFetches = {
  "max.partition.fetch.bytes": 131_072,
  "queued.max.messages.kbytes": 2048,
} as const;

/** Registers what it opens with `closing`. */
export function openSaga(options: OpenSagaOptions): OpenSaga {
  const { settings, parts, codec, catalog, logger, closing, topicIdOf, instanceId } = options;
  const { sagas: store } = options.store;
  const { SAGA_ORDERS_TOPIC: ordersTopic, SAGA_DLQ_TOPIC: dlqTopic, SAGA_JOIN_WINDOW: windowMs } = settings;
  const decisionTopics = { payment: settings.SAGA_PAYMENT_TOPIC, stock: settings.SAGA_STOCK_TOPIC };
  const reachCrashPoint = crashAt(settings.CRASH_AT);
  const kafka = {
    brokers: parts.brokers,
    security: parts.security,
    clientId: "orderwire-saga",
    logger,
  };
  const clock = systemClock;

  const outbox = createSagaOutbox({
    id: instanceId,
    store,
    openPublisher: (outboxId) =>
      openTransactionalPublisher({
        ...kafka,
        transactionalId: `${settings.KAFKA_GROUP_ID}-saga-outbox-${outboxId}`,
      }),
    readBack: createReadBack([ordersTopic, dlqTopic], (topic) =>
      readTopic({ ...kafka, ...topic, settings: parts.consumerSettings }),
    ),
    shrink: createLetterShrinker(codec, dlqTopic),
    clock,
    logger,
    reachCrashPoint,
  });
  closing.add(() => outbox.stop());

  const sourceOf = (partition: TopicPartition) => `${partitionKey(partition)}@${topicIdOf(partition.topic)}`;
  const groupId = `${settings.KAFKA_GROUP_ID}-saga`;
  const replayTopic = sagaReplayTopicOf(settings);
  const replays = createReplayDesk({
    store: options.store.replays,
    topic: replayTopic,
    quarantineAfter: settings.REPLAY_MAX_PER_LETTER,
    sourceOf,
    groupOf: (topic) => (Object.values(decisionTopics).includes(topic) ? groupId : undefined),
  });
  const replayOf: ReplayOf = (original) => replays.lineageOf(original);
  const reader = createDecisionReader(codec, decisionTopics, replayTopic);
  const writer = createSagaWriter({
    store,
    messages: createSagaMessages({ codec, reader, replays, ordersTopic, dlqTopic }),
    quarantineAfter: settings.REPLAY_MAX_PER_LETTER,
    outbox,
    clock,
    tally: options.tally,
  });
  let group: ConsumerGroup | undefined;
  const isBehind = () => (group?.lag() ?? []).reduce((sum, { lag }) => sum + (lag ?? 0), 0) > lagOfPatience;
  const deadlines = createDeadlineWatch({ store, writer, isBehind, replayOf, clock, logger });
  closing.add(() => deadlines.stop());
  const worker = createSagaWorker({
    store,
    readProgress: (sources) => options.store.readProgress(sources),
    reader,
    writer,
    windowMs,
    clock,
    logger,
    sourceOf,
    replays,
    onSaved: (sagas) => deadlines.note(sagas),
    tracing: options.tracing,
    reachCrashPoint,
  });
  closing.add(() => worker.stop());
  const placer = createOrderPlacer({ store, writer, outbox, windowMs, replayOf, clock });
  closing.add(() => placer.stop());
  const retention = createKeyRetention({ store, clock });
  closing.add(() => retention.stop());

  return {
    commands: createSagaCommands({ catalog, store, placer, clock }),
    worker,
    reader,
    get state() {
      return { waitingFor: worker.waitingFor, blockedBy: outbox.blockedBy };
    },
    async start(consumer) {
      await outbox.start();
      deadlines.start();
      retention.start();
      const given = consumer([decisionTopics.payment, decisionTopics.stock, replayTopic], groupId);
      group = await openConsumerGroup({
        join: (source) => worker.join(groupId, source),
        clock,
        consumer: { ...given, settings: { ...smallFetches, ...given.settings } },
      });
      return group;
    },
  };
}
