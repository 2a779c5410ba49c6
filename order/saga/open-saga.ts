// System C's moving parts, in the order in which they open: the outbox, the worker and its consumer group, the deadlines, and
// the command that places orders.
import type { SagaCommands } from "../../contract/ports.ts";
import { openTransactionalPublisher } from "../../kafka/transactional-publisher.ts";
import { readTopic } from "../../kafka/read-topic.ts";
import type { Codec } from "../../schemas/codec.ts";
import { systemClock } from "../../service/clock.ts";
import type { Closing } from "../../service/closing.ts";
import type { Logger } from "../../service/logger.ts";
import type { Parts } from "../../service/open-parts.ts";
import type { Settings } from "../../service/settings.ts";
import { type ConsumerGroup, type ConsumerGroupOptions, openConsumerGroup } from "../consumer-group.ts";
import type { OrderStore } from "../store/order-store.ts";
import { crashAt } from "../worker/crash-points.ts";
import { partitionKey } from "../worker/partition.ts";
import type { Catalog } from "./catalog/catalog.ts";
import { createDeadlineWatch } from "./deadline-watch.ts";
import { createDecisionReader } from "./decision-reader.ts";
import { createOrderPlacer } from "./order-placer.ts";
import { createSagaCommands } from "./place-order.ts";
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
  readonly store: Pick<OrderStore, "sagas" | "readProgress">;
  readonly codec: Codec;
  readonly catalog: Pick<Catalog, "lookUp">;
  readonly logger: Logger;
  readonly closing: Closing;
  /** The topic's own id, known before its first partition is assigned. */
  readonly topicIdOf: (topic: string) => string;
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
  readonly worker: Pick<SagaWorker, "isPaused" | "owns" | "skipTo">;
  /** When the topics are there; once. Answers the consumer group, which the caller closes before `closing` runs. */
  start(
    consumer: (topics: readonly string[], groupId: string) => ConsumerGroupOptions["consumer"],
  ): Promise<ConsumerGroup>;
}

/** Unread records beyond which no decision expires; less is read in a fraction of a second. */
const lagOfPatience = 2000;

/** Registers what it opens with `closing`. */
export function openSaga(options: OpenSagaOptions): OpenSaga {
  const { settings, parts, codec, catalog, logger, closing, topicIdOf, instanceId } = options;
  const { sagas: store } = options.store;
  const { SAGA_ORDERS_TOPIC: ordersTopic, SAGA_DLQ_TOPIC: dlqTopic, SAGA_JOIN_WINDOW: windowMs } = settings;
  const decisionTopics = { payment: settings.SAGA_PAYMENT_TOPIC, stock: settings.SAGA_STOCK_TOPIC };
  const reachCrashPoint = crashAt(settings.CRASH_AT);
  const kafka = { brokers: parts.brokers, clientId: "orderwire-saga", logger };
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

  const reader = createDecisionReader(codec, decisionTopics);
  const writer = createSagaWriter({
    store,
    messages: createSagaMessages({ codec, reader, ordersTopic, dlqTopic }),
    outbox,
    clock,
  });
  let group: ConsumerGroup | undefined;
  const isBehind = () => (group?.lag() ?? []).reduce((sum, { lag }) => sum + (lag ?? 0), 0) > lagOfPatience;
  const deadlines = createDeadlineWatch({ store, writer, isBehind, clock, logger });
  closing.add(() => deadlines.stop());
  const worker = createSagaWorker({
    store,
    readProgress: (sources) => options.store.readProgress(sources),
    reader,
    writer,
    windowMs,
    clock,
    logger,
    sourceOf: (partition) => `${partitionKey(partition)}@${topicIdOf(partition.topic)}`,
    onSaved: (sagas) => deadlines.note(sagas),
    reachCrashPoint,
  });
  closing.add(() => worker.stop());
  const placer = createOrderPlacer({ store, writer, outbox, windowMs, clock });
  closing.add(() => placer.stop());
  const retention = createKeyRetention({ store, clock });
  closing.add(() => retention.stop());

  return {
    commands: createSagaCommands({ catalog, store, placer, clock }),
    worker,
    get state() {
      return { waitingFor: worker.waitingFor, blockedBy: outbox.blockedBy };
    },
    async start(consumer) {
      await outbox.start();
      deadlines.start();
      retention.start();
      const groupId = `${settings.KAFKA_GROUP_ID}-saga`;
      group = await openConsumerGroup({
        join: (source) => worker.join(groupId, source),
        clock,
        consumer: consumer([decisionTopics.payment, decisionTopics.stock], groupId),
      });
      return group;
    },
  };
}
