// Records of the DLQ topic that were delivered and are not in the index yet, in order, with their size: a record there may
// have a megabyte.
import type { KafkaRecord, TopicPartition } from "../../kafka/record.ts";

/** A partition of the DLQ topic for one assignment. */
export interface ReadPartition extends TopicPartition {
  /** `finishing`: no new work, but what was added may be committed. `gone`: maybe somebody else's already. */
  state: "ours" | "finishing" | "gone";
  /** The offset after the last record that is in the index or was passed over. */
  nextOffset: number | undefined;
}

export interface ReceivedLetter {
  readonly partition: ReadPartition;
  readonly record: KafkaRecord;
}

export interface LetterInbox {
  readonly size: number;
  readonly bytes: number;
  add(letter: ReceivedLetter): void;
  /** The first ones; at least one when there are any. */
  take(maxCount: number, maxBytes: number): readonly ReceivedLetter[];
  /** Drops the letters of partitions that are no longer ours: their next owner reads them. */
  dropForeign(): void;
}

export function createLetterInbox(): LetterInbox {
  let letters: ReceivedLetter[] = [];
  let bytes = 0;
  return {
    get size() {
      return letters.length;
    },
    get bytes() {
      return bytes;
    },
    add(letter) {
      letters.push(letter);
      bytes += sizeOf(letter);
    },
    take(maxCount, maxBytes) {
      let count = 0;
      let taken = 0;
      for (const letter of letters) {
        const size = sizeOf(letter);
        if (count === maxCount || (count > 0 && taken + size > maxBytes)) break;
        count += 1;
        taken += size;
      }
      bytes -= taken;
      return letters.splice(0, count);
    },
    dropForeign() {
      letters = letters.filter(({ partition }) => partition.state === "ours");
      bytes = letters.reduce((sum, letter) => sum + sizeOf(letter), 0);
    },
  };
}

function sizeOf({ record }: ReceivedLetter): number {
  // What a small record takes beside its value.
  return 200 + (record.value?.length ?? 0);
}
