// What becomes of an event that failed: tried again, and when, or dead-lettered, and as what. Pure.
//
// The retry policy belongs to the event type, because the topics promise different things. System B has creates and updates
// of an order on one partition, in order, so "not found" is final. System A has them on two topics, so an update may
// overtake its create, and trying again can cure it.
import type { DeathCertificate } from "./dead-letter.ts";
import type { EventType } from "./order.ts";

export interface Failure {
  /**
   * `unreadable`: the bytes or their key are no event, now and for ever. `invalid`: an event whose fields break a rule.
   * `rejected`: the order's state forbids it. `processing`: anything that nobody expected.
   */
  readonly kind: "unreadable" | "invalid" | "rejected" | "processing";
  /** Stable code, such as `duplicate_create`, `truncated`, `simulated_failure`. */
  readonly reason: string;
  readonly errorType: string;
  readonly message: string;
}

/** Milliseconds to wait before each retry; as many retries as there are entries. */
export interface RetryPolicies {
  readonly systemA: readonly number[];
  readonly systemB: readonly number[];
}

export type Verdict =
  | { readonly kind: "retry"; readonly dueAtMs: number }
  | { readonly kind: "dead-letter"; readonly death: DeathCertificate };

/** System B's retries of processing errors: 2 s, 5 s, 10 s. */
const systemBDelaysMs = [2000, 5000, 10_000] as const;

export interface SystemARetries {
  readonly maxRetries: number;
  /** Before the first retry; doubles with each. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
}

export function retryPolicies({ maxRetries, backoffMs, maxBackoffMs }: SystemARetries): RetryPolicies {
  const systemA = Array.from({ length: maxRetries }, (_, retry) =>
    Math.min(maxBackoffMs, backoffMs * 2 ** retry),
  );
  return { systemA, systemB: systemBDelaysMs };
}

/** `attempt` is the one that failed just now, counted from 1; `eventType` is null when the bytes cannot be decoded. */
export function judge(
  failure: Failure,
  eventType: EventType | null,
  attempt: number,
  policies: RetryPolicies,
  nowMs: number,
): Verdict {
  const delaysMs = delaysFor(failure, eventType, policies);
  if (delaysMs === undefined) {
    return { kind: "dead-letter", death: { category: "NO_RETRY_DLQ", reason: failure.reason } };
  }
  const delayMs = delaysMs[attempt - 1];
  if (delayMs !== undefined) return { kind: "retry", dueAtMs: nowMs + delayMs };
  return { kind: "dead-letter", death: { category: "RETRY_THEN_DLQ", reason: failure.reason } };
}

/** Undefined when no retry can help. */
function delaysFor(
  { kind }: Failure,
  eventType: EventType | null,
  { systemA, systemB }: RetryPolicies,
): readonly number[] | undefined {
  if (eventType === null || kind === "unreadable") return undefined;
  switch (eventType) {
    case "Order":
    case "OrderStatusUpdate":
      return systemA;
    case "OrderEvent":
      return kind === "processing" ? systemB : undefined;
  }
}
