// What travels on the topics, as TypeScript sees it. Field names are the wire's own (the .avsc files give their meaning);
// an encoded event has every field, absent values are an explicit null, and numbers are finite and within `numberBounds`.

/** What a number may be on the wire. */
export const numberBounds = {
  /** avsc reads a long below -2^52 as another, positive number, without an error: such a value is refused both ways. */
  minLong: -(2 ** 52),
  /** The largest whole number that avsc takes without a loss. */
  maxLong: 2 ** 53 - 2,
  minInt: -(2 ** 31),
  maxInt: 2 ** 31 - 1,
} as const;

export interface OrderItem {
  readonly itemId: string;
  readonly quantity: number;
  /** Decimal with two digits, in the order's currency. */
  readonly price: number;
}

/** System A's creation event. */
export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  /** ISO 8601, UTC. */
  readonly orderDate: string;
  readonly items: readonly OrderItem[];
  readonly totalAmount: number;
  readonly currency: string;
  readonly status: string;
}

/** System A's update event. */
export interface OrderStatusUpdate {
  readonly orderId: string;
  readonly status: string;
  /** ISO 8601, UTC. */
  readonly updateTimestamp: string;
  /** `STATUS_UPDATE`. */
  readonly eventType: string;
}

export type CreateOrderPayload = Omit<Order, "orderId">;

export interface UpdateOrderPayload {
  readonly status: string;
}

export interface OrderEventHead {
  readonly orderId: string;
  /** ISO 8601, UTC. */
  readonly timestamp: string;
}

/** System B's event. `eventType` and the payload's branch agree: the codec refuses bytes in which they do not. */
export type OrderEvent =
  | (OrderEventHead & { readonly eventType: "CREATE"; readonly payload: CreateOrderPayload })
  | (OrderEventHead & { readonly eventType: "UPDATE"; readonly payload: UpdateOrderPayload });

export interface DeadLetterHeader {
  readonly name: string;
  readonly value: Buffer | null;
}

export interface DeadLetterAttempt {
  /** Counts from 1. */
  readonly attempt: number;
  /** ISO 8601, UTC. */
  readonly failedAt: string;
  readonly errorType: string;
  readonly errorMessage: string;
}

/** A failed event as it lies on the DLQ topic; dlq.avsc says what each field means. */
export interface DeadLetter {
  readonly originalMessage: string | null;
  readonly errorMessage: string;
  readonly errorType: string;
  readonly retryCount: number;
  readonly failedAttempts: number;
  readonly firstFailureTimestamp: string;
  readonly lastFailureTimestamp: string;
  readonly originalTopic: string;
  readonly originalPartition: number;
  readonly originalOffset: number;
  readonly consumerGroup: string;
  /** Null for a tombstone, and for a value too large to keep: then the next two are set. */
  readonly originalValue: Buffer | null;
  readonly originalValueSize: number | null;
  readonly originalValueSha256: string | null;
  readonly originalKey: Buffer | null;
  readonly originalHeaders: readonly DeadLetterHeader[];
  readonly originalTimestampMs: number | null;
  readonly errorCategory: "NO_RETRY_DLQ" | "RETRY_THEN_DLQ" | "RETRY_FOREVER";
  readonly reasonCode: string | null;
  readonly eventId: string | null;
  readonly eventType: string | null;
  readonly schemaId: number | null;
  readonly attempts: readonly DeadLetterAttempt[];
}

export interface OrderDtoItem {
  readonly productId: string;
  readonly quantity: number;
  readonly price: number;
}

/** System C's order and decision. */
export interface OrderDto {
  readonly orderId: number;
  readonly customerId: string;
  readonly status: string;
  readonly source: string | null;
  readonly items: readonly OrderDtoItem[];
}

/** What an order is, as the feed of states tells it. */
export interface OrderState extends Order {
  /** Counts applied events: 1 after the create. */
  readonly version: number;
  readonly shippingCost: number;
}

/** Every event type by the name that code calls it, which is its record's name without the namespace. */
export interface EventTypes {
  readonly Order: Order;
  readonly OrderStatusUpdate: OrderStatusUpdate;
  readonly OrderEvent: OrderEvent;
  readonly DeadLetter: DeadLetter;
  readonly OrderDto: OrderDto;
  readonly OrderState: OrderState;
}
export type SchemaName = keyof EventTypes;

/** An event with the id of the schema it was written with; `name` tells which type `event` has. */
export type DecodedEvent = {
  readonly [Name in SchemaName]: {
    readonly name: Name;
    readonly event: EventTypes[Name];
    readonly schemaId: number;
  };
}[SchemaName];
