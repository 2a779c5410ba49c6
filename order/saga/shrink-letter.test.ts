import { afterEach, describe, expect, test } from "bun:test";
import { openCodec } from "../../schemas/codec.ts";
import { createMockRegistry } from "../../schemas/mock-registry.ts";
import { createDecisionReader } from "./decision-reader.ts";
import { decisionRecord, openSagaBench, settle, topics } from "./saga-bench.ts";
import { createSagaMessages } from "./saga-messages.ts";
import { createLetterShrinker } from "./shrink-letter.ts";

const codec = openCodec({ registry: createMockRegistry(), subjects: [[topics.dlq, "DeadLetter"]] });
await codec.ready();
const reader = createDecisionReader(codec, topics);
const messages = createSagaMessages({ codec, reader, ordersTopic: topics.orders, dlqTopic: topics.dlq });
const shrink = createLetterShrinker(codec, topics.dlq);

function letterOf(valueLength: number) {
  const value = Buffer.from(JSON.stringify({ orderId: 7, status: "ACCEPT", note: "x".repeat(valueLength) }));
  const original = {
    ...decisionRecord("payment", 3, 7),
    value,
    headers: [["trace", Buffer.alloc(10)]] as const,
  };
  const request = {
    kind: "dead-letter",
    reason: "partner_missing",
    message: "None.",
    groupId: "saga",
  } as const;
  return { value, message: messages.toOutgoing({ ...request, original }, 0) };
}

function eventOf(value: Buffer) {
  const decoded = codec.decode(topics.dlq, value);
  if (!decoded.ok || decoded.value.name !== "DeadLetter") throw new Error("no dead letter");
  return decoded.value.event;
}

describe("a dead letter of a decision", () => {
  test("has the original's bytes, place and reason", () => {
    const { value, message } = letterOf(10);
    expect(eventOf(message.value)).toMatchObject({
      originalValue: value,
      originalTopic: topics.payment,
      originalOffset: 3,
      reasonCode: "partner_missing",
      errorCategory: "NO_RETRY_DLQ",
      consumerGroup: "saga",
      eventType: "com.ecommerce.order.OrderDto",
    });
  });

  test("of a megabyte leaves out what people only read, and never more than it must", () => {
    const event = eventOf(letterOf(600_000).message.value);
    expect(event.originalMessage).toBeNull();
    expect(event.originalValue?.length).toBeGreaterThan(600_000);
    expect(eventOf(letterOf(980_000).message.value)).toMatchObject({
      originalValue: null,
      originalValueSha256: expect.any(String),
    });
  });

  test("that its topic refuses is published smaller, step by step, down to a digest of its value", () => {
    const first = { ...letterOf(1000).message, seq: 1 };
    const second = shrink(first);
    const third = second && shrink(second);
    const last = third && shrink(third);
    if (last === undefined) throw new Error("it cannot be made smaller");
    expect(second && eventOf(second.value)).toMatchObject({ originalMessage: null });
    expect(third && eventOf(third.value)).toMatchObject({ originalHeaders: [] });
    expect(eventOf(last.value)).toMatchObject({ originalValue: null, originalValueSize: expect.any(Number) });
    expect(shrink(last)).toBeUndefined();
    expect(shrink({ ...first, topic: topics.orders })).toBeUndefined();
  });
});

describe("a message that is refused for its size", () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });

  test("does not stand in the way of the results behind it", async () => {
    const bench = await openSagaBench({
      async answer(records) {
        const index = records.findIndex(({ value }) => (value?.length ?? 0) > 100);
        if (index < 0) return { ok: true, value: records.map(() => ({ partition: 0, offset: 0 })) };
        const failure = { kind: "refused", code: 10, message: "Too large", index } as const;
        return { ok: false, failure };
      },
      shrink: (message) => ({ ...message, value: message.value.subarray(0, message.value.length >> 1) }),
    });
    closing.push(() => bench.close());
    const { sink, transactions, outbox } = bench;
    const poison = { ...decisionRecord("payment", 0, 7), value: Buffer.from("no decision") };
    sink.onRecords([poison]);
    await settle();
    expect(transactions).toHaveLength(1);
    expect(outbox.blockedBy).toBeUndefined();
  });
});
