// The index's own consumer group: apart from the order topics' groups, so that neither can hold up the other.
import type { ConsumerOptions } from "../../kafka/consumer.ts";
import type { PartitionLag } from "../../kafka/statistics.ts";
import { openConsumerGroup } from "../consumer-group.ts";
import { createDeadLetterIndexer, type DeadLetterIndexerOptions } from "./dead-letter-indexer.ts";

export interface OpenDeadLetterIndexer {
  /** Whether the group is joined and asks for records. */
  readonly running: boolean;
  readonly waitingFor: string | undefined;
  readonly added: number;
  readonly skipped: number;
  /** Positions and lag of its partitions, at most a second old. */
  lag(): readonly PartitionLag[];
  close(): Promise<void>;
}

export interface OpenDeadLetterIndexerOptions extends DeadLetterIndexerOptions {
  /** `topics` are the DLQ topics. */
  readonly consumer: Omit<ConsumerOptions, "handlers">;
}

/** The group of the index beside the group of the order topic. */
export function indexGroupId(groupId: string): string {
  return `${groupId}-dlq-index`;
}

/** Resolves whether or not a broker is there. */
export async function openDeadLetterIndexer(
  options: OpenDeadLetterIndexerOptions,
): Promise<OpenDeadLetterIndexer> {
  const indexer = createDeadLetterIndexer(options);
  const group = await openConsumerGroup({
    join: (source) => indexer.join(source),
    clock: options.clock,
    consumer: options.consumer,
  });
  return {
    get running() {
      return group.running;
    },
    get waitingFor() {
      return indexer.waitingFor;
    },
    get added() {
      return indexer.added;
    },
    get skipped() {
      return indexer.skipped;
    },
    lag: () => group.lag(),
    async close() {
      await group.close();
      indexer.stop();
    },
  };
}
