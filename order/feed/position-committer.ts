// Commits how far a feed is done: one commit on its way at a time, the newest positions in the next one. A commit that
// fails is repeated after a moment; until then nothing is lost, at worst something is read again.
import type { CommitOutcome } from "../../kafka/commit-queue.ts";
import type { NextOffset } from "../../kafka/record.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { FeedPartition } from "./feed-inbox.ts";

export interface PositionCommitter {
  /** Commits the partitions' `nextOffset` soon. */
  request(partitions: Iterable<FeedPartition>): void;
  /** Commits what was requested, and waits for the broker's answer. */
  flush(): Promise<void>;
}

export interface PositionCommitterOptions {
  readonly commit: (offsets: readonly NextOffset[]) => Promise<CommitOutcome>;
  /** Whose positions these are, for the log. */
  readonly name: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

const repeatAfterMs = 1000;

export function createPositionCommitter({
  commit,
  name,
  clock,
  logger,
}: PositionCommitterOptions): PositionCommitter {
  const dirty = new Set<FeedPartition>();
  let running: Promise<void> | undefined;
  let cancelRepeat: (() => void) | undefined;

  async function commitWhileDirty(): Promise<void> {
    for (;;) {
      const partitions = [...dirty].filter(({ state }) => state !== "gone");
      dirty.clear();
      const offsets = partitions.flatMap(({ topic, partition, nextOffset }) =>
        nextOffset === undefined ? [] : [{ topic, partition, nextOffset }],
      );
      if (offsets.length === 0) return;
      const outcome = await commit(offsets);
      if (outcome.ok) continue;
      logger.warn(`Positions of ${name} were not committed`, {
        reason: outcome.failure.kind,
        code: outcome.failure.code,
      });
      for (const partition of partitions) if (partition.state === "ours") dirty.add(partition);
      if (dirty.size > 0) cancelRepeat = clock.after(repeatAfterMs, () => void start());
      return;
    }
  }

  function start(): Promise<void> {
    cancelRepeat?.();
    cancelRepeat = undefined;
    running ??= commitWhileDirty().finally(() => (running = undefined));
    return running;
  }

  return {
    request(partitions) {
      for (const partition of partitions) dirty.add(partition);
      if (cancelRepeat === undefined) void start();
    },
    async flush() {
      await running;
      await start();
    },
  };
}
