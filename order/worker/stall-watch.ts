// Notices a partition that stands still: records to read, nothing paused, a running consumer, and no progress. A batch that
// librdkafka cannot read (a codec that it lacks, a broken checksum) stops its partition without any error, and heartbeats
// go on as if all were well.
import type { PartitionLag } from "../../kafka/statistics.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";

export interface StalledPartition {
  readonly topic: string;
  readonly partition: number;
  /** Of the record that is not read. */
  readonly offset: number;
  /** Of the next record to be written. */
  readonly endOffset: number;
}

export interface StallWatch {
  readonly stalled: readonly StalledPartition[];
  /** Looks once; called by itself every few seconds. */
  look(): void;
  stop(): void;
}

export interface StallWatchOptions {
  /** Of all groups whose consumer runs. */
  readonly lag: () => readonly PartitionLag[];
  readonly isPaused: (partition: { readonly topic: string; readonly partition: number }) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Without progress for this long is a stall. Default: 30 s. */
  readonly stallMs?: number;
}

const lookIntervalMs = 5000;

export function watchStalls({
  lag,
  isPaused,
  clock,
  logger,
  stallMs = 30_000,
}: StallWatchOptions): StallWatch {
  /** Where a partition with lag was seen first at its present position. */
  const seen = new Map<string, { readonly offset: number; readonly sinceMs: number; told: boolean }>();
  let stalled: readonly StalledPartition[] = [];
  let cancel: (() => void) | undefined;

  function look(): void {
    const nowMs = clock.nowMs();
    const present = new Set<string>();
    const found: StalledPartition[] = [];
    for (const { topic, partition, nextOffset, lag: records } of lag()) {
      const key = `${topic}/${partition}`;
      if (nextOffset === null || records === null || records === 0 || isPaused({ topic, partition }))
        continue;
      present.add(key);
      const before = seen.get(key);
      if (before?.offset !== nextOffset) {
        seen.set(key, { offset: nextOffset, sinceMs: nowMs, told: false });
        continue;
      }
      if (nowMs - before.sinceMs < stallMs) continue;
      found.push({ topic, partition, offset: nextOffset, endOffset: nextOffset + records });
      if (!before.told) {
        before.told = true;
        logger.error("A partition stands still: there are records, and none of them arrives", {
          topic,
          partition,
          offset: nextOffset,
          lag: records,
        });
      }
    }
    for (const key of seen.keys()) if (!present.has(key)) seen.delete(key);
    stalled = found;
  }

  function schedule(): void {
    cancel = clock.after(lookIntervalMs, () => {
      look();
      schedule();
    });
  }

  schedule();
  return {
    get stalled() {
      return stalled;
    },
    look,
    stop: () => cancel?.(),
  };
}
