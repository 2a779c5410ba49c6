// One assigned partition as the worker sees it: what was delivered, what is settled, what is parked, and whether it is ours.
import type { TopicPartition } from "../../kafka/record.ts";
import type { Claim } from "../store/order-store.ts";
import { createOffsetTracker, type Delivery, type OffsetTracker } from "./offset-tracker.ts";
import { createParkedLanes, type ParkedLanes } from "./parked-lanes.ts";

/** A delivered record's place in its partition; outlives the record's bytes, which are dropped once they are settled. */
export interface RecordDelivery extends Delivery {
  readonly partition: AssignedPartition;
}

export interface AssignedPartition extends TopicPartition {
  readonly groupId: string;
  /** Identity of the stream its offsets belong to: see EventOrigin in domain/order.ts. */
  readonly source: string;
  readonly tracker: OffsetTracker<RecordDelivery>;
  /** Lanes with parked records, as the store has them. */
  readonly lanes: ParkedLanes;
  /**
   * Records whose dead letter has not been acknowledged yet, by offset; with their delivery, unless they died under an
   * earlier claim. As long as there is one of these, nothing is committed: its offset may be the next.
   */
  readonly dying: Map<number, RecordDelivery | null>;
  /**
   * `unclaimed`: assigned, but the store has not been told yet that we write for it. `claimed`: ours. `revoking`: no new
   * work, but what was settled may still be committed. `gone`: maybe somebody else's already, so nothing is done for it.
   */
  state: "unclaimed" | "claimed" | "revoking" | "gone";
  /** Of the newest claim. */
  epoch: number;
  /** Milliseconds since the epoch; not before is it claimed. */
  claimAfterMs: number;
  /** Everything before it has had its effect: what is delivered again is settled without another one. */
  nextOffset: number;
  committedNextOffset: number | undefined;
  paused: boolean;
}

export function createAssignedPartition(
  { topic, partition }: TopicPartition,
  groupId: string,
  source: string,
): AssignedPartition {
  return {
    topic,
    partition,
    groupId,
    source,
    tracker: createOffsetTracker<RecordDelivery>(),
    lanes: createParkedLanes(),
    dying: new Map(),
    state: "unclaimed",
    epoch: 0,
    claimAfterMs: 0,
    nextOffset: 0,
    committedNextOffset: undefined,
    paused: false,
  };
}

/** Takes over what the store knows of the partition. */
export function acceptClaim(partition: AssignedPartition, { epoch, nextOffset, parked }: Claim): void {
  partition.epoch = epoch;
  partition.nextOffset = nextOffset ?? 0;
  partition.lanes.replace(parked);
  for (const { state, offset } of parked) if (state === "dead") partition.dying.set(offset, null);
  if (nextOffset !== null) partition.tracker.skipTo(nextOffset);
  if (partition.state === "unclaimed") partition.state = "claimed";
}

/** Whether a dead letter of an earlier owner is on its way. */
export function isHeldBack({ dying }: AssignedPartition): boolean {
  for (const delivery of dying.values()) if (delivery === null) return true;
  return false;
}

/** The next try claims it anew, and learns what the store has. */
export function unclaim(partition: AssignedPartition): void {
  if (partition.state === "claimed") partition.state = "unclaimed";
}

export function isClaimed({ state }: AssignedPartition): boolean {
  return state === "claimed";
}

/** How a partition is called in logs and maps. */
export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
