// The worker with everything it publishes to: what becomes of a record, from its topic to the store or to the DLQ topic.
import { openPublisher, type Publisher } from "../kafka/publisher.ts";
import type { TopicPartition } from "../kafka/record.ts";
import type { Codec } from "../schemas/codec.ts";
import { systemClock } from "../service/clock.ts";
import type { Closing } from "../service/closing.ts";
import type { Logger } from "../service/logger.ts";
import type { Parts } from "../service/open-parts.ts";
import type { Settings } from "../service/settings.ts";
import { replayTopicOf } from "../service/settings/topic-names.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import { createBreaker } from "./dead-letters/breaker.ts";
import { createDeadLetterOutbox } from "./dead-letters/dead-letter-outbox.ts";
import { type Failure, retryPolicies } from "./domain/verdict.ts";
import { createReplayDesk } from "./replays/replay-desk.ts";
import type { OrderTally } from "./order-tally.ts";
import type { OrderStore } from "./store/order-store.ts";
import { crashAt } from "./worker/crash-points.ts";
import { simulatedFailure } from "./worker/failures.ts";
import { partitionKey } from "./worker/partition.ts";
import { createRecordReader, eventTypeOf, type RecordReader } from "./worker/record-reader.ts";
import type { WorkItem } from "./worker/work-item.ts";
import { createWorker, type Worker } from "./worker/worker.ts";

export interface OpenWorkerOptions {
  readonly settings: Settings;
  readonly parts: Parts;
  readonly store: OrderStore;
  readonly codec: Codec;
  readonly logger: Logger;
  readonly closing: Closing;
  /** The topic's own id, known before its first partition is assigned. */
  readonly topicIdOf: (topic: string) => string;
  readonly tally: OrderTally;
  readonly tracing?: Tracing | undefined;
}

export interface OpenedWorker {
  readonly worker: Worker;
  /** What else publishes and reads as the worker does. */
  readonly publisher: Publisher;
  readonly codec: Codec;
  readonly reader: RecordReader;
  readonly simulate: (item: Pick<WorkItem, "lane" | "reading">) => Failure | undefined;
  readonly sourceOf: (partition: TopicPartition) => string;
}

// Poison comes in bursts, and each record of it is a dead letter of its own: only a long flood is a bad producer.
const undecodableFlood = { undecodableWindow: 2000, maxUndecodableShare: 0.9 };

/** Registers what it opens with `closing`. */
export async function openWorker(options: OpenWorkerOptions): Promise<OpenedWorker> {
  const { settings, parts, store, codec, logger, closing, topicIdOf, tally, tracing } = options;
  const publisher = await openPublisher({
    brokers: parts.brokers,
    security: parts.security,
    clientId: "orderwire-order",
    logger,
    onPublished: tally.publish.onPublished,
  });
  closing.add(() => publisher.close());

  // The worker and its outbox know each other: letters go one way, acknowledgements come back.
  const outbox = createDeadLetterOutbox({
    publisher,
    codec,
    topic: settings.KAFKA_DLQ_TOPIC,
    clock: systemClock,
    logger,
    onPublished: (ids) => worker.onPublished(ids),
    tracing,
  });
  closing.add(() => outbox.stop());
  const sourceOf = (partition: TopicPartition) => `${partitionKey(partition)}@${topicIdOf(partition.topic)}`;
  const replays = createReplayDesk({
    store: store.replays,
    topic: replayTopicOf(settings),
    quarantineAfter: settings.REPLAY_MAX_PER_LETTER,
    sourceOf,
    groupOf: (topic) => orderGroups(settings).get(topic),
  });
  const simulate = simulation(settings, parts);
  const reader = createRecordReader(codec, replayTopicOf(settings));
  const worker: Worker = createWorker({
    store,
    reader,
    policies: retryPolicies({
      maxRetries: settings.DLQ_MAX_RETRIES,
      backoffMs: settings.DLQ_RETRY_BACKOFF_MS,
      maxBackoffMs: settings.DLQ_MAX_BACKOFF_MS,
    }),
    simulate,
    outbox: {
      add: (records) => outbox.add(records.map((record) => replays.toDeadLetter(record))),
      forget: (sources) => outbox.forget(sources),
      get size() {
        return outbox.size;
      },
      get blockedBy() {
        return outbox.blockedBy;
      },
    },
    breaker: createBreaker(undecodableFlood),
    clock: systemClock,
    logger,
    sourceOf,
    replays,
    tally,
    tracing,
    reachCrashPoint: crashAt(settings.CRASH_AT),
  });
  closing.add(() => worker.stop());
  return { worker, publisher, codec, reader, simulate, sourceOf };
}

/** The topics with orders' events, and the group that consumes each. */
export function orderGroups(settings: Settings): ReadonlyMap<string, string> {
  return new Map([
    [settings.KAFKA_ORDER_TOPIC, settings.KAFKA_GROUP_ID],
    [settings.KAFKA_STATUS_UPDATE_TOPIC, `${settings.KAFKA_GROUP_ID}-status-updates`],
  ]);
}

const simulatedPrefix = "TEST-FAIL";

/** System A's documented switch: orders of a certain name fail, so that people can watch retries and dead letters. */
function simulation(settings: Settings, { clusterLife }: Parts): OpenedWorker["simulate"] {
  const on = settings.SIMULATED_FAILURES ?? (clusterLife === undefined ? "off" : "on");
  if (on === "off") return () => undefined;
  return ({ lane, reading: { decoded } }) =>
    lane.startsWith(simulatedPrefix)
      ? simulatedFailure(decoded === null ? null : eventTypeOf(decoded))
      : undefined;
}
