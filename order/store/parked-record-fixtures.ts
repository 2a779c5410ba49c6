// Parked records and claims for the suites of this folder.
import type { FailedAttempt } from "../domain/dead-letter.ts";
import type { Claim, OrderStore, SourceProgress } from "./order-store.ts";
import type { ParkedProgress, ParkedRecord } from "./parked-records.ts";

export const source = "order-events/0";

export function failedAttempt(attempt: number): FailedAttempt {
  return {
    attempt,
    failedAtMs: 1_000 * attempt,
    errorType: "ValueError",
    errorMessage: `attempt ${attempt}`,
  };
}

export function waitingUntil(dueAtMs: number): ParkedProgress {
  return { state: "waiting", attempts: [failedAttempt(1)], dueAtMs, death: null };
}

export const behind: ParkedProgress = { state: "behind", attempts: [], dueAtMs: null, death: null };

export const dead: ParkedProgress = {
  state: "dead",
  attempts: [failedAttempt(1), failedAttempt(2)],
  dueAtMs: null,
  death: { category: "NO_RETRY_DLQ", reason: "duplicate_create" },
};

export function parkedRecord(offset: number, differences: Partial<ParkedRecord> = {}): ParkedRecord {
  return {
    source,
    offset,
    lane: "ORD-1",
    groupId: "order-service-group",
    original: {
      topic: "order-events",
      partition: 0,
      offset,
      timestampMs: 1_788_000_000_000,
      key: Buffer.from("ORD-1"),
      value: Buffer.from([0, 0, 0, 0, 7, 255]),
      headers: [["event-id", Buffer.from("event-1")]],
    },
    event: { eventType: "Order", eventId: "event-1", schemaId: 7, eventJson: '{"orderId":"ORD-1"}' },
    ...waitingUntil(1_000),
    ...differences,
  };
}

export async function claimOne(store: OrderStore, name = source): Promise<Claim> {
  const [claim] = await store.claim([name]);
  if (claim === undefined) throw new Error("claimed nothing");
  return claim;
}

export function progressOf({ source, epoch }: Claim, nextOffset: number | null = null): SourceProgress {
  return { source, epoch, nextOffset };
}
