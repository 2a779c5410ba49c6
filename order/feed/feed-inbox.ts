// Records that were delivered and are not done with yet, in order, with their size: a record may have a megabyte.
import type { KafkaRecord, TopicPartition } from "../../kafka/record.ts";

/** A partition for one assignment. */
export interface FeedPartition extends TopicPartition {
  /** `finishing`: no new work, but what is done may be committed. `gone`: maybe somebody else's already. */
  state: "ours" | "finishing" | "gone";
  /** The offset after the last record that is done with. */
  nextOffset: number | undefined;
}

export interface ReceivedRecord {
  readonly partition: FeedPartition;
  readonly record: KafkaRecord;
}

export interface FeedInbox {
  readonly size: number;
  readonly bytes: number;
  add(received: ReceivedRecord): void;
  /** The first ones; at least one when there are any. */
  take(maxCount: number, maxBytes: number): readonly ReceivedRecord[];
  /** Drops the records of partitions that are no longer ours: their next owner reads them. */
  dropForeign(): void;
}

export function createFeedInbox(): FeedInbox {
  let records: ReceivedRecord[] = [];
  let bytes = 0;
  return {
    get size() {
      return records.length;
    },
    get bytes() {
      return bytes;
    },
    add(received) {
      records.push(received);
      bytes += sizeOf(received);
    },
    take(maxCount, maxBytes) {
      let count = 0;
      let taken = 0;
      for (const received of records) {
        const size = sizeOf(received);
        if (count === maxCount || (count > 0 && taken + size > maxBytes)) break;
        count += 1;
        taken += size;
      }
      bytes -= taken;
      return records.splice(0, count);
    },
    dropForeign() {
      records = records.filter(({ partition }) => partition.state === "ours");
      bytes = records.reduce((sum, received) => sum + sizeOf(received), 0);
    },
  };
}

function sizeOf({ record }: ReceivedRecord): number {
  // What a small record takes beside its value.
  return 200 + (record.value?.length ?? 0);
}
