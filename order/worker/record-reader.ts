// A record becomes an event of the domain, or the reason why it cannot. Never throws: bytes are other people's.
import type { KafkaRecord } from "../../kafka/record.ts";
import type { Codec } from "../../schemas/codec.ts";
import { readEventId } from "../../schemas/event-headers.ts";
import type {
  DecodedEvent,
  Order as OrderOnWire,
  OrderEvent as OrderEventOnWire,
  OrderItem,
} from "../../schemas/events.ts";
import type { FailedEvent } from "../domain/dead-letter.ts";
import type { EventType, OrderEvent, OrderLine } from "../domain/order.ts";
import { forgedReplay } from "../replays/domain/standing.ts";
import { topicReadAs } from "../replays/replay-desk.ts";

export type Reading =
  | {
      readonly kind: "event";
      readonly event: OrderEvent;
      readonly eventId: string | null;
      readonly decoded: DecodedEvent | null;
    }
  | NoEvent
  /** The registry has to be asked for this schema first. */
  | { readonly kind: "unresolved-schema"; readonly schemaId: number };

export interface NoEvent {
  /** `unreadable`: never an event. `invalid`: an event whose fields break a rule. */
  readonly kind: "unreadable" | "invalid";
  /** A stable code. */
  readonly reason: string;
  /** One sentence. */
  readonly message: string;
  readonly decoded: DecodedEvent | null;
}

export interface RecordReader {
  read(record: KafkaRecord): Reading;
  /** After "known" or "missing" the records of that schema can be read; "unavailable": ask again later. */
  resolve(schemaId: number): Promise<"known" | "missing" | "unavailable">;
}

/** Records of `replayTopic` are read as what they are replays of. */
export function createRecordReader(
  codec: Pick<Codec, "decode" | "resolve">,
  replayTopic?: string,
): RecordReader {
  return {
    read(record) {
      const topic = record.topic === replayTopic ? topicReadAs(record) : record.topic;
      if (topic === undefined) return noReplay;
      const outcome = codec.decode(topic, record.value);
      if (!outcome.ok) {
        const { failure } = outcome;
        if (failure.kind === "unresolved-schema") return failure;
        return { kind: "unreadable", reason: failure.reason, message: failure.message, decoded: null };
      }
      const decoded = outcome.value;
      if (!isEvent(decoded)) {
        const message = `A record of type ${decoded.name} is no event of an order's topic.`;
        return { kind: "unreadable", reason: "schema_of_other_subject", message, decoded };
      }
      const event = toDomain(decoded);
      if (record.key === null || !isTextOf(record.key, decoded.event.orderId)) {
        const message = "The record's key is not the event's orderId.";
        return { kind: "unreadable", reason: "key_mismatch", message, decoded };
      }
      if (event.kind === "invalid")
        return { kind: "invalid", reason: "invalid_event", message: event.message, decoded };
      return { kind: "event", event, eventId: readEventId(record.headers) ?? null, decoded };
    },
    resolve: (schemaId) => codec.resolve(schemaId),
  };
}

const noReplay: Reading = {
  kind: "unreadable",
  reason: forgedReplay,
  message: "The record names no dead letter that it is the replay of.",
  decoded: null,
};

/** Whether the bytes are this text in UTF-8. Nearly all ids are ASCII, and making a text of each key to compare it is dear. */
function isTextOf(bytes: Buffer, text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 0x80) return bytes.toString("utf8") === text;
    if (code !== bytes[index]) return false;
  }
  return bytes.length === text.length;
}

type Invalid = { readonly kind: "invalid"; readonly message: string };

type OrderTopicEvent = Exclude<DecodedEvent, { name: "DeadLetter" | "OrderDto" | "OrderState" }>;

function isEvent(decoded: DecodedEvent): decoded is OrderTopicEvent {
  return eventTypeOf(decoded) !== null;
}

function toDomain({ name, event }: OrderTopicEvent): OrderEvent | Invalid {
  switch (name) {
    case "Order":
      return toCreate("Order", event.orderId, event);
    case "OrderEvent":
      return fromEnvelope(event);
    case "OrderStatusUpdate":
      return toStatus("OrderStatusUpdate", event.orderId, event.status);
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
  const { customerId, orderDate, currency, status } = order;
  const problem =
    textProblem("orderId", orderId) ??
    textProblem("customerId", customerId) ??
    textProblem("orderDate", orderDate) ??
    textProblem("currency", currency) ??
    textProblem("status", status);
  if (problem !== undefined) return { kind: "invalid", message: problem };
  const totalCents = toCents(order.totalAmount);
  if (totalCents === undefined)
    return { kind: "invalid", message: "totalAmount must be between 0 and 90 trillion." };
  const items: OrderLine[] = [];
  for (const item of order.items) {
    const line = toLine(item);
    if (line === undefined) {
      return {
        kind: "invalid",
        message: "Every item needs an itemId, a quantity of 1 or more and a price of 0 or more.",
      };
    }
    items.push(line);
  }
  return { kind: "create", eventType, orderId, customerId, orderDate, currency, status, items, totalCents };
}

function toLine({ itemId, quantity, price }: OrderItem): OrderLine | undefined {
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
  // What begins with something visible is not blank.
  if (!(text.charCodeAt(0) > 0x20) && text.trim() === "") return `${name} must not be blank.`;
  if (text.length > maxTextLength) return `${name} must be at most ${maxTextLength} characters.`;
  if (controlCharacters.test(text)) return `${name} must not contain control characters.`;
  return undefined;
}

/** The event types that order's topics carry. */
export function eventTypeOf({ name }: DecodedEvent): EventType | null {
  return name === "DeadLetter" || name === "OrderDto" || name === "OrderState" ? null : name;
}

/** What a failed record tells of its event. Costs a JSON text, so only failing records pay for it. */
export function describeEvent(reading: Exclude<Reading, { kind: "unresolved-schema" }>): FailedEvent {
  const { decoded } = reading;
  return {
    eventType: decoded?.name ?? null,
    eventId: reading.kind === "event" ? reading.eventId : null,
    schemaId: decoded?.schemaId ?? null,
    eventJson: decoded === null ? null : JSON.stringify(decoded.event),
  };
}
