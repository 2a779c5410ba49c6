// Every schema of the product by name: its text for the registry, its compiled avsc type, and how the value that avsc
// speaks becomes the event that the code speaks. avsc wraps a union of two records as `{ "<full name>": value }`; that
// stays in here, and OrderEvent is a plain discriminated union outside.
import { type Schema, Type } from "avsc";
import deadLetter from "./dlq.avsc" with { type: "json" };
import order from "./order.avsc" with { type: "json" };
import orderDto from "./order_dto.avsc" with { type: "json" };
import orderEvent from "./order_event.avsc" with { type: "json" };
import orderState from "./order_state.avsc" with { type: "json" };
import orderStatusUpdate from "./status_update.avsc" with { type: "json" };
import type {
  CreateOrderPayload,
  DeadLetter,
  DecodedEvent,
  Order,
  OrderDto,
  OrderEvent,
  OrderEventHead,
  OrderState,
  OrderStatusUpdate,
  SchemaName,
  UpdateOrderPayload,
} from "./events.ts";

/** What a record whose parts contradict each other reads as. */
export const contradiction: unique symbol = Symbol("contradiction");
export type Contradiction = typeof contradiction;

type Resolver = Parameters<Type["decode"]>[2];

const createBranch = "com.ecommerce.order.CreateOrderPayload";
const updateBranch = "com.ecommerce.order.UpdateOrderPayload";

interface OrderEventWire extends OrderEventHead {
  readonly eventType: OrderEvent["eventType"];
  readonly payload: {
    readonly [createBranch]?: CreateOrderPayload;
    readonly [updateBranch]?: UpdateOrderPayload;
  };
}

export interface CatalogEntry {
  /** Namespace and name: what tells record types apart, and the second half of the subject. */
  readonly fullName: string;
  /** The schema as it is registered: compact JSON, docs included. */
  readonly definition: string;
  readonly type: Type;
  /** The event as avsc takes it. Total: a value of the wrong shape comes back in a shape that the value check refuses. */
  readonly toWire: (event: unknown) => unknown;
  /**
   * The event at a position of checked bytes; the resolver is needed when another version of the schema wrote them.
   * Throws what avsc throws when that version holds a value that ours has no place for.
   */
  readonly read: (
    bytes: Buffer,
    position: number,
    schemaId: number,
    resolver?: Resolver,
  ) => DecodedEvent | Contradiction;
}

/** How every type is compiled: plain records, unions wrapped only where they would be ambiguous. */
export function compileType(schema: Schema): Type {
  return Type.forSchema(schema, { omitRecordMethods: true, wrapUnions: "auto" });
}

// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- names what avsc, which has no types, reads here
function entry<Wire>(
  schema: typeof order,
  fromWire: (wire: Wire, schemaId: number) => DecodedEvent | Contradiction,
  toWire: (event: unknown) => unknown = (event) => event,
): CatalogEntry {
  const type = compileType(schema);
  return {
    fullName: `${schema.namespace}.${schema.name}`,
    definition: JSON.stringify(schema),
    type,
    toWire,
    read: (bytes, position, schemaId, resolver) =>
      fromWire(type.decode(bytes, position, resolver).value, schemaId),
  };
}

function orderEventToWire(event: unknown): unknown {
  if (typeof event !== "object" || event === null || !("eventType" in event) || !("payload" in event)) {
    return event;
  }
  const branch = event.eventType === "CREATE" ? createBranch : updateBranch;
  return { ...event, payload: { [branch]: event.payload } };
}

function orderEventFromWire(wire: OrderEventWire): OrderEvent | Contradiction {
  const { eventType, orderId, timestamp } = wire;
  if (eventType === "UPDATE") {
    const payload = wire.payload[updateBranch];
    return payload === undefined ? contradiction : { eventType, orderId, timestamp, payload };
  }
  const payload = wire.payload[createBranch];
  return payload === undefined ? contradiction : { eventType, orderId, timestamp, payload };
}

function decodedOrderEvent(wire: OrderEventWire, schemaId: number): DecodedEvent | Contradiction {
  const event = orderEventFromWire(wire);
  return event === contradiction ? contradiction : { name: "OrderEvent", event, schemaId };
}

export const schemaCatalog: Readonly<Record<SchemaName, CatalogEntry>> = {
  Order: entry(order, (event: Order, schemaId) => ({ name: "Order", event, schemaId })),
  OrderStatusUpdate: entry(orderStatusUpdate, (event: OrderStatusUpdate, schemaId) => ({
    name: "OrderStatusUpdate",
    event,
    schemaId,
  })),
  OrderEvent: entry(orderEvent, decodedOrderEvent, orderEventToWire),
  DeadLetter: entry(deadLetter, (event: DeadLetter, schemaId) => ({ name: "DeadLetter", event, schemaId })),
  OrderDto: entry(orderDto, (event: OrderDto, schemaId) => ({ name: "OrderDto", event, schemaId })),
  OrderState: entry(orderState, (event: OrderState, schemaId) => ({ name: "OrderState", event, schemaId })),
};

export const schemaNames: readonly SchemaName[] = [
  "Order",
  "OrderStatusUpdate",
  "OrderEvent",
  "DeadLetter",
  "OrderDto",
  "OrderState",
];

/** TopicRecordNameStrategy: one topic may carry several record types, each evolving on its own. */
export function subjectOf(topic: string, name: SchemaName): string {
  return `${topic}-${schemaCatalog[name].fullName}`;
}
