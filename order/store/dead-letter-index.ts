// The index of dead letters: one row a failed event, fed from the DLQ topics, so that it can be rebuilt from there.
import type { LetterState } from "../replays/domain/replay.ts";
import type { DeathCertificate, FailedAttempt, FailedEvent, OriginalRecord } from "../domain/dead-letter.ts";

/** What a letter may have left out, so that it fitted its topic. */
export const omissions = ["text", "headers", "value", "key"] as const;
export type Omission = (typeof omissions)[number];

/** A dead letter as its DLQ topic has it. */
export interface IndexedDeadLetter {
  /**
   * Identity of the failed event: `topic/partition/offset`. Copies on the DLQ topics are one row. The index gives
   * `topic/partition@time/offset` to an event whose id somebody else has: see `DeadLetterIndex.add`.
   */
  readonly id: string;
  readonly original: OriginalRecord;
  /** When the value was too large to be kept: its size in bytes and SHA-256 (hex); `original.value` is null then. */
  readonly omittedValue: { readonly size: number; readonly sha256: string } | null;
  /** `text`: the event's JSON; `headers`: some of them. Empty for a letter that is whole. */
  readonly omitted: readonly Omission[];
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
  /**
   * Where its first copy lies: `dlq.list` is in the order of topic, partition and offset. The topic is empty for letters that
   * were indexed when there was one DLQ topic, until the index is made anew.
   */
  readonly dlqTopic: string;
  readonly dlqPartition: number;
  readonly dlqOffset: number;
}

/** Whether a replay of it would be the original, byte for byte; its JSON text only repeats the bytes. */
export function isWhole({
  omittedValue,
  omitted,
}: Pick<IndexedDeadLetter, "omittedValue" | "omitted">): boolean {
  return omittedValue === null && omitted.every((part) => part === "text");
}

export interface DeadLetterFilter {
  /** Of the original record. */
  readonly topic?: string;
  /** The letter lies on one of these DLQ topics; see `IndexedDeadLetter.dlqTopic` for the empty one. */
  readonly dlqTopics?: readonly string[];
  readonly errorType?: string;
  readonly category?: string;
  readonly reason?: string;
  /** The record's key, as `orderIdOf` reads it. */
  readonly orderId?: string;
  /** What became of it since. */
  readonly state?: LetterState;
  /** Of its kind of failure. */
  readonly fingerprint?: string;
  /** Occurs in the error message or in the event's JSON, whatever its case. */
  readonly text?: string;
  /** A header of the original record, with exactly this value. */
  readonly header?: { readonly name: string; readonly value: string };
  /** Last failure at or after, before: milliseconds since the epoch. */
  readonly fromMs?: number;
  readonly untilMs?: number;
}

/** Place of a dead letter in topic order. */
export interface DeadLetterPlace {
  readonly dlqTopic: string;
  readonly dlqPartition: number;
  readonly dlqOffset: number;
}

/** How many letters a DLQ topic has of a category. */
export interface DeadLetterCount {
  readonly dlqTopic: string;
  readonly category: string;
  readonly letters: number;
}

export interface DeadLetterPage {
  readonly filter: DeadLetterFilter;
  readonly limit: number;
  readonly after?: DeadLetterPlace;
  readonly offset?: number;
}

export interface DeadLetterIndex {
  /**
   * Adds what is not there yet, in one transaction; a copy of a known event changes nothing, unless it tells of a later
   * failure: that takes the place of the one before. An event with a known id and another time of its own is no copy: a topic
   * was deleted and made again. Its id gets that time.
   */
  add(letters: readonly IndexedDeadLetter[]): Promise<void>;
  /** In topic order; `after` and `offset` exclude each other. */
  list(page: DeadLetterPage): Promise<readonly IndexedDeadLetter[]>;
  get(id: string): Promise<IndexedDeadLetter | undefined>;
  /** All of them by DLQ topic and category, in this order, none with 0; cheap. */
  count(): Promise<readonly DeadLetterCount[]>;
  /** Forgets everything, to be fed anew from the topics; what operators decided about letters comes back with them. */
  clear(): Promise<void>;
}
