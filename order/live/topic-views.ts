// The topics that order works with and who reads their partitions, in the contract's words.
import { topicNotKnown } from "../../contract/errors.ts";
import type { TopicViews } from "../../contract/ports.ts";
import { failed, success } from "../../contract/result.ts";
import type { KnownTopic, TopicPartitionView } from "../../contract/topics.ts";
import type { TopicPartition } from "../../kafka/record.ts";
import type { PartitionLag } from "../../kafka/statistics.ts";
import { partitionKey } from "../worker/partition.ts";
import type { StalledPartition } from "../worker/stall-watch.ts";
import type { TopicTails } from "./topic-tails.ts";

export interface WatchedTopic extends KnownTopic {
  /** As it is made at start-up. */
  readonly partitions: number;
}

export interface TopicViewsOptions {
  readonly instance: string;
  readonly topics: readonly WatchedTopic[];
  /** Of every partition that this instance has. */
  readonly lag: () => readonly PartitionLag[];
  readonly isPaused: (partition: TopicPartition) => boolean;
  readonly stalled: () => readonly StalledPartition[];
  /** Events of a partition of ours that wait; undefined where nothing ever waits. */
  readonly waiting: (partition: TopicPartition) => number | undefined;
  /** Up to where the store has the effects of these, by `partitionKey`; absent for what it does not know. Does not reject. */
  readonly progress: (partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, number>>;
  readonly tails: Pick<TopicTails, "open">;
}

export function createTopicViews(options: TopicViewsOptions): TopicViews {
  const { instance, topics, lag, isPaused, stalled, waiting, progress, tails } = options;

  function viewOfOwn({
    topic,
    partition,
    nextOffset,
    highWatermark,
    lag: records,
  }: PartitionLag): Partial<TopicPartitionView> {
    const own = { topic, partition };
    const isStalled = stalled().some((found) => partitionKey(found) === partitionKey(own));
    return {
      instance,
      state: ownState(isStalled, isPaused(own)),
      nextOffset,
      endOffset: highWatermark,
      lag: records,
      retrying: waiting(own) ?? null,
    };
  }

  return {
    list: async () =>
      success({ topics: topics.map(({ topic, about, consumerGroup }) => ({ topic, about, consumerGroup })) }),

    async partitions() {
      const own = new Map(lag().map((partition) => [partitionKey(partition), partition]));
      const all = topics.flatMap(({ topic, consumerGroup, partitions }) =>
        consumerGroup === null
          ? []
          : partitionsOf(topic, partitions, own).map((place) => ({ ...place, consumerGroup })),
      );
      const elsewhere = all.filter((place) => !own.has(partitionKey(place)));
      const offsets = elsewhere.length === 0 ? new Map<string, number>() : await progress(elsewhere);
      return success({
        instance,
        partitions: all.map((place): TopicPartitionView => {
          const found = own.get(partitionKey(place));
          const nextOffset = offsets.get(partitionKey(place)) ?? null;
          return { ...place, ...nobodys, nextOffset, ...(found === undefined ? {} : viewOfOwn(found)) };
        }),
      });
    },

    async tail(topic, request) {
      if (!topics.some((known) => known.topic === topic)) return failed(topicNotKnown(topic));
      return await tails.open(topic, request);
    },
  };
}

const nobodys = { instance: null, state: "elsewhere", endOffset: null, lag: null, retrying: null } as const;

function ownState(isStalled: boolean, isPaused: boolean): TopicPartitionView["state"] {
  if (isStalled) return "stalled";
  return isPaused ? "paused" : "active";
}

/** Somebody may have given the topic more than it was made with: those that are assigned here are seen. */
function partitionsOf(
  topic: string,
  count: number,
  own: ReadonlyMap<string, PartitionLag>,
): readonly TopicPartition[] {
  const mine = [...own.values()].flatMap((assigned) =>
    assigned.topic === topic ? [assigned.partition + 1] : [],
  );
  const most = Math.max(count, ...mine);
  return Array.from({ length: most }, (_, partition) => ({ topic, partition }));
}
