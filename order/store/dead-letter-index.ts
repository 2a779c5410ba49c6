// The index of dead letters: one row a failed event, fed from the DLQ topic, so that it can be rebuilt from there.
import type { LetterState } from "../replays/domain/replay.ts";
import type { DeathCertificate, FailedAttempt, FailedEvent, OriginalRecord } from "../domain/dead-letter.ts";

/** A dead letter as the DLQ topic has it. */
export interface IndexedDeadLetter {
  /** Identity of the failed event: `topic/partition/offset`. Copies on the topic are one row. */
  readonly id: string;
  readonly original: OriginalRecord;
  /** When the value was too large to be kept: its size in bytes and SHA-256 (hex); `original.value` is null then. */
  readonly omittedValue: { readonly size: number; readonly sha256: string } | null;
  readonly consumerGroup: string;
  readonly errorType: string;
  readonly errorMessage: string;
  readonly death: DeathCertificate;
  readonly event: FailedEvent;
  /** How often it was tried; `attempts` may have fewer. */
  readonly failedAttempts: number;
  readonly attempts: readonly FailedAttempt[];
  readonly firstFailedAtMs: number;
  readonly lastFailedAtMs: number;
  /** Where its first copy lies on the DLQ topic: `dlq.list` is in this order. */
  readonly dlqPartition: number;
  readonly dlqOffset: number;
}

export interface DeadLetterFilter {
  readonly topic?: string;
  readonly errorType?: string;
  readonly category?: string;
  readonly reason?: string;
  /** The record's key as text. */
  readonly orderId?: string;
  /** What became of it since. */
  readonly state?: LetterState;
  /** Of its kind of failure. */
  readonly fingerprint?: string;
  /** Occurs in the error message or in the event's JSON, whatever its case. */
  readonly text?: string;
  /** Last failure at or after, before: milliseconds since the epoch. */
  readonly fromMs?: number;
  readonly untilMs?: number;
}

/** Place of a dead letter in topic order. */
export interface DeadLetterPlace {
  readonly dlqPartition: number;
  readonly dlqOffset: number;
}

export interface DeadLetterIndex {
  /**
   * Adds what is not there yet, in one transaction; a copy of a known event changes nothing, unless it tells of a later
   * failure: that takes the place of the one before.
   */
  add(letters: readonly IndexedDeadLetter[]): Promise<void>;
  /** In topic order; `after` and `offset` exclude each other. */
  list(page: {
    readonly filter: DeadLetterFilter;
    readonly limit: number;
    readonly after?: DeadLetterPlace;
    readonly offset?: number;
  }): Promise<readonly IndexedDeadLetter[]>;
  get(id: string): Promise<IndexedDeadLetter | undefined>;
  /** All of them by category; cheap. */
  countByCategory(): Promise<Readonly<Record<string, number>>>;
  /** Forgets everything, to be fed anew from the topic; what operators decided about letters comes back with them. */
  clear(): Promise<void>;
}
