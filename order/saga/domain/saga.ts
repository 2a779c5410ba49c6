// One order of system C and the two decisions about it, as far as they have arrived. A saga also exists without its order,
// when a decision came first. What arrives changes it by the three functions of transitions.ts and by nothing else.
import type { OriginalRecord } from "../../domain/dead-letter.ts";

/** Who decides: `payment` on the topic of the payment service, `stock` on that of the inventory. */
export type Side = "payment" | "stock";

export type Answer = "ACCEPT" | "REJECT";

export type SettledStatus = "CONFIRMED" | "REJECTED" | "ROLLBACK";

export type SagaStatus = "NEW" | SettledStatus;

export interface SagaLine {
  readonly productId: string;
  readonly quantity: number;
  readonly unitPriceCents: number;
}

export interface PlacedOrder {
  readonly customerId: string;
  readonly items: readonly SagaLine[];
  readonly placedAtMs: number;
}

/**
 * `pending`: waits for its partner, or for its order. `joined`: part of the order's result. `late`: came too long after
 * its partner. `expired`: its partner, or its order, did not come in time. The last two are dead letters as well.
 */
export type DecisionState = "pending" | "joined" | "late" | "expired";

/** The first decision of a side, which is the one that counts. */
export interface KeptDecision {
  readonly answer: Answer;
  /** As sent; any text. */
  readonly source: string | null;
  /** The record's timestamp: the join's window is about these. */
  readonly eventTimeMs: number;
  /** By this service's clock. */
  readonly receivedAtMs: number;
  readonly state: DecisionState;
  /** An operator has ordered that it counts whatever the time between the two. */
  readonly replayed: boolean;
  /** When it expires; null unless it is pending. */
  readonly deadlineAtMs: number | null;
  /** What its dead letter will hold; null unless it is pending. */
  readonly original: OriginalRecord | null;
  readonly groupId: string;
}

export type LetterReason = "contradictory_decision" | "outside_window" | "partner_missing" | "unknown_order";

/** `decided`: the first decision of its side. `replayed`: one that counts by an operator's order. */
export type DecisionEventKind = "decided" | "replayed" | "duplicate" | "contradictory" | "late" | "expired";

/** An entry of a saga's time line; times are this service's. */
export type SagaEvent =
  | { readonly kind: "placed"; readonly atMs: number }
  | {
      readonly kind: DecisionEventKind;
      readonly atMs: number;
      readonly side: Side;
      readonly answer: Answer;
      /** As sent, at most its first 100 characters. */
      readonly source: string | null;
      readonly eventTimeMs: number;
      /** Of the dead letter that it became; null for none. */
      readonly reason: LetterReason | null;
    }
  | {
      readonly kind: "settled";
      readonly atMs: number;
      readonly status: SettledStatus;
      readonly source: string | null;
    };

/** Where an order's NEW lies in an outbox: its result must not be published before it. */
export interface SagaHome {
  readonly outbox: string;
  readonly seq: number;
}

export interface Saga {
  /** A positive safe integer. */
  readonly orderId: number;
  /** Null while only decisions have come. */
  readonly order: PlacedOrder | null;
  /** NEW until both decisions have met; then it never changes again. */
  readonly status: SagaStatus;
  readonly source: string | null;
  readonly payment: KeptDecision | null;
  readonly stock: KeptDecision | null;
  /** When the first of the pending decisions expires; null when none is pending. */
  readonly deadlineAtMs: number | null;
  readonly settledAtMs: number | null;
  /** The oldest first; bounded, see time-line.ts. */
  readonly history: readonly SagaEvent[];
  /** Set by the store when it has written the order's NEW. */
  readonly home: SagaHome | null;
  /** Counts what has arrived: 1 after the first. */
  readonly version: number;
}

/** An order as it is about to be placed. */
export type Placement = Pick<Saga, "orderId"> & Omit<PlacedOrder, "placedAtMs">;

/** A decision that was read from a record. */
export interface Decision {
  readonly orderId: number;
  readonly side: Side;
  readonly answer: Answer;
  readonly source: string | null;
  readonly eventTimeMs: number;
  /** The id of the dead letter whose replay this is; null for a record of the deciding service itself. */
  readonly replayOf: string | null;
  readonly original: OriginalRecord;
  readonly groupId: string;
}

/** `joined` counts orders that were settled, everything else decisions; `early` ones came before their order. */
export type Counted = "joined" | "early" | "duplicate" | "contradictory" | "late" | "expired" | "replayed";

/** What a change of a saga asks for, in this order. */
export type SagaEffect =
  /** The order becomes known to the deciding services: NEW to `orders`. */
  | { readonly kind: "announce" }
  /** The order's status and source to `orders`; at most once in a saga's life, and never before its `announce`. */
  | { readonly kind: "result" }
  | {
      readonly kind: "dead-letter";
      readonly side: Side;
      readonly reason: LetterReason;
      readonly message: string;
      readonly original: OriginalRecord;
      readonly groupId: string;
    }
  | { readonly kind: "counted"; readonly what: Counted };

export interface Transition {
  /** The very same object when nothing has changed; there is nothing to save then. */
  readonly saga: Saga;
  readonly effects: readonly SagaEffect[];
}
