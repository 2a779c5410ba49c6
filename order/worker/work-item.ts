// One record on its way through the worker, whether it came from the topic just now or was parked before.
import type { OriginalRecord } from "../domain/dead-letter.ts";
import type { ParkedRecord } from "../store/parked-records.ts";
import type { AssignedPartition, RecordDelivery } from "./partition.ts";
import type { Reading } from "./record-reader.ts";

export interface WorkItem {
  readonly partition: AssignedPartition;
  readonly record: OriginalRecord;
  readonly reading: Exclude<Reading, { kind: "unresolved-schema" }>;
  /** Records of one lane of a source have their effect one after the other; lanes do not wait for each other. */
  readonly lane: string;
  /** Null for a record that was parked. */
  readonly delivery: RecordDelivery | null;
  /** As it was parked before this attempt; null for a record that came from the topic just now. */
  readonly parked: ParkedRecord | null;
  /** An operator wants it dead-lettered instead of tried. */
  readonly deathOrdered: boolean;
}

/** The lane of a record: its key, which is the orderId. Without a key nothing can be behind it. */
export function laneOf({ key, offset }: Pick<OriginalRecord, "key" | "offset">): string {
  return key === null ? `offset ${offset}` : key.toString("utf8");
}

/**
 * The record with bytes of its own. As delivered they are views of what a whole batch arrived in, which would be kept in
 * memory for as long as this one record is.
 */
export function detachRecord(record: OriginalRecord): OriginalRecord {
  const { key, value, headers } = record;
  return {
    ...record,
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: headers.map(([name, bytes]) => [name, bytes === null ? null : Buffer.from(bytes)]),
  };
}
