// The order: decide what an event means for it, evolve it. Pure: no clock, no I/O, no Kafka type. Money is integer cents.

/** An order as it is stored. */
export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  /** ISO 8601, UTC. */
  readonly orderDate: string;
  readonly items: readonly OrderLine[];
  readonly totalCents: number;
  readonly shippingCents: number;
  /** ISO 4217. */
  readonly currency: string;
  readonly status: string;
  /** Which event created it. */
  readonly createdBy: Omit<EventOrigin, "source">;
  /** The last applied offset of each source; older records of that source have had their effect already. */
  readonly applied: Readonly<Record<Source, number>>;
  /** Counts applied events: 1 after the create. */
  readonly version: number;
}

/** What its later events are decided on, and what they change: an order without what its create fixed. */
export type OrderState = Pick<Order, "orderId" | "status" | "createdBy" | "applied" | "version">;

export interface OrderLine {
  readonly itemId: string;
  readonly quantity: number;
  readonly priceCents: number;
}

/**
 * A stream in which records of one order keep their order: `topic/partition`, and behind an `@` the cluster's life where
 * offsets begin anew with each (the embedded one).
 */
export type Source = string;

/** Where an event came from, which is its identity when it carries no id. */
export interface EventOrigin {
  readonly source: Source;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** What its producer named it; equal for a client's repeat of one create. */
  readonly eventId: string | null;
}

/** Which documented system an event belongs to: it decides how a failure is worded and retried. */
export type EventType = "Order" | "OrderStatusUpdate" | "OrderEvent";

export interface CreateEvent {
  readonly kind: "create";
  readonly eventType: EventType;
  readonly orderId: string;
  readonly customerId: string;
  readonly orderDate: string;
  readonly items: readonly OrderLine[];
  readonly totalCents: number;
  readonly currency: string;
  readonly status: string;
}

export interface StatusEvent {
  readonly kind: "status";
  readonly eventType: EventType;
  readonly orderId: string;
  readonly status: string;
}

export type OrderEvent = CreateEvent | StatusEvent;

export interface Rejection {
  readonly reason: "duplicate_create" | "unknown_order";
  readonly message: string;
}

export type Decision<Known extends OrderState = Order> =
  /** The event changes the order to this. */
  | { readonly kind: "apply"; readonly order: Order | Known }
  /** The event, or a later one of its source, has had its effect: nothing to do. */
  | { readonly kind: "already-applied" }
  | { readonly kind: "reject"; readonly rejection: Rejection };

/** `order` is what is known of it: whole, or its state. */
export function decide<Known extends OrderState>(
  order: Known | undefined,
  event: OrderEvent,
  origin: EventOrigin,
): Decision<Known> {
  if (order !== undefined && hasPassed(order, origin)) return { kind: "already-applied" };
  switch (event.kind) {
    case "create":
      if (order === undefined) return { kind: "apply", order: createOrder(event, origin) };
      if (isSameCreate(order, origin)) return { kind: "already-applied" };
      return { kind: "reject", rejection: duplicateCreate(event) };
    case "status":
      if (order === undefined) return { kind: "reject", rejection: unknownOrder(event) };
      return { kind: "apply", order: advance(order, origin, event.status) };
  }
}

function createOrder(event: CreateEvent, { source, topic, partition, offset, eventId }: EventOrigin): Order {
  return {
    orderId: event.orderId,
    customerId: event.customerId,
    orderDate: event.orderDate,
    items: event.items,
    totalCents: event.totalCents,
    shippingCents: shippingCentsFor(event.totalCents),
    currency: event.currency,
    status: event.status,
    createdBy: { topic, partition, offset, eventId },
    applied: { [source]: offset },
    version: 1,
  };
}

/** 2 % of the total, rounded half up to cents. */
export function shippingCentsFor(totalCents: number): number {
  return Math.floor((totalCents * 2 + 50) / 100);
}

/**
 * Redelivery: records of one order in one source are settled in order, so an offset at or below the last applied one
 * was settled before, whether it was applied or became a dead letter. Without this an update that was dead-lettered
 * because its order did not exist yet would be applied when it is read again.
 */
function hasPassed(order: OrderState, { source, offset }: EventOrigin): boolean {
  const last = order.applied[source];
  return last !== undefined && offset <= last;
}

/** A client's repeat of a create under one Idempotency-Key is another record with the same event id. */
function isSameCreate(order: OrderState, { eventId }: EventOrigin): boolean {
  return eventId !== null && order.createdBy.eventId === eventId;
}

function advance<Known extends OrderState>(
  order: Known,
  { source, offset }: EventOrigin,
  status: string,
): Known {
  return { ...order, status, applied: { ...order.applied, [source]: offset }, version: order.version + 1 };
}

function duplicateCreate({ eventType, orderId }: CreateEvent): Rejection {
  return {
    reason: "duplicate_create",
    message:
      eventType === "OrderEvent"
        ? `Duplicate CREATE request: Order with ID '${orderId}' already exists`
        : `Duplicate order ID: ${orderId} already exists. Cannot create duplicate order.`,
  };
}

function unknownOrder({ eventType, orderId }: StatusEvent): Rejection {
  return {
    reason: "unknown_order",
    message:
      eventType === "OrderEvent"
        ? `UPDATE request for unknown order: Order with ID '${orderId}' does not exist`
        : `Order ${orderId} not found. Cannot update status. Sending to DLQ.`,
  };
}
