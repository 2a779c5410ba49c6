// Feeds the index from the DLQ topics: read, add, and commit last. Whatever stops in between, what was not committed is read
// again, and a copy changes nothing, so the index has each letter of the topics once.
import type { Codec } from "../../schemas/codec.ts";
import type { Clock } from "../../service/clock.ts";
import type { Logger } from "../../service/logger.ts";
import type { RecordSink, RecordSource } from "../consumer-group.ts";
import { createFeed, type FeedOptions } from "../feed/feed.ts";
import type { DeadLetterIndex } from "../store/dead-letter-index.ts";
import { createLetterAdder } from "./letter-adder.ts";
import { createLetterReader } from "./letter-reader.ts";

export interface DeadLetterIndexer {
  /** Which sink the consumer of the DLQ topics has; for one consumer. */
  join(source: () => RecordSource): RecordSink;
  /** What everything waits for; undefined while letters are being added. */
  readonly waitingFor: string | undefined;
  /** Letters that the index has taken since the start, copies included. */
  readonly added: number;
  /** Records that were passed over since the start. */
  readonly skipped: number;
  /** Records that were received and are neither in the index nor passed over yet. */
  readonly waiting: number;
  /** By `positionKey`, the offset after the last record that is in the index or passed over. */
  readonly positions: ReadonlyMap<string, number>;
  /** Ends what waits. Close the consumer first: that commits. */
  stop(): void;
}

export interface DeadLetterIndexerOptions extends Pick<
  FeedOptions,
  "maxBatchSize" | "maxBatchBytes" | "maxInboxBytes"
> {
  readonly index: Pick<DeadLetterIndex, "add">;
  /** With `[topic, "DeadLetter"]` among its subjects, for each of the DLQ topics. */
  readonly codec: Pick<Codec, "decode" | "resolve">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Part of the letters' ids on the embedded cluster: see `DeadLetterRecordPlace`. */
  readonly clusterLife?: string | undefined;
}

export function createDeadLetterIndexer(options: DeadLetterIndexerOptions): DeadLetterIndexer {
  const { index, codec, clusterLife, clock, logger, ...bounds } = options;
  const adder = createLetterAdder({ index, reader: createLetterReader(codec, clusterLife), clock, logger });
  const feed = createFeed({
    ...bounds,
    workOff: (records, isWanted) => adder.add(records, isWanted),
    look: () => adder.look(),
    name: "the dead-letter index",
    clock,
    logger,
  });

  return {
    join: (source) => feed.join(source),
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
      return feed.waiting;
    },
    positions: feed.positions,
    stop: () => feed.stop(),
  };
}
