// Reads a topic once, from given offsets to its end as it stands at the call, and resolves: no group, no commits. Records
// come in order per partition; those of aborted transactions and the broker's own markers do not come at all.
//
// The end is the high watermark, not the last stable offset that a reader is stopped at: below a transaction that another
// publisher has open there may be committed records above it. So reading waits until that transaction is ended, at worst by
// its time-out. Every record that was committed before the call has been handed over when this resolves with `ok`.
import type { Logger } from "../service/logger.ts";
import {
  type ClientSettings,
  type NativeConsumer,
  type NativeError,
  type NativeMessage,
  type NativeOffset,
  connectNative,
  createNativeConsumer,
  disconnectNative,
} from "./binding.ts";
import { type ConnectionOptions, createEventListener, sharedSettings } from "./client-config.ts";
import { createPollLoop } from "./poll-loop.ts";
import { classifyRejection, errorCodes, publishFailure } from "./publish-failure.ts";
import { readRecord } from "./read-record.ts";
import { type TopicProgress, createTopicProgress } from "./read-topic-progress.ts";
import type { KafkaRecord } from "./record.ts";

export interface ReadTopicOptions extends ConnectionOptions {
  readonly topic: string;
  /**
   * By partition, where to begin. From the earliest record where none is given, where it is gone already, and also where the
   * offset is beyond the end: then this is another log than the one it was noted of.
   */
  readonly from: ReadonlyMap<number, number>;
  /** Takes the records and returns; what it throws ends the reading and is thrown on. */
  readonly onRecords: (records: readonly KafkaRecord[]) => void;
  /** Milliseconds until it is answered at the latest, default 30,000. A second more when no broker answers. */
  readonly deadlineMs?: number;
}

export interface ReadTopicFailure {
  /** `unavailable`: not read to the end in time; what was handed over is true all the same. `refused`: no such topic, no right. */
  readonly kind: "unavailable" | "refused";
  readonly code: number;
  readonly message: string;
}

export type ReadTopicOutcome =
  /** By partition, the offset to read from next: of every partition that the topic has. */
  | { readonly ok: true; readonly value: ReadonlyMap<number, number> }
  | { readonly ok: false; readonly failure: ReadTopicFailure };

const defaultDeadlineMs = 30_000;
const maxBatchSize = 1_000;
const pollIntervalMs = 50;
/** How long one question may hold a thread of the pool. */
const metadataTimeoutMs = 300;
/** A topic that was made a moment ago is not known to every broker yet. */
const topicIsUnknownForMs = 2_000;
const disconnectTimeoutMs = 1_000;
const fromEarliest = -2;

/** Rejects when librdkafka does not accept the settings, or `onRecords` throws. */
export async function readTopic(options: ReadTopicOptions): Promise<ReadTopicOutcome> {
  const expiresAtMs = performance.now() + (options.deadlineMs ?? defaultDeadlineMs);
  const native = createNativeConsumer(readerSettings(options));
  const partitionsRead = Promise.withResolvers<ReadTopicOutcome>();
  const loop = createPollLoop({
    intervalMs: pollIntervalMs,
    ask: () => native.consume(0, maxBatchSize, false, onConsumed),
    onTaskError: partitionsRead.reject,
  });
  let progress: TopicProgress | null = null;

  function onConsumed(
    error: NativeError | null,
    messages: readonly NativeMessage[] = [],
    ends: readonly NativeOffset[] = [],
  ): void {
    try {
      if (error !== null) onError(error.code);
      else take(messages, ends);
    } catch (thrown) {
      progress = null;
      partitionsRead.reject(thrown);
    }
    loop.done(messages.length + ends.length);
  }

  function onError(code: number): void {
    if (classifyRejection(code) === "refused") partitionsRead.resolve(failed("refused", code));
    else
      options.logger.warn("Kafka reports an error to the reader of a topic", { topic: options.topic, code });
  }

  function take(messages: readonly NativeMessage[], ends: readonly NativeOffset[]): void {
    if (progress === null) return;
    const records = messages.map(readRecord);
    if (records.length > 0) options.onRecords(records);
    for (const { partition, offset } of records) progress.reached(partition, offset + 1, endOf(partition));
    for (const { partition, offset } of ends) progress.reached(partition, offset, endOf(partition), true);
    if (progress.isComplete) partitionsRead.resolve({ ok: true, value: progress.nextOffsets });
  }

  /** As the broker told it with the records, which is later than the call. */
  function endOf(partition: number): number {
    const watermarks = native.getWatermarkOffsets(options.topic, partition);
    return typeof watermarks === "number" ? 0 : watermarks.highOffset;
  }

  const listener: Listener = {
    current: {
      wake: () => loop.wake(),
      fail: () => partitionsRead.resolve(failed("unavailable", errorCodes.fatal)),
    },
  };
  listen(native, options.logger, listener);
  try {
    await connectNative(native);
  } catch (error) {
    await loop.stop();
    throw error;
  }
  const timer = setTimeout(
    () => partitionsRead.resolve(timedOut(progress)),
    Math.max(0, expiresAtMs - performance.now()),
  );
  try {
    const partitions = await findPartitions(native, options.topic, expiresAtMs);
    if (!partitions.ok) return partitions;
    progress = createTopicProgress(partitions.value);
    native.assign(
      partitions.value.map((partition) => ({
        topic: options.topic,
        partition,
        offset: options.from.get(partition) ?? fromEarliest,
      })),
    );
    loop.wake();
    return await partitionsRead.promise;
  } finally {
    clearTimeout(timer);
    await loop.stop();
    native.unassign();
    await disconnectNative(native, disconnectTimeoutMs);
    listener.current = null;
  }
}

export interface Listener {
  current: { readonly wake: () => void; readonly fail: () => void } | null;
}

/**
 * Apart, because under Bun a client keeps these callbacks for ever, and with them all that they can reach: the records that
 * somebody has gathered, for instance.
 */
export function listen(native: NativeConsumer, logger: Logger, listener: Listener): void {
  native.configureCallbacks(true, {
    // Nothing is subscribed to and nothing committed, so neither is ever called.
    global: { rebalance_cb: () => undefined, offset_commit_cb: () => undefined },
    topic: {},
    event: {
      queue_non_empty_cb: () => listener.current?.wake(),
      event_cb: createEventListener(logger, {
        onStatistics: () => undefined,
        onAllBrokersDown: () => undefined,
        onFatal: () => listener.current?.fail(),
      }),
    },
  });
}

type Partitions =
  | { readonly ok: true; readonly value: readonly number[] }
  | { readonly ok: false; readonly failure: ReadTopicFailure };

/** Waits for a topic that was made a moment ago, and until `expiresAtMs` on performance.now()'s clock for a broker. */
export async function findPartitions(
  native: NativeConsumer,
  topic: string,
  expiresAtMs: number,
): Promise<Partitions> {
  const startedAtMs = performance.now();
  for (;;) {
    const asked = await askPartitions(native, topic, expiresAtMs);
    if (asked.ok && asked.value.length > 0) return asked;
    const nowMs = performance.now();
    if (asked.ok && nowMs - startedAtMs > topicIsUnknownForMs)
      return failed("refused", errorCodes.unknownTopic);
    if (nowMs >= expiresAtMs) return timedOut(null);
    await Bun.sleep(20);
  }
}

function askPartitions(native: NativeConsumer, topic: string, expiresAtMs: number): Promise<Partitions> {
  const leftMs = Math.max(1, Math.ceil(expiresAtMs - performance.now()));
  return new Promise((resolve) => {
    const question = { topic, allTopics: false, timeout: Math.min(metadataTimeoutMs, leftMs) } as const;
    native.getMetadata(question, (error, metadata) => {
      if (error !== null) resolve(failed("unavailable", error.code));
      else {
        const found = metadata?.topics.find(({ name }) => name === topic);
        resolve({ ok: true, value: found?.partitions.map(({ id }) => id) ?? [] });
      }
    });
  });
}

interface Failed {
  readonly ok: false;
  readonly failure: ReadTopicFailure;
}

function timedOut(progress: TopicProgress | null): Failed {
  const { heldUp } = progress ?? { heldUp: [] };
  const message =
    heldUp.length === 0
      ? "It was not read to its end in time; a broker does not answer, or slowly"
      : `A transaction that does not end holds its readers up: ${heldUp.map(({ partition, offset, end }) => `partition ${partition} at offset ${offset} of ${end}`).join(", ")}. kafka-transactions.sh find-hanging tells whose it is`;
  return { ok: false, failure: { kind: "unavailable", code: errorCodes.timedOut, message } };
}

function failed(kind: ReadTopicFailure["kind"], code: number): Failed {
  return { ok: false, failure: { ...publishFailure(kind, code), kind } };
}

function readerSettings(options: ReadTopicOptions): ClientSettings {
  return {
    ...sharedSettings(options),
    "queued.max.messages.kbytes": 16_384,
    "fetch.queue.backoff.ms": 20,
    "fetch.error.backoff.ms": 100,
    ...options.settings,
    // The client wants a group to be named; none is joined and nothing is committed.
    "group.id": `${options.clientId}-reads-without-group`,
    "isolation.level": "read_committed",
    "auto.offset.reset": "earliest",
    "enable.auto.commit": false,
    "enable.auto.offset.store": false,
    "enable.partition.eof": true,
    // The end is noticed by a fetch that brings nothing, after this time at the broker.
    "fetch.wait.max.ms": 10,
  };
}
