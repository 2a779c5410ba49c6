// What is written past cart, as bytes.
import type { EventWriter } from "../system/event-writer.ts";
import { intentAs, type PlannedRecord } from "./intent.ts";
import type { Step, System } from "./order-plan.ts";

type WriteStep = Extract<Step, { kind: `write-${string}` }>;

export function plannedRecord(writer: EventWriter, orderId: string, step: WriteStep): PlannedRecord {
  switch (step.kind) {
    case "write-create":
      return createRecord(writer, orderId, step.system, step.eventId ?? null);
    case "write-status":
      return statusRecord(writer, orderId, step.system, step.status);
    case "write-poison":
      return smallPoison(orderId, step.poison);
  }
}

export function createRecord(
  writer: EventWriter,
  orderId: string,
  system: System,
  eventId: string | null = null,
): PlannedRecord {
  return {
    topic: "orders",
    key: Buffer.from(orderId),
    value: system === "A" ? writer.createA(orderId) : writer.createB(orderId),
    headers: [
      ...(eventId === null ? [] : [["event-id", Buffer.from(eventId)] as const]),
      intentAs({ kind: "create", system, status: "new", eventId }),
    ],
  };
}

export function statusRecord(
  writer: EventWriter,
  orderId: string,
  system: System,
  status: string,
): PlannedRecord {
  return {
    topic: system === "A" ? "statusUpdates" : "orders",
    key: Buffer.from(orderId),
    value: system === "A" ? writer.updateA(orderId, status) : writer.updateB(orderId, status),
    headers: [intentAs({ kind: "status", system, status })],
  };
}

/** What lies between the good records all the time; the large collection is test/system/poison.ts. */
function smallPoison(orderId: string, kind: number): PlannedRecord {
  const kinds: readonly { reason: string; value: Buffer | null; key?: null }[] = [
    { reason: "too_short", value: Buffer.from([0, 0]) },
    { reason: "not_avro_framed", value: Buffer.from(`not Avro, of ${orderId}`), key: null },
    { reason: "tombstone", value: null },
    { reason: "unknown_schema_id", value: Buffer.from([0, 127, 1, 2, 3, 4]) },
  ];
  const { reason, value, key = Buffer.from(orderId) } = kinds[kind] ?? { reason: "tombstone", value: null };
  return { topic: "orders", key, value, headers: [intentAs({ kind: "poison", reasons: [reason] })] };
}
