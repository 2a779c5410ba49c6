// A record becomes an event of the domain, or the reason why it cannot. Never throws: bytes are other people's.
import type {
  Order as OrderOnWire,
  OrderEvent as OrderEventOnWire,
  OrderItem,
  DecodedEvent,
} from "../../schemas/events.ts";
import type { Codec } from "../../schemas/codec.ts";
import { readEventHeaders } from "../../schemas/event-headers.ts";
import type { KafkaRecord } from "../../kafka/record.ts";
import type { OrderEvent } from "../domain/order.ts";

export type Reading =
  | { readonly kind: "event"; readonly event: OrderEvent; readonly eventId: string | null }
  /** Will never be readable: `reason` is a stable code, `message` one sentence. */
  | { readonly kind: "unreadable"; readonly reason: string; readonly message: string }
  /** The registry has to be asked for this schema first. */
  | { readonly kind: "unresolved-schema"; readonly schemaId: number };

export interface RecordReader {
  read(record: KafkaRecord): Reading;
  /** After "known" or "missing" the records of that schema can be read; "unavailable": ask again later. */
  resolve(schemaId: number): Promise<"known" | "missing" | "unavailable">;
}

export function createRecordReader(codec: Pick<Codec, "decode" | "resolve">): RecordReader {
  return {
    read(record) {
      const decoded = codec.decode(record.topic, record.value);
      if (!decoded.ok) {
        const { failure } = decoded;
        if (failure.kind === "unresolved-schema") return failure;
        return { kind: "unreadable", reason: failure.reason, message: failure.message };
      }
      const event = toDomain(decoded.value);
      if (event.kind === "invalid") return invalid(event.message);
      if (record.key === null || record.key.toString("utf8") !== event.orderId) {
        return {
          kind: "unreadable",
          reason: "key_mismatch",
          message: "The record's key is not the event's orderId.",
        };
      }
      return { kind: "event", event, eventId: readEventHeaders(record.headers).eventId ?? null };
    },
    resolve: (schemaId) => codec.resolve(schemaId),
  };
}

function invalid(message: string): Reading {
  return { kind: "unreadable", reason: "invalid_event", message };
}

type Invalid = { readonly kind: "invalid"; readonly message: string };

function toDomain({ name, event }: DecodedEvent): OrderEvent | Invalid {
  switch (name) {
    case "Order":
      return toCreate("Order", event.orderId, event);
    case "OrderEvent":
      return fromEnvelope(event);
    case "OrderStatusUpdate":
      return toStatus("OrderStatusUpdate", event.orderId, event.status);
    case "DeadLetter":
    case "OrderDto":
      return { kind: "invalid", message: `A record of type ${name} is no event of an order's topic.` };
  }
}

function fromEnvelope(event: OrderEventOnWire): OrderEvent | Invalid {
  switch (event.eventType) {
    case "CREATE":
      return toCreate("OrderEvent", event.orderId, event.payload);
    case "UPDATE":
      return toStatus("OrderEvent", event.orderId, event.payload.status);
  }
}

function toStatus(
  eventType: "OrderEvent" | "OrderStatusUpdate",
  orderId: string,
  status: string,
): OrderEvent | Invalid {
  const problem = textProblem("orderId", orderId) ?? textProblem("status", status);
  if (problem !== undefined) return { kind: "invalid", message: problem };
  return { kind: "status", eventType, orderId, status: status.trim() };
}

function toCreate(
  eventType: "Order" | "OrderEvent",
  orderId: string,
  order: Omit<OrderOnWire, "orderId">,
): OrderEvent | Invalid {
  const texts = {
    orderId,
    customerId: order.customerId,
    orderDate: order.orderDate,
    currency: order.currency,
    status: order.status,
  };
  for (const [name, text] of Object.entries(texts)) {
    const problem = textProblem(name, text);
    if (problem !== undefined) return { kind: "invalid", message: problem };
  }
  const items = order.items.map(toLine);
  const totalCents = toCents(order.totalAmount);
  if (totalCents === undefined)
    return { kind: "invalid", message: "totalAmount must be between 0 and 90 trillion." };
  const sound = items.filter((item) => item !== undefined);
  if (sound.length < items.length) {
    return {
      kind: "invalid",
      message: "Every item needs an itemId, a quantity of 1 or more and a price of 0 or more.",
    };
  }
  return { kind: "create", eventType, ...texts, items: sound, totalCents };
}

function toLine({ itemId, quantity, price }: OrderItem) {
  const priceCents = toCents(price);
  if (priceCents === undefined || quantity < 1 || textProblem("itemId", itemId) !== undefined)
    return undefined;
  return { itemId, quantity, priceCents };
}

/** Undefined for what is no sum of money. The bound keeps shipping and sums below 2^53. */
function toCents(amount: number): number | undefined {
  const cents = Math.round(amount * 100);
  return cents >= 0 && cents <= 9e15 / 100 ? cents : undefined;
}

const maxTextLength = 1024;
// oxlint-disable-next-line no-control-regex
const controlCharacters = /[\u0000-\u001f\u007f-\u009f]/;

function textProblem(name: string, text: string): string | undefined {
  if (text.trim() === "") return `${name} must not be blank.`;
  if (text.length > maxTextLength) return `${name} must be at most ${maxTextLength} characters.`;
  if (controlCharacters.test(text)) return `${name} must not contain control characters.`;
  return undefined;
}
