// The order service's only memory, behind a port: one row an order, written in batches, never half of one.
// Several instances may share a store: the version guard of `save` lets one writer win and tells the others.
//
// Failures: `StoreUnavailable` (store-unavailable.ts) means the store is away and nothing is wrong with the event;
// `UnstorableOrder` (storable.ts) names the one order that no store can hold. Anything else thrown is a bug.

import type { Order, OrderState } from "../domain/order.ts";
import type { LetterFates } from "../replays/store/letter-fates.ts";
import type { ReplaySettlement, ReplayStore } from "../replays/store/replay-store.ts";
import type { ReplayItemId } from "../replays/domain/replay.ts";
import type { SagaStore } from "../saga/store/saga-store.ts";
import type { Audit } from "./audit.ts";
import type { DeadLetterIndex } from "./dead-letter-index.ts";
import type {
  DueRecord,
  ParkedId,
  ParkedPageRequest,
  ParkedProgress,
  ParkedRecord,
  ParkedState,
  ParkedSummary,
} from "./parked-records.ts";

/** A stored order is the domain's own. */
export type StoredOrder = Order;

/**
 * One order's new state after a batch. Several events of one order in one batch become one change.
 * `expectedVersion` is the version the decision was made on; 0 means that the order must not exist yet.
 * Over an existing order only `status`, `applied` and `version` are written: what the create fixed stays. A new one is to be
 * given whole.
 */
export interface OrderChange {
  readonly order: OrderState;
  readonly expectedVersion: number;
}

export interface OrderPageRequest {
  readonly limit: number;
  /** The last id of the page before; absent for the first page. */
  readonly afterOrderId?: string;
}

/** A partition's claim: the worker that holds the newest one may write for it, every older one is refused. */
export interface Claim {
  readonly source: string;
  /** Grows with each claim of the source. */
  readonly epoch: number;
  /** The offset after the last record that was written for this source: everything before has had its effect. */
  readonly nextOffset: number | null;
  /** All parked records of the source, by offset. */
  readonly parked: readonly ParkedSummary[];
}

/** How far a batch brings a source. */
export interface SourceProgress {
  readonly source: string;
  /** Of the claim that this worker holds. */
  readonly epoch: number;
  /** The offset after the last record of the batch; null when it has no new record of this source. */
  readonly nextOffset: number | null;
}

/** Everything that one batch writes. */
export interface BatchWrite {
  /** Every source that anything in the batch belongs to. */
  readonly progress: readonly SourceProgress[];
  readonly changes: readonly OrderChange[];
  readonly park: readonly ParkedRecord[];
  readonly repark: readonly (ParkedId & ParkedProgress)[];
  readonly unpark: readonly ParkedId[];
  /** Replays that have an outcome now. */
  readonly settle?: readonly ReplaySettlement[];
}

export type SaveOutcome =
  | { readonly kind: "saved" }
  /** Nothing was written: these orders are at another version than expected. Load them and decide again. */
  | { readonly kind: "conflicts"; readonly orderIds: readonly string[] }
  /** Nothing was written: these sources have been claimed by another worker since. */
  | { readonly kind: "fenced"; readonly sources: readonly string[] }
  /** Nothing was written: these replays have an outcome already. */
  | { readonly kind: "settled"; readonly items: readonly ReplayItemId[] };

/** The part of the store that is about partitions and their parked records. */
export interface Parking {
  /**
   * Takes these sources over: whoever held them can write for them no more, and what they have written is in the answer.
   * One transaction. Each source once, by name.
   */
  claim(sources: readonly string[]): Promise<readonly Claim[]>;

  /**
   * Of each source the offset after the last record that was written for it, without a claim; sources for which nothing was
   * written are absent. More may be written meanwhile: only a claim ends that.
   */
  readProgress(sources: readonly string[]): Promise<ReadonlyMap<string, number>>;

  /** The whole records, by source and offset; those that are not parked any more are absent. */
  loadParked(ids: readonly ParkedId[]): Promise<readonly ParkedRecord[]>;
  /** Records of these sources that are due at `nowMs` or that an operator gave an order about, at most `limit`: these first, then by due time. */
  listDue(sources: readonly string[], nowMs: number, limit: number): Promise<readonly DueRecord[]>;
  /** By source and offset. For operators. */
  listParked(page: ParkedPageRequest): Promise<readonly ParkedRecord[]>;
  /** Makes a waiting record due now; false when there is none. Its owner finds it by `listDue`. */
  retryNow(id: ParkedId, nowMs: number): Promise<boolean>;
  /**
   * Asks the owner to dead-letter a parked record instead of trying it again; false when there is none. The order stands
   * until its record is reparked as `dead` or unparked.
   */
  orderDeath(id: ParkedId): Promise<boolean>;
  /** How many records are parked, by state. */
  countParked(): Promise<Readonly<Record<ParkedState, number>>>;
}

export interface OrderStore extends Parking {
  /** What deciding needs of them, in one query; orders that do not exist are absent from the map. */
  load(orderIds: readonly string[]): Promise<Map<string, OrderState>>;
  /** These changes will probably be saved soon, as they are: what can be done for them before their turn is done now. */
  stage(changes: readonly OrderChange[]): void;
  /**
   * One transaction, durable when it resolves with `saved`: all of it or nothing. Give each order and each record at most
   * once. Parking a record that is parked already changes nothing; reparking or unparking one that is not, neither.
   *
   * After a `StoreUnavailable` the outcome is unknown, because the connection may have gone during COMMIT: `claim` again
   * and compare `nextOffset`, or load and decide again.
   */
  save(batch: BatchWrite): Promise<SaveOutcome>;
  readDetails(orderId: string): Promise<StoredOrder | undefined>;
  /** By orderId in the order of its UTF-8 bytes; pages stay stable while orders are added. */
  list(page: OrderPageRequest): Promise<readonly StoredOrder[]>;
  /** Ids, in the order of `list`, of the orders that an event of this topic was applied to. Reads every order. */
  idsFromTopic(topic: string): Promise<readonly string[]>;
  /** Exact, and as cheap with five million orders as with none. */
  count(): Promise<number>;
  /** The index of dead letters, in the same database. */
  readonly deadLetters: DeadLetterIndex;
  /** What became of dead letters, in the same database. */
  readonly letterFates: LetterFates;
  /** Replays of dead letters, in the same database. */
  readonly replays: ReplayStore;
  /** What operators have ordered, in the same database. */
  readonly audit: Audit;
  /** System C's sagas, in the same database. */
  readonly sagas: SagaStore;
  /** Resolves when the store answers and has its tables. */
  ping(): Promise<void>;
  /** Waits for what runs; operations after it are refused with `StoreUnavailable`. */
  close(): Promise<void>;
}
