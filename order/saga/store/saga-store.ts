// System C's memory, behind a port, in the order store's database: a row a saga, and the outboxes in which messages for
// Kafka wait, written in the same transactions. Several instances may share it: the version guard of `save` lets one
// writer win and tells the others.
//
// Failures: `StoreUnavailable` means the store is away and nothing is wrong with what was asked; `UnstorableSaga`
// (storable-saga.ts) names the one saga that no store can hold. Anything else thrown is a bug.
import type { ReplayItemId } from "../../replays/domain/replay.ts";
import type { ReplaySettlement } from "../../replays/store/replay-store.ts";
import type { SourceProgress } from "../../store/order-store.ts";
import type { Counted, DecisionState, Saga, SagaStatus } from "../domain/saga.ts";

/**
 * One saga's new state after a batch. Several decisions about one order in one batch become one change.
 * `expectedVersion` is the version the decision was made on; 0 means that the saga must not exist yet.
 */
export interface SagaRecord {
  readonly saga: Saga;
  readonly expectedVersion: number;
}

/** A message for Kafka as it lies in an outbox: everything is fixed when it is written. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly key: Buffer;
  readonly value: Buffer;
  readonly headers: readonly (readonly [name: string, value: Buffer])[];
  /** The order that it is about, which decides its outbox; null for none. */
  readonly orderId: number | null;
}

/** What is remembered of a placement that came with an Idempotency-Key, in the transaction that places its order. */
export interface KeyedRequest {
  /** 1 to 255 visible ASCII characters. */
  readonly key: string;
  /** Of what was asked for: SHA-256, hexadecimal. */
  readonly fingerprint: string;
  readonly orderId: number;
  readonly requestedAtMs: number;
}

export interface SagaWrite {
  /** Every source that anything in the batch belongs to; empty for placing and for deadlines. */
  readonly progress: readonly SourceProgress[];
  readonly changes: readonly SagaRecord[];
  /**
   * Appended in this order to `outbox`, except those about a saga of `changes` whose home is another outbox that has not
   * published its NEW yet: these to that one. A saga with an order and without a home gets it: the place of its first message.
   */
  readonly messages: readonly OutgoingMessage[];
  readonly outbox: string;
  /** What is added to the totals of `stats`. */
  readonly counted?: Readonly<Partial<Record<Counted, number>>>;
  /** Each key once. A key is taken for good, until it is forgotten: the first save that commits has it. */
  readonly requests?: readonly KeyedRequest[];
  /** How replays of dead letters end, which are part of this: see ../../replays. */
  readonly settle?: readonly ReplaySettlement[];
}

export type SagaSaveOutcome =
  /**
   * `lastSeq`: of the last message in `outbox`; null when there was none for it. `elsewhere`: the orders whose messages were
   * appended to another outbox; absent for none.
   */
  | { readonly kind: "saved"; readonly lastSeq: number | null; readonly elsewhere?: readonly number[] }
  /** Nothing was written: these sagas are at another version than expected. Load them and decide again. */
  | { readonly kind: "conflicts"; readonly orderIds: readonly number[] }
  /** Nothing was written: these sources have been claimed by another worker since. */
  | { readonly kind: "fenced"; readonly sources: readonly string[] }
  /** Nothing was written: other requests, or this one before, have these Idempotency-Keys. `readRequest` tells whose they are. */
  | { readonly kind: "keys-taken"; readonly keys: readonly string[] }
  /** Nothing was written: these replays have their outcome already. */
  | { readonly kind: "settled"; readonly items: readonly ReplayItemId[] };

/** A partition's claim, as `Claim` of the order store; sagas park nothing. */
export interface SagaClaim {
  readonly source: string;
  readonly epoch: number;
  readonly nextOffset: number | null;
}

export interface SagaStats {
  /** Placed orders by status. */
  readonly orders: Readonly<Record<SagaStatus, number>>;
  /** Orders that decisions have come for, and nobody has placed. */
  readonly withoutOrder: number;
  /** The decisions that count, by what they are now. */
  readonly decisions: Readonly<Record<DecisionState, number>>;
  /** What has happened so far. */
  readonly counted: Readonly<Record<Counted, number>>;
  /** Messages that are written and not known to be on their topics. */
  readonly unpublished: number;
}

export interface OutboxState {
  readonly id: string;
  /** That the next message will have; the first is 1. */
  readonly nextSeq: number;
  /** Everything up to here is on its topics; 0 for nothing. */
  readonly publishedSeq: number;
  /** By partition (`topic/partition`): the offset before which no message after `publishedSeq` lies. */
  readonly ends: Readonly<Record<string, number>>;
}

export interface OutboxRow extends OutgoingMessage {
  readonly seq: number;
  /** By the database's clock. */
  readonly createdAtMs: number;
}

export interface SagaStore {
  /** `OrderStore.claim`, in the same table: whoever held these sources can write for them no more. */
  claim(sources: readonly string[]): Promise<readonly SagaClaim[]>;

  /** New positive integers, ascending; none is ever given twice, also when nothing is placed under it. */
  allocateOrderIds(count: number): Promise<readonly number[]>;
  /** One query for all of them; sagas that do not exist are absent from the map. */
  load(orderIds: readonly number[]): Promise<Map<number, Saga>>;
  /**
   * One transaction, durable when it resolves with `saved`: all of it or nothing. Give each saga and each source at most once.
   *
   * After a `StoreUnavailable` the outcome is unknown, because the connection may have gone during COMMIT: `claim` again
   * and compare `nextOffset`, or load and decide again.
   */
  save(write: SagaWrite): Promise<SagaSaveOutcome>;
  /** Sagas whose deadline has passed, the longest overdue first. */
  listDue(nowMs: number, limit: number): Promise<readonly Saga[]>;
  read(orderId: number): Promise<Saga | undefined>;
  /** Placed orders by orderId, and how many there are. */
  list(page: {
    readonly offset: number;
    readonly limit: number;
  }): Promise<{ readonly sagas: readonly Saga[]; readonly total: number }>;
  /** Exact, and as cheap with millions of sagas as with none. */
  stats(): Promise<SagaStats>;

  /** The order that was placed under an Idempotency-Key; undefined when there is none, or it is forgotten. */
  readRequest(key: string): Promise<Pick<KeyedRequest, "fingerprint" | "orderId"> | undefined>;
  /** Forgets at most `limit` keys that were requested before `beforeMs`, the oldest first. Answers how many. */
  forgetRequests(beforeMs: number, limit: number): Promise<number>;

  /**
   * Takes or renews the lease on an outbox, which is made when it is missing. A lease decides who tries to publish;
   * that only one can is the broker's doing.
   */
  leaseOutbox(
    id: string,
    owner: string,
    nowMs: number,
    untilMs: number,
  ): Promise<OutboxState | "leased by another">;
  /** Outboxes with unpublished messages that nobody has a lease on at `nowMs`. */
  listAbandonedOutboxes(nowMs: number): Promise<readonly string[]>;
  /** Messages after `afterSeq` by seq. What is visible has no gap that a later commit could fill. */
  readOutbox(id: string, afterSeq: number, limit: number): Promise<readonly OutboxRow[]>;
  /** Everything up to `publishedSeq` is on its topics, and is removed. Older news than the store has changes nothing. */
  settleOutbox(id: string, publishedSeq: number, ends: Readonly<Record<string, number>>): Promise<void>;
  /** Gives a lease up, when `owner` has it. */
  releaseOutbox(id: string, owner: string): Promise<void>;
}
