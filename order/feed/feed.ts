// Takes a group's records to whoever works them off, in batches, and commits last. Whatever stops in between, what was not
// committed is delivered again: every record is worked off at least once, those of a partition in their order.
import type { KafkaRecord, TopicPartition } from "../../kafka/record.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { RecordSink, RecordSource } from "../consumer-group.ts";
import { createFeedInbox, type FeedPartition, type ReceivedRecord } from "./feed-inbox.ts";
import { createPositionCommitter } from "./position-committer.ts";

/**
 * Resolves with true when each of the records is done with; with false when `isWanted` has become false. Called with one
 * batch at a time; whatever it waits for, it waits patiently.
 */
export type WorkOff = (records: readonly KafkaRecord[], isWanted: () => boolean) => Promise<boolean>;

export interface Feed {
  /** Which sink the consumer has; for one consumer, whatever topics it reads. */
  join(source: () => RecordSource): RecordSink;
  /** Records that were received and are not done with. */
  readonly waiting: number;
  /** By `positionKey`, the offset after the last record that is done with. */
  readonly positions: ReadonlyMap<string, number>;
  /** Ends what waits. Close the consumer first: that commits. */
  stop(): void;
}

export interface FeedOptions {
  readonly workOff: WorkOff;
  /** What is wanted may have changed: whoever waits in `workOff` asks `isWanted` again. */
  readonly look: () => void;
  /** What is fed, for the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Records of one batch; default 500. */
  readonly maxBatchSize?: number;
  /** Their bytes; default 4 MiB. */
  readonly maxBatchBytes?: number;
  /** Bytes in memory at which the consumer pauses, until half of it is left; default 16 MiB. */
  readonly maxInboxBytes?: number;
}

export function positionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

export function createFeed(options: FeedOptions): Feed {
  const { workOff, look, name, clock, logger } = options;
  const { maxBatchSize = 500, maxBatchBytes = 4 * 1024 * 1024, maxInboxBytes = 16 * 1024 * 1024 } = options;
  const positions = new Map<string, number>();
  const inbox = createFeedInbox();
  let inBatch = 0;
  let stopped = false;

  function join(source: () => RecordSource): RecordSink {
    const assigned = new Map<string, FeedPartition>();
    const committer = createPositionCommitter({
      commit: (offsets) => source().commit(offsets),
      name,
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
        const working = workOffBatch(batch);
        batchEnd = working;
        await working;
        inBatch = 0;
        resumeWhenRelieved();
      }
      isWorking = false;
    }

    async function workOffBatch(batch: readonly ReceivedRecord[]): Promise<void> {
      const records = batch.map(({ record }) => record);
      const isWanted = () => !stopped && batch.some(({ partition }) => partition.state === "ours");
      if (!(await workOff(records, isWanted))) return;
      const moved = new Set<FeedPartition>();
      for (const { partition, record } of batch) {
        partition.nextOffset = record.offset + 1;
        positions.set(positionKey(partition), record.offset + 1);
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

    function letGo(partitions: readonly TopicPartition[], state: "finishing" | "gone"): FeedPartition[] {
      const left: FeedPartition[] = [];
      for (const partition of partitions) {
        const key = positionKey(partition);
        const found = assigned.get(key);
        if (found === undefined) continue;
        found.state = state;
        assigned.delete(key);
        left.push(found);
      }
      inbox.dropForeign();
      resumeWhenRelieved();
      look();
      return left;
    }

    return {
      onAssigned(partitions) {
        // Those of a consumer that has failed come again without a word.
        letGo(partitions, "gone");
        for (const { topic, partition } of partitions) {
          const taken: FeedPartition = { topic, partition, state: "ours", nextOffset: undefined };
          assigned.set(positionKey(taken), taken);
        }
        if (isPaused) source().pause(partitions);
      },
      onRecords(records) {
        for (const record of records) {
          const partition = assigned.get(positionKey(record));
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
    get waiting() {
      return inBatch + inbox.size;
    },
    positions,
    stop() {
      stopped = true;
      look();
    },
  };
}
