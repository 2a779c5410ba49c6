// One assigned partition as the worker sees it: what was delivered, what is settled, and whether it is still ours.
import type { KafkaRecord, TopicPartition } from "../../kafka/record.ts";
import { createOffsetTracker, type Delivery, type OffsetTracker } from "./offset-tracker.ts";

/** A delivered record's place in its partition; outlives the record's bytes, which are dropped once they are read. */
export interface RecordDelivery extends Delivery {
  readonly partition: AssignedPartition;
}

export interface DeliveredRecord {
  readonly record: KafkaRecord;
  readonly delivery: RecordDelivery;
}

export interface AssignedPartition extends TopicPartition {
  /** Identity of the stream its offsets belong to: see EventOrigin in domain/order.ts. */
  readonly source: string;
  readonly tracker: OffsetTracker<RecordDelivery>;
  /**
   * `assigned`: ours. `revoking`: no new work, but what was settled may still be committed. `gone`: maybe somebody
   * else's already, so nothing is written or committed for it.
   */
  state: "assigned" | "revoking" | "gone";
  committedNextOffset: number | undefined;
  paused: boolean;
}

export function createAssignedPartition(
  { topic, partition }: TopicPartition,
  source: string,
): AssignedPartition {
  return {
    topic,
    partition,
    source,
    tracker: createOffsetTracker<RecordDelivery>(),
    state: "assigned",
    committedNextOffset: undefined,
    paused: false,
  };
}

/** How a partition is called in logs, maps and origins. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
