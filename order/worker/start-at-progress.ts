// Where a group's consumer starts to read: at the store's own progress, and not at the broker's. So nothing that the store has
// is read again, and what a restored backup lacks is.
import type { TopicPartition } from "../../kafka/record.ts";
import type { RecordSink } from "../consumer-group.ts";
import type { Parking } from "../store/order-store.ts";

export function startAtProgress(
  readProgress: Parking["readProgress"],
  sourceOf: (partition: TopicPartition) => string,
): NonNullable<RecordSink["startAt"]> {
  return async (partitions) => {
    const progress = await readProgress(partitions.map(sourceOf));
    return partitions.flatMap((partition) => {
      const nextOffset = progress.get(sourceOf(partition));
      return nextOffset === undefined ? [] : [{ ...partition, nextOffset }];
    });
  };
}
