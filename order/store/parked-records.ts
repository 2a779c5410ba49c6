// Records that left the happy path, kept in the store in the same transaction as the batch they came with: those that
// wait for their next attempt, those that wait behind one of their lane, and those whose dead letter is on its way.
import type { ReplayItemId } from "../replays/domain/replay.ts";
import type { DeathCertificate, FailedAttempt, FailedEvent, OriginalRecord } from "../domain/dead-letter.ts";

/** Identity of a record: its source (`topic/partition@life`) and offset. */
export interface ParkedId {
  readonly source: string;
  readonly offset: number;
}

/**
 * `waiting`: first of its lane, tried again at `dueAtMs`. `behind`: an earlier record of its lane waits. `dead`: its dead
 * letter has to be published, then the row goes.
 */
export type ParkedState = "waiting" | "behind" | "dead";

/** What changes while a record is parked. */
export interface ParkedProgress {
  readonly state: ParkedState;
  /** Every failed attempt so far, oldest first; empty for `behind`. At most 20 are kept: the first and the last ones. */
  readonly attempts: readonly FailedAttempt[];
  /** Milliseconds since the epoch; present with `waiting` only. */
  readonly dueAtMs: number | null;
  /** Present with `dead` only. */
  readonly death: DeathCertificate | null;
}

export interface ParkedRecord extends ParkedId, ParkedProgress {
  /** What it waits with: records of one lane of one source are tried one after the other. */
  readonly lane: string;
  readonly groupId: string;
  readonly original: OriginalRecord;
  readonly event: FailedEvent;
  /** Of a replay that failed again, on its way to the DLQ topic; never stored. */
  readonly replayOf?: ReplayItemId & { readonly letterId: string; readonly traceparent?: string | undefined };
}

/** A parked record without its bytes: what a worker keeps in memory of its partitions. */
export interface ParkedSummary extends ParkedId {
  readonly lane: string;
  readonly state: ParkedState;
  readonly dueAtMs: number | null;
}

/** What an operator asked for; the worker that owns the source carries it out and clears it. */
export type ParkedOrder = "dead-letter";

/** A parked record that its owner has something to do about. */
export interface DueRecord extends ParkedSummary {
  readonly order: ParkedOrder | null;
}

export interface ParkedPageRequest {
  readonly limit: number;
  /** Last id of the page before. */
  readonly after?: ParkedId;
  /** Only records whose lane is this order. */
  readonly orderId?: string;
}
