import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { silentLogger } from "../../kafka/client-fixtures.ts";
import type { OutgoingRecord } from "../../kafka/record.ts";
import type { EncodeFailure } from "../../schemas/codec.ts";
import type { DeadLetter } from "../../schemas/events.ts";
import { createTestClock } from "../../service/test-clock.ts";
import type { ParkedId, ParkedRecord } from "../store/parked-records.ts";
import {
  acknowledgement,
  createHeldPublisher,
  deadRecord,
  openDeadLetterCodec,
  type PendingPublish,
  refusal,
  settle,
} from "./dead-letter-fixtures.ts";
import { createDeadLetterOutbox, type DeadLetterOutboxOptions } from "./dead-letter-outbox.ts";

const topic = "order-events-dlq";
const codec = await openDeadLetterCodec(topic);

function letterOf(record: OutgoingRecord): DeadLetter {
  const decoded = codec.decode(topic, record.value);
  if (!decoded.ok || decoded.value.name !== "DeadLetter") throw new Error("no dead letter");
  return decoded.value.event;
}

const offsetOf = ({ record }: PendingPublish): number => letterOf(record).originalOffset;
const keyed = (key: string, offset: number): ParkedRecord =>
  deadRecord({ offset, original: { key: Buffer.from(key) } });

function setUp(options: Partial<DeadLetterOutboxOptions> = {}) {
  const publisher = createHeldPublisher();
  const clock = createTestClock();
  const told: ParkedId[][] = [];
  const lines: string[] = [];
  const logger = {
    ...silentLogger,
    warn: (message: string) => lines.push(`warn ${message}`),
    error: (message: string) => lines.push(`error ${message}`),
    info: (message: string) => lines.push(`info ${message}`),
  };
  const outbox = createDeadLetterOutbox({
    publisher,
    codec,
    topic,
    clock,
    logger,
    random: () => 1 - Number.EPSILON,
    onPublished: (ids) => void told.push([...ids]),
    ...options,
  });
  const first = (): PendingPublish => {
    const [pending] = publisher.pending;
    if (pending === undefined) throw new Error("nothing is being published");
    return pending;
  };
  const answerAll = async (): Promise<void> => {
    while (publisher.pending.length > 0) await first().answer(acknowledgement);
  };
  return { publisher, clock, told, lines, outbox, first, answerAll };
}

describe("an acknowledged dead letter", () => {
  test("is told once, with those that were acknowledged together, and is gone", async () => {
    const { outbox, publisher, told } = setUp();
    outbox.add([keyed("a", 1), keyed("b", 2), keyed("c", 3)]);
    expect(publisher.pending).toHaveLength(3);
    const [a, b, c] = publisher.pending;
    await Promise.all([a?.answer(acknowledgement), b?.answer(acknowledgement), c?.answer(acknowledgement)]);
    await settle();
    expect(told.flat().map(({ offset }) => offset)).toEqual([1, 2, 3]);
    expect(told).toHaveLength(1);
    expect(outbox.size).toBe(0);
    expect(outbox.blockedBy).toBeUndefined();
  });

  test("is not told before the broker has it", async () => {
    const { outbox, told, first } = setUp();
    outbox.add([keyed("a", 1)]);
    await settle();
    expect(told).toEqual([]);
    await first().answer(acknowledgement);
    expect(told.flat()).toHaveLength(1);
  });

  test("is told again when whoever is told fails, until it is let go of", async () => {
    let failures = 2;
    const told: number[] = [];
    const { outbox, first, clock } = setUp({
      onPublished: async (ids) => {
        if (failures-- > 0) throw new Error("the store is away");
        await Promise.resolve();
        told.push(...ids.map(({ offset }) => offset));
      },
    });
    outbox.add([keyed("a", 1)]);
    await first().answer(acknowledgement);
    for (let wait = 0; wait < 3; wait += 1) {
      expect(outbox.size).toBe(wait < 2 ? 1 : 0);
      clock.advance(30_000);
      await settle();
    }
    expect(told).toEqual([1]);
  });
});

describe("adding", () => {
  test("a record that is here already changes nothing, on its way or not", async () => {
    const { outbox, publisher, told, answerAll } = setUp({ maxInFlight: 1 });
    outbox.add([keyed("a", 1), keyed("b", 2)]);
    outbox.add([keyed("a", 1), keyed("b", 2)]);
    expect(outbox.size).toBe(2);
    expect(publisher.pending).toHaveLength(1);
    await answerAll();
    expect(told.flat()).toHaveLength(2);
  });

  test("more than fits at once waits, by number and by bytes", async () => {
    const byNumber = setUp({ maxInFlight: 2 });
    byNumber.outbox.add([keyed("a", 1), keyed("b", 2), keyed("c", 3)]);
    expect(byNumber.publisher.pending).toHaveLength(2);
    const byBytes = setUp({ maxInFlightBytes: 1000 });
    const large = (offset: number) =>
      deadRecord({ offset, original: { key: Buffer.from(`k${offset}`), value: Buffer.alloc(900) } });
    byBytes.outbox.add([large(1), large(2), large(3)]);
    expect(byBytes.publisher.pending).toHaveLength(1);
    await byBytes.answerAll();
    expect(byBytes.told.flat()).toHaveLength(3);
  });
});

describe("letters of one key", () => {
  test("go out in their order, each after the acknowledgement of the one before; other keys go on", async () => {
    const { outbox, publisher, first } = setUp();
    outbox.add([keyed("a", 1), keyed("a", 2), keyed("b", 3)]);
    expect(publisher.pending.map(offsetOf)).toEqual([1, 3]);
    await first().answer(acknowledgement);
    expect(publisher.pending.map(offsetOf)).toEqual([3, 2]);
  });

  test("keep it whatever the broker answers, and none is lost", async () => {
    const answers = fc.array(
      fc.constantFrom(
        acknowledgement,
        refusal("unavailable", -192),
        refusal("unknown", -185),
        refusal("refused", 3),
        refusal("refused", 10),
        refusal("refused", 87),
      ),
      { maxLength: 60 },
    );
    const added = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        added,
        answers,
        fc.integer({ min: 1, max: 4 }),
        async (keys, outcomes, maxInFlight) => {
          const { outbox, publisher, clock, told } = setUp({ maxInFlight });
          outbox.add(keys.map((key, offset) => keyed(key, offset)));
          const accepted: number[] = [];
          const script = [...outcomes];
          for (let step = 0; outbox.size > 0; step += 1) {
            if (step > 500) throw new Error("it never ends");
            const pending = publisher.pending[step % Math.max(1, publisher.pending.length)];
            if (pending === undefined) {
              clock.advance(60_000);
              await settle();
              continue;
            }
            const outcome = script.pop() ?? acknowledgement;
            // An unknown outcome may have been written.
            if (outcome.ok || outcome.failure.kind === "unknown") accepted.push(offsetOf(pending));
            await pending.answer(outcome);
          }
          expect(
            told
              .flat()
              .map(({ offset }) => offset)
              .sort((x, y) => x - y),
          ).toEqual(keys.map((_, offset) => offset));
          for (const key of new Set(keys)) {
            const own = accepted.filter((offset) => keys[offset] === key);
            expect(own).toEqual([...own].sort((x, y) => x - y));
          }
          expect(outbox.blockedBy).toBeUndefined();
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe("while nothing can be published", () => {
  for (const [name, outcome, level] of [
    ["the broker is away", refusal("unavailable", -192, "No broker took the record"), "warn"],
    ["the broker does not answer", refusal("unknown", -185, "No acknowledgement came"), "warn"],
    ["the topic is missing", refusal("refused", 3, "The topic does not exist"), "error"],
    ["the topic is not ours to write", refusal("refused", 29, "Not allowed"), "error"],
  ] as const) {
    test(`because ${name}, one letter probes, ever more rarely, and all go out afterwards`, async () => {
      const { outbox, publisher, clock, lines, first, told, answerAll } = setUp();
      outbox.add([keyed("a", 1), keyed("b", 2), keyed("c", 3)]);
      while (publisher.pending.length > 0) await first().answer(outcome);
      expect(outbox.blockedBy).toBe(outcome.ok ? undefined : outcome.failure.message);
      expect(lines).toEqual([
        `${level} Dead letters cannot be published: they stay parked and are tried again`,
      ]);
      for (const delayMs of [100, 200, 400, 800, 1600, 3200, 5000, 5000]) {
        clock.advance(delayMs - 1);
        expect(publisher.pending).toHaveLength(0);
        clock.advance(1);
        expect(publisher.pending).toHaveLength(1);
        await first().answer(outcome);
      }
      expect(lines).toHaveLength(1);
      clock.advance(5000);
      await first().answer(acknowledgement);
      expect(outbox.blockedBy).toBeUndefined();
      expect(publisher.pending).toHaveLength(2);
      await answerAll();
      expect(told.flat()).toHaveLength(3);
      expect(lines.at(-1)).toBe("info Dead letters can be published again");
    });
  }

  test("because the registry is away, letters wait likewise", async () => {
    let failure: EncodeFailure | undefined = { kind: "registry-unavailable", message: "No id yet." };
    const { outbox, publisher, clock, told, answerAll } = setUp({
      codec: {
        encode: (...input) => (failure === undefined ? codec.encode(...input) : { ok: false, failure }),
      },
    });
    outbox.add([keyed("a", 1), keyed("b", 2)]);
    expect(publisher.pending).toHaveLength(0);
    expect(outbox.blockedBy).toBe("No id yet.");
    failure = undefined;
    clock.advance(100);
    await answerAll();
    expect(told.flat()).toHaveLength(2);
  });

  test("what is added waits as well, and another reason is said once", async () => {
    const { outbox, publisher, clock, lines, first } = setUp();
    outbox.add([keyed("a", 1)]);
    await first().answer(refusal("unavailable", -192, "away"));
    outbox.add([keyed("b", 2)]);
    expect(publisher.pending).toHaveLength(0);
    clock.advance(100);
    expect(publisher.pending).toHaveLength(1);
    await first().answer(refusal("refused", 3, "no topic"));
    expect(outbox.blockedBy).toBe("no topic");
    expect(lines).toHaveLength(2);
  });
});

describe("a letter that is too large", () => {
  const large = (offset: number): ParkedRecord =>
    deadRecord({ offset, original: { key: Buffer.from(`k${offset}`), value: Buffer.alloc(1000, offset) } });
  const tooLarge = refusal("refused", 10, "too large");

  test("is sent alone and whole first: it may have been refused for its neighbours", async () => {
    const { outbox, publisher, first, told, answerAll } = setUp();
    outbox.add([large(1), large(2)]);
    await first().answer(tooLarge);
    expect(publisher.pending.map(offsetOf)).toEqual([2]);
    outbox.add([large(3)]);
    await first().answer(acknowledgement);
    expect(publisher.pending.map(offsetOf)).toEqual([1]);
    expect(letterOf(first().record)).toMatchObject({
      originalValue: Buffer.alloc(1000, 1),
      originalMessage: expect.any(String),
    });
    await answerAll();
    expect(told.flat()).toHaveLength(3);
  });

  test("loses no more than it must: text, then the value", async () => {
    const { outbox, first, told, lines } = setUp();
    outbox.add([large(1)]);
    await first().answer(tooLarge);
    await first().answer(tooLarge);
    expect(letterOf(first().record)).toMatchObject({
      originalMessage: null,
      originalValue: Buffer.alloc(1000, 1),
    });
    await first().answer(tooLarge);
    expect(letterOf(first().record)).toMatchObject({ originalValue: null, originalValueSize: 1000 });
    await first().answer(acknowledgement);
    expect(told.flat()).toHaveLength(1);
    expect(lines).toEqual([
      "warn A dead letter was too large for its topic and was published without a part of it",
    ]);
  });

  test("even at its smallest is kept, said, and tried whole again: the topic may take more by then", async () => {
    const { outbox, publisher, first, clock, lines } = setUp();
    outbox.add([large(1), keyed("b", 2)]);
    while (publisher.pending.length > 0) {
      const pending = first();
      await pending.answer(offsetOf(pending) === 1 ? tooLarge : acknowledgement);
    }
    expect(outbox.size).toBe(1);
    expect(outbox.blockedBy).toBe("too large");
    expect(lines.at(-1)).toStartWith("error A dead letter cannot be published");
    clock.advance(1000);
    expect(letterOf(first().record)).toMatchObject({
      originalValue: Buffer.alloc(1000, 1),
      originalMessage: expect.any(String),
    });
    await first().answer(acknowledgement);
    expect(outbox.blockedBy).toBeUndefined();
    expect(outbox.size).toBe(0);
  });
});

describe("a letter that the broker refuses for what it is", () => {
  test("holds back its own key only, and is never dropped", async () => {
    const { outbox, publisher, first, clock, told, answerAll } = setUp();
    outbox.add([keyed("a", 1), keyed("a", 2), keyed("b", 3)]);
    await first().answer(refusal("refused", 87, "invalid record"));
    await answerAll();
    expect(told.flat().map(({ offset }) => offset)).toEqual([3]);
    expect(outbox.size).toBe(2);
    expect(outbox.blockedBy).toBe("invalid record");
    clock.advance(999);
    expect(publisher.pending).toHaveLength(0);
    clock.advance(1);
    await answerAll();
    expect(told.flat().map(({ offset }) => offset)).toEqual([3, 1, 2]);
  });
});

describe("a source that somebody else has now", () => {
  const source = "order-status-updates/2";

  test("is forgotten: what waits is not published, what is on its way is told to nobody", async () => {
    const { outbox, publisher, first, told, answerAll } = setUp({ maxInFlight: 1 });
    const other = { ...keyed("o", 1), source: "order-events/0" };
    outbox.add([keyed("a", 1), keyed("b", 2), other]);
    outbox.forget([source]);
    await first().answer(acknowledgement);
    expect(publisher.pending).toHaveLength(1);
    await answerAll();
    expect(told.flat()).toEqual([{ source: "order-events/0", offset: 1 }]);
    expect(outbox.size).toBe(0);
  });

  test("and comes back while a letter is on its way: the letter is told after all", async () => {
    const { outbox, first, told } = setUp();
    outbox.add([keyed("a", 1)]);
    outbox.forget([source]);
    outbox.add([keyed("a", 1)]);
    await first().answer(acknowledgement);
    expect(told.flat()).toEqual([{ source, offset: 1 }]);
  });

  test("takes an outage along that nothing is left here to probe: nothing is blocked any more", async () => {
    const { outbox, first, clock } = setUp();
    outbox.add([keyed("a", 1)]);
    await first().answer(refusal("unavailable", -192));
    outbox.forget([source]);
    clock.advance(60_000);
    expect(outbox.blockedBy).toBeUndefined();

    outbox.add([keyed("a", 2)]);
    outbox.forget([source]);
    await first().answer(refusal("unavailable", -192));
    clock.advance(60_000);
    expect(outbox.blockedBy).toBeUndefined();
  });

  test("leaves nothing behind that later letters of its keys would wait for", async () => {
    const { outbox, publisher, first, told, answerAll, clock } = setUp({ maxInFlight: 1 });
    outbox.add([keyed("a", 1), keyed("b", 2)]);
    await first().answer(refusal("refused", 87));
    outbox.forget([source]);
    while (publisher.pending.length > 0) await first().answer(refusal("unavailable", -192));
    outbox.add([keyed("a", 5), keyed("b", 6)]);
    clock.advance(60_000);
    await answerAll();
    expect(
      told
        .flat()
        .map(({ offset }) => offset)
        .toSorted((a, b) => a - b),
    ).toEqual([5, 6]);
    expect(outbox.size).toBe(0);
  });
});

describe("stopping", () => {
  test("waits for what is on its way and tells it, and starts nothing new", async () => {
    const { outbox, publisher, first, told } = setUp({ maxInFlight: 1 });
    outbox.add([keyed("a", 1), keyed("b", 2)]);
    let stopped = false;
    const stopping = outbox.stop().then(() => (stopped = true));
    await settle();
    expect(stopped).toBe(false);
    await first().answer(acknowledgement);
    await stopping;
    expect(told.flat().map(({ offset }) => offset)).toEqual([1]);
    expect(publisher.pending).toHaveLength(0);
    outbox.add([keyed("c", 3)]);
    expect(publisher.pending).toHaveLength(0);
  });
});
