// Reads simulated records as the real reader reads Avro: with schemas that have to be looked up once by each process.
import type { DecodedEvent } from "../../../schemas/events.ts";
import type { RecordReader } from "../record-reader.ts";
import { invalidMessage } from "./attempts-check.ts";
import type { Machine } from "./machine.ts";
import { type EventText, readText } from "./topics.ts";

export function createSimulatedReader(machine: Machine): RecordReader {
  const known = new Set<number>();
  return {
    read({ value }) {
      const text = value === null ? null : readText(value);
      if (text === null) {
        return { kind: "unreadable", reason: "not_avro_framed", message: "Not an event.", decoded: null };
      }
      if (!known.has(text.schemaId)) return { kind: "unresolved-schema", schemaId: text.schemaId };
      const decoded = decodedEvent(text);
      if (text.isInvalid)
        return { kind: "invalid", reason: "invalid_event", message: invalidMessage, decoded };
      return { kind: "event", event: text.event, eventId: text.eventId, decoded };
    },
    resolve: (schemaId) =>
      machine.call(
        "registry",
        () => {
          known.add(schemaId);
          return "known" as const;
        },
        () => "unavailable" as const,
      ),
  };
}

/** The worker looks at its name and writes the rest down as JSON. */
export function decodedEvent({ event, schemaId }: Pick<EventText, "event" | "schemaId">): DecodedEvent {
  const { eventType, orderId, ...rest } = event;
  const status = { orderId, status: rest.status, updateTimestamp: "", eventType: "STATUS_UPDATE" };
  switch (eventType) {
    case "OrderStatusUpdate":
      return { name: "OrderStatusUpdate", event: status, schemaId };
    case "OrderEvent": {
      const update = {
        eventType: "UPDATE" as const,
        orderId,
        timestamp: "",
        payload: { status: rest.status },
      };
      return { name: "OrderEvent", event: update, schemaId };
    }
    case "Order": {
      const order = {
        orderId,
        customerId: "",
        orderDate: "",
        items: [],
        totalAmount: 1,
        currency: "",
        status: rest.status,
      };
      return { name: "Order", event: order, schemaId };
    }
  }
}
