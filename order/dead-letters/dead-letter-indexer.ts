// Feeds the index from the DLQ topic: read, add, and commit last. Whatever stops in between, what was not committed is read
// again, and a copy changes nothing, so the index has each letter of the topic once.
import type { TopicPartition } from "../../kafka/record.ts";
import type { Codec } from "../../schemas/codec.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { RecordSink, RecordSource } from "../consumer-group.ts";
import type { DeadLetterIndex } from "../store/dead-letter-index.ts";
import { createLetterAdder } from "./letter-adder.ts";
import { createLetterInbox, type ReadPartition, type ReceivedLetter } from "./letter-inbox.ts";
import { createLetterReader } from "./letter-reader.ts";
import { createPositionCommitter } from "./position-committer.ts";

export interface DeadLetterIndexer {
  /** Which sink the consumer of the DLQ topic has; for one consumer. */
  join(source: () => RecordSource): RecordSink;
  /** What everything waits for; undefined while letters are being added. */
  readonly waitingFor: string | undefined;
  /** Letters that the index has taken since the start, copies included. */
  readonly added: number;
  /** Records that were passed over since the start. */
  readonly skipped: number;
  /** Records that were received and are neither in the index nor passed over yet. */
  readonly waiting: number;
  /** By partition, the offset after the last record that is in the index or passed over. */
  readonly positions: ReadonlyMap<number, number>;
  /** Ends what waits. Close the consumer first: that commits. */
  stop(): void;
}

export interface DeadLetterIndexerOptions {
  readonly index: Pick<DeadLetterIndex, "add">;
  /** With `[topic, "DeadLetter"]` among its subjects. */
  readonly codec: Pick<Codec, "decode" | "resolve">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Part of the letters' ids on the embedded cluster: see `DeadLetterRecordPlace`. */
  readonly clusterLife?: string | undefined;
  /** Letters of one transaction; default 500. */
  readonly maxBatchSize?: number;
  /** Their bytes; default 4 MiB. */
  readonly maxBatchBytes?: number;
  /** Bytes in memory at which the consumer pauses, until half of it is left; default 16 MiB. */
  readonly maxInboxBytes?: number;
}

export function createDeadLetterIndexer(options: DeadLetterIndexerOptions): DeadLetterIndexer {
  const { index, codec, clusterLife, clock, logger } = options;
  const { maxBatchSize = 500, maxBatchBytes = 4 * 1024 * 1024, maxInboxBytes = 16 * 1024 * 1024 } = options;
  const adder = createLetterAdder({ index, reader: createLetterReader(codec, clusterLife), clock, logger });
  const positions = new Map<number, number>();
  const inbox = createLetterInbox();
  let inBatch = 0;
  let stopped = false;

  function join(source: () => RecordSource): RecordSink {
    const assigned = new Map<number, ReadPartition>();
    const committer = createPositionCommitter({
      commit: (offsets) => source().commit(offsets),
      clock,
      logger,
    });
    let isWorking = false;
    let batchEnd: Promise<void> = Promise.resolve();
    let isPaused = false;

    async function work(): Promise<void> {
      if (isWorking) return;
      isWorking = true;
      while (!stopped && inbox.size > 0) {
        const batch = inbox.take(maxBatchSize, maxBatchBytes);
        inBatch = batch.length;
        const adding = addBatch(batch);
        batchEnd = adding;
        await adding;
        inBatch = 0;
        resumeWhenRelieved();
      }
      isWorking = false;
    }

    async function addBatch(batch: readonly ReceivedLetter[]): Promise<void> {
      const records = batch.map(({ record }) => record);
      const isWanted = () => !stopped && batch.some(({ partition }) => partition.state === "ours");
      if (!(await adder.add(records, isWanted))) return;
      const moved = new Set<ReadPartition>();
      for (const { partition, record } of batch) {
        partition.nextOffset = record.offset + 1;
        positions.set(partition.partition, record.offset + 1);
        moved.add(partition);
      }
      committer.request(moved);
    }

    function pauseWhenFull(): void {
      if (isPaused || inbox.bytes <= maxInboxBytes) return;
      isPaused = true;
      source().pause([...assigned.values()]);
    }

    function resumeWhenRelieved(): void {
      if (!isPaused || inbox.bytes > maxInboxBytes / 2) return;
      isPaused = false;
      if (assigned.size > 0) source().resume([...assigned.values()]);
    }

    function letGo(partitions: readonly TopicPartition[], state: "finishing" | "gone"): ReadPartition[] {
      const left: ReadPartition[] = [];
      for (const { partition } of partitions) {
        const found = assigned.get(partition);
        if (found === undefined) continue;
        found.state = state;
        assigned.delete(partition);
        left.push(found);
      }
      inbox.dropForeign();
      resumeWhenRelieved();
      adder.look();
      return left;
    }

    return {
      onAssigned(partitions) {
        // Those of a consumer that has failed come again without a word.
        letGo(partitions, "gone");
        for (const { topic, partition } of partitions) {
          assigned.set(partition, { topic, partition, state: "ours", nextOffset: undefined });
        }
        if (isPaused) source().pause(partitions);
      },
      onRecords(records) {
        for (const record of records) {
          const partition = assigned.get(record.partition);
          if (partition !== undefined) inbox.add({ partition, record });
        }
        pauseWhenFull();
        void work();
      },
      async onRevoked(partitions) {
        const left = letGo(partitions, "finishing");
        await batchEnd;
        await committer.flush();
        for (const partition of left) partition.state = "gone";
      },
      onLost(partitions) {
        letGo(partitions, "gone");
      },
    };
  }

  return {
    join,
    get waitingFor() {
      return adder.waitingFor;
    },
    get added() {
      return adder.added;
    },
    get skipped() {
      return adder.skipped;
    },
    get waiting() {
      return inBatch + inbox.size;
    },
    positions,
    stop() {
      stopped = true;
      adder.look();
    },
  };
}
