// Reads librdkafka's statistics: whether a broker answers, whether the group is joined, how far each partition is read.
// This is how the clients know their state without asking a broker: a question would block one of Bun's few pool threads
// just when no broker answers.
import type { TopicPartition } from "./record.ts";

interface BrokerStatistics {
  readonly state: string;
  /** Requests that are waiting for their answer. */
  readonly waitresp_cnt: number;
  /** Answers received since the client started. */
  readonly rx: number;
}

interface PartitionStatistics {
  readonly partition: number;
  readonly fetch_state: string;
  readonly fetchq_cnt: number;
  readonly next_offset: number;
  readonly app_offset: number;
  readonly hi_offset: number;
}

/** The part of STATISTICS.md that is used here; librdkafka's own names. */
export interface ClientStatistics {
  readonly brokers: Readonly<Record<string, BrokerStatistics>>;
  readonly topics: Readonly<
    Record<
      string,
      { readonly topic: string; readonly partitions: Readonly<Record<string, PartitionStatistics>> }
    >
  >;
  readonly cgrp?: { readonly state: string; readonly join_state: string };
}

export function readStatistics(json: string): ClientStatistics {
  const statistics: ClientStatistics = JSON.parse(json);
  return statistics;
}

export interface BrokerWatch {
  /** Whether some broker is connected and answers, judged from these statistics and the ones before. */
  observe(statistics: ClientStatistics, nowMs: number): boolean;
}

/**
 * A connection alone proves nothing: a frozen broker keeps it open. A broker that has requests to answer and has sent
 * nothing for `silenceMs` counts as away.
 */
export function createBrokerWatch(silenceMs: number): BrokerWatch {
  let waiting = new Map<string, { readonly rx: number; readonly sinceMs: number }>();
  return {
    observe(statistics, nowMs) {
      const previous = waiting;
      waiting = new Map();
      let answers = false;
      for (const [name, broker] of Object.entries(statistics.brokers)) {
        if (broker.state !== "UP") continue;
        if (broker.waitresp_cnt === 0) {
          answers = true;
          continue;
        }
        const before = previous.get(name);
        const sinceMs = before !== undefined && before.rx === broker.rx ? before.sinceMs : nowMs;
        waiting.set(name, { rx: broker.rx, sinceMs });
        if (nowMs - sinceMs < silenceMs) answers = true;
      }
      return answers;
    },
  };
}

/** Whether this member has joined its group and has its partitions, as far as the coordinator and it agree. */
export function isGroupSteady({ cgrp }: ClientStatistics): boolean {
  return cgrp !== undefined && cgrp.state === "up" && cgrp.join_state === "steady";
}

export interface PartitionLag extends TopicPartition {
  /** The offset of the record that is handed over next; null before the first fetch. */
  readonly nextOffset: number | null;
  /** The offset that the next record written to the partition gets; null before the first fetch. */
  readonly highWatermark: number | null;
  /** Records that are written and not handed over; null before the first fetch. */
  readonly lag: number | null;
  /** librdkafka's name for what it does with the partition: `active` while it fetches. */
  readonly fetchState: string;
}

export function readPartitionLag(
  statistics: ClientStatistics,
  { topic, partition }: TopicPartition,
): PartitionLag {
  const found = statistics.topics[topic]?.partitions[String(partition)];
  if (found === undefined) {
    return { topic, partition, nextOffset: null, highWatermark: null, lag: null, fetchState: "none" };
  }
  const highWatermark = found.hi_offset >= 0 ? found.hi_offset : null;
  const nextOffset = readNextOffset(found);
  const lag = highWatermark === null || nextOffset === null ? null : Math.max(0, highWatermark - nextOffset);
  return { topic, partition, nextOffset, highWatermark, lag, fetchState: found.fetch_state };
}

/** Before the first record is handed over only the fetcher has a position, ahead by what is prefetched. */
function readNextOffset(found: PartitionStatistics): number | null {
  if (found.app_offset >= 0) return found.app_offset;
  return found.next_offset >= 0 ? Math.max(0, found.next_offset - found.fetchq_cnt) : null;
}
