// The order service's only memory, behind a port: one row an order, written in batches, never half of one.
// Several instances may share a store: the version guard of `save` lets one writer win and tells the others.
//
// Failures: `StoreUnavailable` (store-unavailable.ts) means the store is away and nothing is wrong with the event;
// `UnstorableOrder` (storable.ts) names the one order that no store can hold. Anything else thrown is a bug.

/** Where a record sits in Kafka; the identity of an event that carries no id. */
export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** One order line. Prices are integer minor units. */
export interface StoredItem {
  readonly itemId: string;
  readonly quantity: number;
  readonly priceCents: number;
}

/** A stored order: the state that decisions are made on. Money in integer minor units. */
export interface StoredOrder {
  readonly orderId: string;
  readonly customerId: string;
  /** ISO 8601, exactly as the event had it. */
  readonly orderDate: string;
  readonly items: readonly StoredItem[];
  readonly totalCents: number;
  readonly shippingCents: number;
  readonly currency: string;
  readonly status: string;
  /** Which event created the order: how a redelivered or repeated create is recognised as itself. */
  readonly createdBy: RecordPosition & { readonly eventId: string | null };
  /** Last applied offset by `topic/partition`, written in the same transaction as the change it stands for. */
  readonly applied: Readonly<Record<string, number>>;
  /** How many events have been applied: 1 after the create. */
  readonly version: number;
}

/**
 * One order's new state after a batch. Several events of one order in one batch become one change.
 * `expectedVersion` is the version the decision was made on; 0 means that the order must not exist yet.
 * Over an existing order only `status`, `applied` and `version` are written: what the create fixed stays.
 */
export interface OrderChange {
  readonly order: StoredOrder;
  readonly expectedVersion: number;
}

export interface OrderPageRequest {
  readonly limit: number;
  /** The last id of the page before; absent for the first page. */
  readonly afterOrderId?: string;
}

export interface OrderStore {
  /** One query for all of them; orders that do not exist are absent from the map. */
  load(orderIds: readonly string[]): Promise<Map<string, StoredOrder>>;
  /**
   * One transaction, durable when it resolves. Writes every change whose expected version still holds and answers the
   * ids of the others, which were not written. Give each order at most once.
   *
   * After a `StoreUnavailable` the outcome is unknown, because the connection may have gone during COMMIT: load again
   * and decide again. If the batch had been written, `applied` and `version` say so, and a blind repeat conflicts.
   */
  save(changes: readonly OrderChange[]): Promise<{ readonly conflicts: readonly string[] }>;
  readDetails(orderId: string): Promise<StoredOrder | undefined>;
  /** By orderId in the order of its UTF-8 bytes; pages stay stable while orders are added. */
  list(page: OrderPageRequest): Promise<readonly StoredOrder[]>;
  /** Ids, in the order of `list`, of the orders that an event of this topic was applied to. Reads every order. */
  idsFromTopic(topic: string): Promise<readonly string[]>;
  /** Exact, and as cheap with five million orders as with none. */
  count(): Promise<number>;
  /** Resolves when the store answers and has its tables. */
  ping(): Promise<void>;
  /** Waits for what runs; operations after it are refused with `StoreUnavailable`. */
  close(): Promise<void>;
}
