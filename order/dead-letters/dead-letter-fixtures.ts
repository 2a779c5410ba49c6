// What the suites of this room share: parked records of any kind, a publisher and an index that tests hold in their hands.
import * as fc from "fast-check";
import type { Publisher, PublishOutcome } from "../../kafka/publisher.ts";
import type { OutgoingRecord } from "../../kafka/record.ts";
import { type Codec, openCodec } from "../../schemas/codec.ts";
import type { DeadLetter } from "../../schemas/events.ts";
import { createMockRegistry } from "../../schemas/mock-registry.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import type { ErrorCategory, OriginalRecord } from "../domain/dead-letter.ts";
import type { DeadLetterIndex, IndexedDeadLetter } from "../store/dead-letter-index.ts";
import type { ParkedRecord } from "../store/parked-records.ts";

/** A status update of system A for an order that is not there, after its four attempts. */
export function deadRecord(
  changes: Partial<Omit<ParkedRecord, "original">> & { readonly original?: Partial<OriginalRecord> } = {},
): ParkedRecord {
  const offset = changes.offset ?? 17;
  const partition = changes.original?.partition ?? 2;
  const key = changes.original?.key;
  return {
    source: `order-status-updates/${partition}`,
    offset,
    lane: key === undefined ? "ORD-999" : String(key),
    groupId: "order-service-group-status-updates",
    state: "dead",
    dueAtMs: null,
    attempts: [0, 1000, 3000, 7000].map((afterMs, index) => ({
      attempt: index + 1,
      failedAtMs: Date.UTC(2026, 2, 1, 9, 30) + afterMs,
      errorType: "ValueError",
      errorMessage: "Order ORD-999 not found. Cannot update status. Sending to DLQ.",
    })),
    death: { category: "RETRY_THEN_DLQ", reason: "unknown_order" },
    event: {
      eventType: "OrderStatusUpdate",
      eventId: "0190163d-8694-739b-aea5-966c26f8ad91",
      schemaId: 2,
      eventJson: '{"orderId":"ORD-999","status":"shipped"}',
    },
    ...changes,
    original: {
      topic: "order-status-updates",
      partition,
      offset,
      timestampMs: Date.UTC(2026, 2, 1, 9, 29),
      key: Buffer.from("ORD-999"),
      value: Buffer.from([0, 0, 0, 0, 2, 255, 0]),
      headers: [
        ["event-id", Buffer.from("0190163d-8694-739b-aea5-966c26f8ad91")],
        ["x", null],
        ["x", Buffer.alloc(0)],
      ],
      ...changes.original,
    },
  };
}

const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("\u0000", "\ud800", "a\udfffb", "x".repeat(5000), "😀".repeat(800), "__proto__", ""),
);
const anyNumber = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(2 ** 31, 2 ** 53, 9_223_372_036_854_776_000, -1, -(2 ** 60), Number.NaN),
);
const anyBytes = fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes));
const anyHeader: fc.Arbitrary<readonly [string, Buffer | null]> = fc.tuple<[string, Buffer | null]>(
  anyText,
  fc.option(anyBytes),
);
const anyCategory = fc.constantFrom<ErrorCategory[]>("NO_RETRY_DLQ", "RETRY_THEN_DLQ", "RETRY_FOREVER");

/** Whatever a topic may have brought, and whatever may have been made of it. */
export const anyDeadRecord: fc.Arbitrary<ParkedRecord> = fc.record({
  source: fc.constant("order-events/0"),
  offset: fc.nat(),
  lane: anyText,
  groupId: anyText,
  state: fc.constant("dead" as const),
  dueAtMs: fc.constant(null),
  attempts: fc.array(
    fc.record({ attempt: anyNumber, failedAtMs: anyNumber, errorType: anyText, errorMessage: anyText }),
    { maxLength: 30 },
  ),
  death: fc.option(fc.record({ category: anyCategory, reason: anyText })),
  original: fc.record({
    topic: fc.constantFrom("order-events", "a.b_c-1"),
    partition: fc.nat(2 ** 31 - 1),
    offset: fc.nat(Number.MAX_SAFE_INTEGER - 1),
    timestampMs: fc.option(anyNumber),
    key: fc.option(anyBytes),
    value: fc.option(anyBytes),
    headers: fc.array(anyHeader, { maxLength: 5 }),
  }),
  event: fc.record({
    eventType: fc.option(fc.oneof(fc.constantFrom("Order", "OrderStatusUpdate", "OrderEvent"), anyText)),
    eventId: fc.option(anyText),
    schemaId: fc.option(anyNumber),
    eventJson: fc.option(anyText),
  }),
});

/** A letter as any writer of our schema could have put it on the topic. */
export const anyLetterOnTopic: fc.Arbitrary<DeadLetter> = fc.record({
  originalMessage: fc.option(anyText),
  errorMessage: anyText,
  errorType: anyText,
  retryCount: fc.integer(),
  failedAttempts: fc.integer(),
  firstFailureTimestamp: fc.oneof(anyText, fc.constantFrom("+275760-09-13T00:00:00Z", "2026-03-01T09:30:00")),
  lastFailureTimestamp: fc.oneof(anyText, fc.constantFrom("0000-01-01T00:00:00Z", "2026-13-45T99:99:99Z")),
  originalTopic: fc.oneof(anyText, fc.constant("order-events")),
  originalPartition: fc.integer(),
  originalOffset: fc.maxSafeInteger(),
  consumerGroup: anyText,
  originalValue: fc.option(anyBytes),
  originalValueSize: fc.option(fc.maxSafeInteger()),
  originalValueSha256: fc.option(anyText),
  originalKey: fc.option(anyBytes),
  originalHeaders: fc.array(fc.record({ name: anyText, value: fc.option(anyBytes) })),
  originalTimestampMs: fc.option(fc.maxSafeInteger()),
  errorCategory: anyCategory,
  reasonCode: fc.option(anyText),
  eventId: fc.option(anyText),
  eventType: fc.option(anyText),
  schemaId: fc.option(fc.integer()),
  attempts: fc.array(
    fc.record({ attempt: fc.integer(), failedAt: anyText, errorType: anyText, errorMessage: anyText }),
  ),
});

/** A codec for the DLQ topic, with its ids. */
export async function openDeadLetterCodec(
  topic: string,
  registry: SchemaRegistry = createMockRegistry(),
): Promise<Codec> {
  const codec = openCodec({ registry, subjects: [[topic, "DeadLetter"]] });
  await codec.ready();
  return codec;
}

export interface PendingPublish {
  readonly record: OutgoingRecord;
  readonly answer: (outcome: PublishOutcome) => Promise<void>;
}

/** A publisher that answers when the test says so. */
export function createHeldPublisher(): Pick<Publisher, "publish"> & { readonly pending: PendingPublish[] } {
  const pending: PendingPublish[] = [];
  return {
    pending,
    publish(record) {
      const { promise, resolve } = Promise.withResolvers<PublishOutcome>();
      const publish: PendingPublish = {
        record,
        async answer(outcome) {
          pending.splice(pending.indexOf(publish), 1);
          resolve(outcome);
          await settle();
        },
      };
      pending.push(publish);
      return promise;
    },
  };
}

/** Lets everything happen that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  // Each turn of the loop begins when no promise is left that could go on.
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export const acknowledgement: PublishOutcome = { ok: true, value: { partition: 0, offset: 0 } };

export function refusal(
  kind: "unavailable" | "unknown" | "refused",
  code: number,
  message = "no",
): PublishOutcome {
  return { ok: false, failure: { kind, code, message } };
}

/** An index in memory, which `fail` makes throw. */
export function createMemoryIndex(): Pick<DeadLetterIndex, "add" | "clear"> & {
  readonly rows: Map<string, IndexedDeadLetter>;
  fail: ((letters: readonly IndexedDeadLetter[]) => Error | undefined) | undefined;
  calls: number;
} {
  const rows = new Map<string, IndexedDeadLetter>();
  return {
    rows,
    fail: undefined,
    calls: 0,
    async add(letters) {
      this.calls += 1;
      await Promise.resolve();
      const error = this.fail?.(letters);
      if (error !== undefined) throw error;
      for (const letter of letters) if (!rows.has(letter.id)) rows.set(letter.id, letter);
    },
    async clear() {
      await Promise.resolve();
      rows.clear();
    },
  };
}
