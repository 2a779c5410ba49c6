// Commits what is settled, and nothing else: one commit of a group in flight, the newest offsets in the next one.
import type { CommitOutcome } from "../../kafka/commit-queue.ts";
import type { NextOffset } from "../../kafka/record.ts";
import type { Logger } from "../../service/logger.ts";
import type { AssignedPartition } from "./partition.ts";

export interface Committer {
  /** Commits soon what these partitions have settled; a failed commit is repeated with the next one. */
  request(partitions: Iterable<AssignedPartition>): void;
  /** Commits now, after the one in flight, and waits for the broker's answer. */
  flush(partitions: Iterable<AssignedPartition>): Promise<void>;
}

export function createCommitter(
  commit: (offsets: readonly NextOffset[]) => Promise<CommitOutcome>,
  logger: Logger,
): Committer {
  const dirty = new Set<AssignedPartition>();
  let inFlight: Promise<void> | undefined;

  /** Answers whether all went well. */
  async function commitDirty(): Promise<boolean> {
    const partitions = [...dirty].filter(({ state }) => state !== "gone");
    dirty.clear();
    const offsets = partitions.flatMap((partition) => {
      const nextOffset = partition.tracker.nextOffset();
      if (nextOffset === undefined || nextOffset === partition.committedNextOffset) return [];
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
    for (const { partition } of offsets) if (partition.state === "assigned") dirty.add(partition);
    return false;
  }

  async function commitWhileDirty(): Promise<void> {
    while (dirty.size > 0) if (!(await commitDirty())) return;
  }

  function start(): Promise<void> {
    inFlight ??= commitWhileDirty().finally(() => {
      inFlight = undefined;
    });
    return inFlight;
  }

  return {
    request(partitions) {
      for (const partition of partitions) dirty.add(partition);
      if (inFlight === undefined) void start();
    },
    async flush(partitions) {
      await inFlight;
      for (const partition of partitions) dirty.add(partition);
      await start();
    },
  };
}
