// Makes the index anew from the DLQ topics: clears it, then adds everything that lies on them, up to the ends that they had
// after the clearing. What comes later is the running services' to add, so both together miss nothing, and what both
// add is one row.
//
// Reads as a group of its own that commits nothing: the broker forgets such a group when its only member has left.
import { randomUUID } from "node:crypto";
import { failed, type Result, success } from "../../contract/result.ts";
import { type Consumer, type ConsumerOptions, openConsumer } from "../../kafka/consumer.ts";
import type { TopicPartition } from "../../kafka/record.ts";
import type { Codec } from "../../schemas/codec.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import { positionKey } from "../feed/feed.ts";
import type { DeadLetterIndex } from "../store/dead-letter-index.ts";
import { createDeadLetterIndexer, type DeadLetterIndexer } from "./dead-letter-indexer.ts";

export interface RebuildOptions {
  readonly index: Pick<DeadLetterIndex, "add" | "clear">;
  /** With `[topic, "DeadLetter"]` among its subjects, for each of the topics. */
  readonly codec: Pick<Codec, "decode" | "resolve">;
  /** All DLQ topics: what lies on another one is not in the index afterwards. */
  readonly topics: readonly string[];
  readonly consumer: Omit<ConsumerOptions, "handlers" | "groupId" | "topics" | "logger">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long the broker may take to hand over the topics' partitions; nothing is cleared before. Default 30 s. */
  readonly joinTimeoutMs?: number;
  /** How long the last offsets may bring nothing until they count as holes; default 10 s. */
  readonly holeTimeoutMs?: number;
}

export interface RebuildReport {
  /** Letters that the index was given, copies included. */
  readonly added: number;
  /** Records that could not be read. */
  readonly skipped: number;
  /** Offsets before the end that brought no record: markers of transactions, most likely. */
  readonly holes: number;
}

const lookEveryMs = 50;

/** Rejects when the store is away before the reading begins; the failure is one sentence, and then nothing was cleared. */
export async function rebuildIndex(options: RebuildOptions): Promise<Result<RebuildReport, string>> {
  const { index, topics, clock, logger, joinTimeoutMs = 30_000, holeTimeoutMs = 10_000 } = options;
  const indexer = createDeadLetterIndexer(options);
  const received = new Set<string>();
  let isCleared = false;
  let failure: string | undefined;
  let consumer: Consumer | undefined;
  const current = (): Consumer => {
    if (consumer === undefined) throw new Error("the consumer of the rebuild is not open");
    return consumer;
  };
  const sink = indexer.join(() => ({
    pause: (partitions) => current().pause(partitions),
    resume: (partitions) => current().resume(partitions),
    commit: () => Promise.resolve({ ok: true }),
  }));
  consumer = await openConsumer({
    ...options.consumer,
    logger,
    groupId: `${topics.join("-")}-rebuild-${randomUUID()}`,
    topics: [...topics],
    handlers: {
      ...sink,
      onAssigned(partitions) {
        sink.onAssigned(partitions);
        // Before the first fetch: the end that is looked at later must be the one after the clearing.
        if (!isCleared) current().pause(partitions);
      },
      onRecords(records) {
        for (const record of records) received.add(positionKey(record));
        sink.onRecords(records);
      },
      onFailed(message) {
        failure = message;
      },
    },
  });
  try {
    const giveUpAtMs = clock.nowMs() + joinTimeoutMs;
    for (;;) {
      const missing = missingIn(topics, consumer.assignment);
      if (missing === undefined) break;
      if (clock.nowMs() > giveUpAtMs || failure !== undefined) {
        return failed(
          failure ?? `Nothing could be read of ${missing}: no broker answers, or the topic does not exist.`,
        );
      }
      await wait(clock, lookEveryMs);
    }
    await index.clear();
    isCleared = true;
    consumer.resume(consumer.assignment);
    const progress = createProgress(consumer, indexer, received);
    let [left, idleSinceMs] = [Number.POSITIVE_INFINITY, clock.nowMs()];
    for (;;) {
      const now = progress.left();
      if (now < left || !consumer.running || !progress.isDrained()) idleSinceMs = clock.nowMs();
      left = now;
      if (left === 0 || (Number.isFinite(left) && clock.nowMs() - idleSinceMs > holeTimeoutMs)) break;
      if (failure !== undefined) return failed(`${failure} The index is incomplete: run this again.`);
      await wait(clock, lookEveryMs);
    }
    return success({ added: indexer.added, skipped: indexer.skipped, holes: left });
  } finally {
    await consumer.close();
    indexer.stop();
  }
}

/** A topic of which no partition is assigned. */
function missingIn(topics: readonly string[], assignment: readonly TopicPartition[]): string | undefined {
  return topics.find((topic) => !assignment.some((assigned) => assigned.topic === topic));
}

/** How far the partitions are read, of what they had when they were first looked at. */
function createProgress(consumer: Consumer, indexer: DeadLetterIndexer, received: ReadonlySet<string>) {
  const ends = new Map<string, number>();
  return {
    /** Offsets before the end that are not in the index; infinity while some end is not known. */
    left(): number {
      let sum = 0;
      for (const { topic, partition, highWatermark, nextOffset } of consumer.lag()) {
        const key = positionKey({ topic, partition });
        const end = ends.get(key) ?? highWatermark;
        if (end === null) return Number.POSITIVE_INFINITY;
        ends.set(key, end);
        // Before the first record only the fetcher has a position, behind what retention has deleted.
        const position = received.has(key) ? indexer.positions.get(key) : nextOffset;
        sum += Math.max(0, end - (position ?? 0));
      }
      return sum;
    },
    /** Whether everything that was received is in the index. */
    isDrained: () => indexer.waitingFor === undefined && indexer.waiting === 0,
  };
}

function wait(clock: Clock, durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(durationMs, resolve);
  });
}
