// A failed event's record, whole: what is parked while it waits, and what becomes its dead letter. Nothing of the original
// is lost on the way: exact bytes, key, headers in order, place and time.

/** System B's error categories. */
export type ErrorCategory = "NO_RETRY_DLQ" | "RETRY_THEN_DLQ" | "RETRY_FOREVER";

/** The record as Kafka delivered it. */
export interface OriginalRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number | null;
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
}

/** One failed attempt; attempts count from 1. */
export interface FailedAttempt {
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly failedAtMs: number;
  readonly errorType: string;
  /** At most 1,000 characters. */
  readonly errorMessage: string;
}

/** Which event failed, as far as its bytes could be read. */
export interface FailedEvent {
  /** `Order`, `OrderStatusUpdate`, `OrderEvent`; null when the bytes cannot be decoded. */
  readonly eventType: string | null;
  readonly eventId: string | null;
  readonly schemaId: number | null;
  /** The decoded event as JSON; null when the bytes cannot be decoded. */
  readonly eventJson: string | null;
}

/** What was decided about an event that will not be tried again. */
export interface DeathCertificate {
  readonly category: ErrorCategory;
  /** Stable code: `duplicate_create`, `unknown_order`, `truncated`, `simulated_failure`, … */
  readonly reason: string;
}

/**
 * The orderId that a record's key names. Eight bytes that begin with NUL, which no orderId of systems A and B does, are the
 * big-endian number that some producers of system C write.
 */
export function orderIdOf(key: Buffer): string {
  return key.length === 8 && key[0] === 0 ? String(key.readBigInt64BE()) : key.toString("utf8");
}
