// Decides which records are handed over: those of partitions that are assigned and not paused. Records of a paused
// partition are kept here, in order, until it is resumed; what belongs to a partition that was given away is dropped,
// because its next owner reads it again. Knows no client and no time.
//
// The client is told to stop a paused partition only when more than `keepLimit` records are kept in all. Stopping throws
// its prefetched records away, and starting again takes until its next fetch: most pauses are shorter than that. While
// the gate is shut, whoever asks for records should ask for few.
import type { KafkaRecord, TopicPartition } from "./record.ts";

export interface PartitionGate {
  readonly assignment: readonly TopicPartition[];
  assign(partitions: readonly TopicPartition[]): void;
  /**
   * No record of these partitions passes from now on, and their pauses are forgotten. Answers those that were assigned,
   * and among them those that the client has stopped.
   */
  forget(partitions: readonly TopicPartition[]): Forgotten;
  pause(partitions: readonly TopicPartition[]): void;
  /** Every assigned partition is paused: nothing would pass. */
  readonly isShut: boolean;
  /** Answers those that the client has stopped and must start again. Kept records pass first. */
  resume(partitions: readonly TopicPartition[]): readonly TopicPartition[];
  /** Paused partitions that the client should stop now, because too much is kept; each is answered once. */
  takeOverfull(): readonly TopicPartition[];
  /** Whether this member may still commit for the partition: it is assigned, or its work is being finished. */
  mayCommit(partition: TopicPartition): boolean;
  /** Between these two calls, the forgotten partitions may still be committed. */
  beginFinishing(partitions: readonly TopicPartition[]): void;
  endFinishing(partitions: readonly TopicPartition[]): void;
  /** The records that are handed over now: those of resumed partitions, then what has come. */
  admit(arrived: readonly KafkaRecord[]): readonly KafkaRecord[];
  /** To be called when records are asked for: what arrives then was not fetched for a partition forgotten before. */
  beginPoll(): void;
}

export interface Forgotten {
  readonly known: readonly TopicPartition[];
  readonly stopped: readonly TopicPartition[];
}

export function createPartitionGate(keepLimit: number): PartitionGate {
  const assigned = new Map<string, TopicPartition>();
  const paused = new Set<string>();
  const finishing = new Set<string>();
  /** Among the paused ones, those that the client has stopped. */
  const stopped = new Set<string>();
  const kept = new Map<string, KafkaRecord[]>();
  let keptCount = 0;
  let released: KafkaRecord[] = [];
  let forgotSincePoll = false;

  /** Keeps what belongs to a paused partition. */
  function passes(record: KafkaRecord): boolean {
    const key = keyOf(record);
    if (!assigned.has(key)) return false;
    if (!paused.has(key)) return true;
    const records = kept.get(key);
    if (records === undefined) kept.set(key, [record]);
    else records.push(record);
    keptCount += 1;
    return false;
  }

  function takeKept(key: string): readonly KafkaRecord[] {
    const records = kept.get(key) ?? [];
    kept.delete(key);
    keptCount -= records.length;
    return records;
  }

  return {
    get assignment() {
      return [...assigned.values()];
    },
    assign(partitions) {
      for (const { topic, partition } of partitions)
        assigned.set(keyOf({ topic, partition }), { topic, partition });
    },
    forget(partitions) {
      forgotSincePoll = true;
      const known: TopicPartition[] = [];
      const wereStopped: TopicPartition[] = [];
      for (const partition of partitions) {
        const key = keyOf(partition);
        const found = assigned.get(key);
        if (found === undefined) continue;
        known.push(found);
        assigned.delete(key);
        paused.delete(key);
        takeKept(key);
        if (stopped.delete(key)) wereStopped.push(found);
      }
      // Drops what a forgotten partition had waiting here.
      released = released.filter((record) => assigned.has(keyOf(record)));
      return { known, stopped: wereStopped };
    },
    pause(partitions) {
      for (const partition of partitions) {
        const key = keyOf(partition);
        if (assigned.has(key)) paused.add(key);
      }
    },
    get isShut() {
      return assigned.size > 0 && paused.size === assigned.size;
    },
    resume(partitions) {
      return partitions.filter((partition) => {
        const key = keyOf(partition);
        if (!paused.delete(key)) return false;
        released = released.concat(takeKept(key));
        return stopped.delete(key);
      });
    },
    takeOverfull() {
      if (keptCount <= keepLimit || stopped.size === paused.size) return [];
      const overfull: TopicPartition[] = [];
      for (const key of paused) {
        const partition = assigned.get(key);
        if (partition === undefined || stopped.has(key)) continue;
        stopped.add(key);
        overfull.push(partition);
      }
      return overfull;
    },
    mayCommit(partition) {
      const key = keyOf(partition);
      return assigned.has(key) || finishing.has(key);
    },
    beginFinishing(partitions) {
      for (const partition of partitions) finishing.add(keyOf(partition));
    },
    endFinishing(partitions) {
      for (const partition of partitions) finishing.delete(keyOf(partition));
    },
    admit(arrived) {
      const first = released;
      released = [];
      // The usual case, and the fast one: nothing has changed since these were asked for.
      if (!forgotSincePoll && paused.size === 0 && first.length === 0) return arrived;
      return first.concat(arrived).filter(passes);
    },
    beginPoll() {
      forgotSincePoll = false;
    },
  };
}

/** Topic names contain no slash. */
export function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
