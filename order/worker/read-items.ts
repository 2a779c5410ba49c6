// Reads records into work items: as they come, and those of a schema that is not known yet once the registry was asked. While
// it is away nothing can be read, because an unknown schema id is the record's fault only when the registry says so.
import { type AssignedPartition, partitionKey, type RecordDelivery } from "./partition.ts";
import type { KafkaRecord } from "../../kafka/record.ts";
import type { ParkedRecord } from "../store/parked-records.ts";
import type { Reading, RecordReader } from "./record-reader.ts";
import { laneOf, type WorkItem } from "./work-item.ts";

/** Thrown when records cannot be read yet; nothing was used. */
export class RegistryUnavailable extends Error {
  override name = "RegistryUnavailable";
}

/** A work item, except that its schema may still be unknown. */
export type TakenItem = Omit<WorkItem, "reading"> & { reading: Reading };

/** A record from the topic. */
export type DeliveredItem = TakenItem & { readonly delivery: RecordDelivery };

export function readDelivered(
  reader: RecordReader,
  record: KafkaRecord,
  partition: AssignedPartition,
  delivery: RecordDelivery,
): DeliveredItem {
  const reading = reader.read(record);
  // An event's orderId is its key, decoded already.
  const lane = reading.kind === "event" ? reading.event.orderId : laneOf(record);
  return { partition, record, reading, lane, delivery, parked: null, deathOrdered: false };
}

export function readParked(
  reader: RecordReader,
  parked: ParkedRecord,
  partition: AssignedPartition,
  deathOrdered: boolean,
): TakenItem {
  const { original: record } = parked;
  return {
    partition,
    record,
    reading: reader.read(record),
    lane: laneOf(record),
    delivery: null,
    parked,
    deathOrdered,
  };
}

/** Asks for the schemas that are not known yet. Throws RegistryUnavailable. */
export async function resolveSchemas(
  reader: RecordReader,
  items: readonly TakenItem[],
): Promise<readonly WorkItem[]> {
  if (items.every(isRead)) return items;
  const read: WorkItem[] = [];
  for (const item of items) {
    if (item.reading.kind === "unresolved-schema") await resolveSchema(reader, item, item.reading.schemaId);
    if (isRead(item)) read.push(item);
  }
  return read;
}

async function resolveSchema(reader: RecordReader, item: TakenItem, schemaId: number): Promise<void> {
  // Learnt from a record before this one, perhaps.
  item.reading = reader.read(item.record);
  if (isRead(item)) return;
  if ((await reader.resolve(schemaId)) !== "unavailable") item.reading = reader.read(item.record);
  if (isRead(item)) return;
  throw new RegistryUnavailable(`schema ${schemaId} of ${partitionKey(item.record)} cannot be looked up`);
}

export function isDelivered(item: TakenItem): item is DeliveredItem {
  return item.delivery !== null;
}

function isRead(item: TakenItem): item is TakenItem & WorkItem {
  return item.reading.kind !== "unresolved-schema";
}
