// How far an outbox has been published, as its topics tell: asked by whoever takes it over, after the transactional id.
import type { ReadTopicOptions, ReadTopicOutcome } from "../../kafka/read-topic.ts";
import { failed, type Result, success } from "../../contract/result.ts";
import { readPlace } from "./saga-messages.ts";
import type { OutboxState } from "./store/saga-store.ts";

export interface FoundProgress {
  /** 0 when none was found. */
  readonly highestSeq: number;
  /** By partition (`topic/partition`), where the next look begins. */
  readonly nextOffsets: readonly (readonly [string, number])[];
}

/** The failure is a few words. */
export type ReadBack = (state: OutboxState) => Promise<Result<FoundProgress, string>>;

export type ReadOneTopic = (
  options: Pick<ReadTopicOptions, "topic" | "from" | "onRecords">,
) => Promise<ReadTopicOutcome>;

export function createReadBack(topics: readonly string[], readTopic: ReadOneTopic): ReadBack {
  return async ({ id, nextSeq, publishedSeq, ends }) => {
    // An outbox that never had a message has none on its topics, however long these are.
    if (nextSeq === 1 && publishedSeq === 0) return success({ highestSeq: 0, nextOffsets: [] });
    let highestSeq = 0;
    const outcomes = await Promise.all(
      topics.map(async (topic) => ({
        topic,
        outcome: await readTopic({
          topic,
          from: offsetsOf(topic, ends),
          onRecords(records) {
            for (const { headers } of records) highestSeq = Math.max(highestSeq, readPlace(headers, id) ?? 0);
          },
        }),
      })),
    );
    const nextOffsets: (readonly [string, number])[] = [];
    for (const { topic, outcome } of outcomes) {
      if (!outcome.ok) return failed(`${topic} cannot be read: ${outcome.failure.message}`);
      for (const [partition, offset] of outcome.value) nextOffsets.push([`${topic}/${partition}`, offset]);
    }
    return success({ highestSeq, nextOffsets });
  };
}

function offsetsOf(topic: string, ends: OutboxState["ends"]): ReadonlyMap<number, number> {
  const offsets = new Map<number, number>();
  for (const [place, offset] of Object.entries(ends)) {
    const slash = place.lastIndexOf("/");
    if (place.slice(0, slash) === topic) offsets.set(Number(place.slice(slash + 1)), offset);
  }
  return offsets;
}
