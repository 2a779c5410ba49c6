// Reads delivered records into events. Asks the registry for schemas that are not known yet, and waits for it while it
// is away: an unknown schema id is the record's fault only when the registry says so.
import { partitionKey, type DeliveredRecord } from "./partition.ts";
import type { EventDelivery } from "./apply-events.ts";
import type { RecordReader } from "./record-reader.ts";

export interface UnreadableDelivery {
  readonly delivered: DeliveredRecord;
  readonly reason: string;
  readonly message: string;
}

export interface ReadBatch {
  readonly events: readonly EventDelivery[];
  readonly unreadable: readonly UnreadableDelivery[];
}

/** Thrown when records cannot be read yet; nothing of the batch was used. */
export class RegistryUnavailable extends Error {
  override name = "RegistryUnavailable";
}

/** Keeps the records' order. Leaves out what is no longer assigned. Throws RegistryUnavailable. */
export async function readBatch(reader: RecordReader, batch: readonly DeliveredRecord[]): Promise<ReadBatch> {
  const events: EventDelivery[] = [];
  const unreadable: UnreadableDelivery[] = [];
  for (const delivered of batch) {
    const { record, delivery } = delivered;
    if (delivery.partition.state !== "assigned") continue;
    let reading = reader.read(record);
    if (reading.kind === "unresolved-schema") {
      if ((await reader.resolve(reading.schemaId)) === "unavailable") {
        throw new RegistryUnavailable(
          `schema ${reading.schemaId} of ${partitionKey(record)} cannot be looked up`,
        );
      }
      reading = reader.read(record);
    }
    switch (reading.kind) {
      case "event": {
        const { topic, partition, offset } = record;
        const origin = {
          source: delivery.partition.source,
          topic,
          partition,
          offset,
          eventId: reading.eventId,
        };
        events.push({ delivery, event: reading.event, origin });
        break;
      }
      case "unreadable":
        unreadable.push({ delivered, reason: reading.reason, message: reading.message });
        break;
      case "unresolved-schema":
        throw new RegistryUnavailable(
          `schema ${reading.schemaId} of ${partitionKey(record)} is not known yet`,
        );
    }
  }
  return { events, unreadable };
}
