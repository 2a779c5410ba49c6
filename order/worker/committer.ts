// Commits what is settled, and nothing else: one commit of a group in flight, the newest offsets in the next one.
import type { CommitOutcome } from "../../kafka/commit-queue.ts";
import type { NextOffset } from "../../kafka/record.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import { type AssignedPartition, isHeldBack } from "./partition.ts";

const retryDelayMs = 1000;

export interface Committer {
  /** Commits soon what these partitions have settled; a failed commit is repeated, with the next one or after a second. */
  request(partitions: Iterable<AssignedPartition>): void;
  /** Commits now, after the one in flight, and waits for the broker's answer. */
  flush(partitions: Iterable<AssignedPartition>): Promise<void>;
}

export function createCommitter(
  commit: (offsets: readonly NextOffset[]) => Promise<CommitOutcome>,
  logger: Logger,
  clock: Clock,
  /** Milliseconds that what is requested waits for more, so that many small batches are one commit. */
  everyMs = 0,
): Committer {
  const dirty = new Set<AssignedPartition>();
  let inFlight: Promise<void> | undefined;
  let cancelLater: (() => void) | undefined;

  /** Answers whether all went well. */
  async function commitDirty(): Promise<boolean> {
    const partitions = [...dirty].filter(({ state }) => state !== "gone");
    dirty.clear();
    const offsets = partitions.flatMap((partition) => {
      const nextOffset = partition.tracker.nextOffset();
      if (nextOffset === undefined || nextOffset === partition.committedNextOffset) return [];
      if (isHeldBack(partition)) return [];
      return [{ partition, topic: partition.topic, nextOffset }];
    });
    if (offsets.length === 0) return true;
    const outcome = await commit(
      offsets.map(({ topic, partition, nextOffset }) => ({
        topic,
        partition: partition.partition,
        nextOffset,
      })),
    );
    if (outcome.ok) {
      for (const { partition, nextOffset } of offsets) partition.committedNextOffset = nextOffset;
      return true;
    }
    // What was not committed is at worst read again, and recognised.
    logger.warn("Offsets were not committed", { reason: outcome.failure.kind, code: outcome.failure.code });
    for (const { partition } of offsets) if (partition.state !== "gone") dirty.add(partition);
    return false;
  }

  async function commitWhileDirty(): Promise<void> {
    let wentWell = false;
    try {
      do wentWell = await commitDirty();
      while (wentWell && dirty.size > 0 && everyMs === 0);
    } finally {
      // In the turn of the last look, so that nothing can be asked for in between and then be forgotten.
      inFlight = undefined;
      // On a quiet topic nothing else would ask again. Also when fenced: that may be about one partition of several.
      if (dirty.size > 0) startLater(wentWell ? everyMs : retryDelayMs);
    }
  }

  function startLater(delayMs: number): void {
    cancelLater?.();
    cancelLater = clock.after(delayMs, () => {
      cancelLater = undefined;
      void start();
    });
  }

  function start(): Promise<void> {
    // With nothing to do it would end before it is noted down as running.
    if (inFlight === undefined && dirty.size > 0) inFlight = commitWhileDirty();
    return inFlight ?? Promise.resolve();
  }

  return {
    request(partitions) {
      for (const partition of partitions) dirty.add(partition);
      if (inFlight !== undefined) return;
      if (everyMs === 0) void start();
      else if (cancelLater === undefined) startLater(everyMs);
    },
    async flush(partitions) {
      while (inFlight !== undefined) await inFlight;
      for (const partition of partitions) dirty.add(partition);
      await start();
    },
  };
}
