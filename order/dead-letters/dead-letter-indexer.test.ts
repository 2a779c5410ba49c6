import { describe, expect, test } from "bun:test";
import { silentLogger } from "../../kafka/client-fixtures.ts";
import type { CommitOutcome } from "../../kafka/commit-queue.ts";
import type { KafkaRecord, NextOffset, TopicPartition } from "../../kafka/record.ts";
import { createMockRegistry } from "../../schemas/mock-registry.ts";
import { openCodec } from "../../schemas/codec.ts";
import { createTestClock } from "../../service/test-clock.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { buildDeadLetter } from "./build-dead-letter.ts";
import { createMemoryIndex, deadRecord, openDeadLetterCodec, settle } from "./dead-letter-fixtures.ts";
import { createDeadLetterIndexer, type DeadLetterIndexerOptions } from "./dead-letter-indexer.ts";

const topic = "order-events-dlq";
const registry = createMockRegistry();
const codec = await openDeadLetterCodec(topic, registry);
const p0: TopicPartition = { topic, partition: 0 };
const p1: TopicPartition = { topic, partition: 1 };

/** The letter of the failed record at `offset`, as it lies on the DLQ topic at `dlqOffset`. */
function letter(offset: number, dlqOffset = offset, partition = 0): KafkaRecord {
  const { event, key } = buildDeadLetter(deadRecord({ offset }), 0);
  const encoded = codec.encode(topic, "DeadLetter", event);
  if (!encoded.ok) throw new Error(encoded.failure.message);
  return { topic, partition, offset: dlqOffset, timestampMs: 0, key, value: encoded.value, headers: [] };
}

function setUp(options: Partial<DeadLetterIndexerOptions> = {}) {
  const index = createMemoryIndex();
  const clock = createTestClock();
  const commits: NextOffset[][] = [];
  const calls: string[] = [];
  const lines: string[] = [];
  const answers: CommitOutcome[] = [];
  const describePartitions = (partitions: readonly TopicPartition[]) =>
    partitions.map(({ partition }) => partition).join();
  const indexer = createDeadLetterIndexer({
    index,
    codec,
    clock,
    logger: { ...silentLogger, error: (message) => lines.push(message) },
    ...options,
  });
  const sink = indexer.join(() => ({
    pause: (partitions) => calls.push(`pause ${describePartitions(partitions)}`),
    resume: (partitions) => calls.push(`resume ${describePartitions(partitions)}`),
    async commit(offsets) {
      await Promise.resolve();
      commits.push([...offsets]);
      return answers.shift() ?? { ok: true };
    },
  }));
  sink.onAssigned([p0]);
  return { index, clock, commits, calls, lines, answers, indexer, sink };
}

const offsetsIn = ({ rows }: ReturnType<typeof createMemoryIndex>) =>
  [...rows.values()].map(({ original }) => original.offset);

describe("the index", () => {
  test("has each letter before its offset is committed", async () => {
    const { index, sink, commits } = setUp();
    sink.onRecords([letter(1), letter(2)]);
    expect(commits).toEqual([]);
    await settle();
    expect(offsetsIn(index)).toEqual([1, 2]);
    expect(commits).toEqual([[{ ...p0, nextOffset: 3 }]]);
  });

  test("has copies once, at the place of the first", async () => {
    const { index, sink } = setUp();
    sink.onRecords([letter(7, 0), letter(7, 1)]);
    await settle();
    sink.onRecords([letter(7, 2)]);
    await settle();
    expect([...index.rows.values()].map(({ dlqOffset }) => dlqOffset)).toEqual([0]);
  });

  test("passes over what cannot be read, says so, and goes on", async () => {
    const { index, sink, indexer, lines, commits } = setUp();
    const noise = (offset: number, value: Buffer | null): KafkaRecord => ({ ...letter(0, offset), value });
    const nobody = buildDeadLetter(deadRecord({ original: { topic: "no topic!" } }), 0);
    const encoded = codec.encode(topic, "DeadLetter", nobody.event);
    sink.onRecords([
      noise(0, null),
      noise(1, Buffer.from("not avro")),
      noise(2, Buffer.from([0, 0, 0, 0xff, 0xff])),
      noise(3, encoded.ok ? encoded.value : null),
      letter(4, 4),
    ]);
    await settle();
    expect(offsetsIn(index)).toEqual([4]);
    expect(indexer.skipped).toBe(4);
    expect(lines).toHaveLength(3);
    expect(commits.at(-1)).toEqual([{ ...p0, nextOffset: 5 }]);
  });

  test("waits for a store that is away: nothing is passed over, nothing is committed, everything is added on its return", async () => {
    const { index, sink, indexer, clock, commits } = setUp();
    index.fail = () => new StoreUnavailable("away");
    sink.onRecords([letter(1), letter(2)]);
    for (let round = 0; round < 30; round += 1) {
      await settle();
      clock.advance(5000);
    }
    expect(indexer).toMatchObject({ waitingFor: "the store", skipped: 0 });
    expect(commits).toEqual([]);
    index.fail = undefined;
    sink.onRecords([letter(3)]);
    clock.advance(5000);
    await settle();
    expect(indexer.waitingFor).toBeUndefined();
    expect(offsetsIn(index)).toEqual([1, 2, 3]);
    expect(commits.at(-1)).toEqual([{ ...p0, nextOffset: 4 }]);
  });

  test("waits for a registry that is away when it meets an unknown schema", async () => {
    let away = true;
    const learning = openCodec({
      registry: {
        idOf: () => Promise.resolve({ ok: false, failure: { kind: "unavailable", message: "away" } }),
        schemaOf: (id) =>
          away
            ? Promise.resolve({ ok: false, failure: { kind: "unavailable", message: "away" } })
            : registry.schemaOf(id),
      },
      subjects: [[topic, "DeadLetter"]],
      retryDelayMs: () => 3_600_000,
    });
    const { index, sink, indexer, clock } = setUp({ codec: learning });
    sink.onRecords([letter(1)]);
    await settle();
    expect(indexer.waitingFor).toBe("the schema registry");
    away = false;
    clock.advance(5000);
    while (index.rows.size === 0) await settle();
    learning.close();
    expect(offsetsIn(index)).toEqual([1]);
    expect(indexer.skipped).toBe(0);
  });

  test("passes over the one letter that the store refuses, and takes all others", async () => {
    const { index, sink, indexer, clock, lines } = setUp();
    index.fail = (letters) =>
      letters.some(({ original }) => original.offset === 5) ? new Error("value out of range") : undefined;
    sink.onRecords(Array.from({ length: 10 }, (_, offset) => letter(offset)));
    for (let round = 0; round < 5; round += 1) {
      await settle();
      clock.advance(5000);
    }
    expect(offsetsIn(index)).toEqual([0, 1, 2, 3, 4, 6, 7, 8, 9]);
    expect(indexer.skipped).toBe(1);
    expect(lines).toEqual(["The store refuses a dead letter: passed over"]);
  });

  test("is fed in transactions of bounded number and size", async () => {
    const byNumber = setUp({ maxBatchSize: 3 });
    byNumber.sink.onRecords(Array.from({ length: 7 }, (_, offset) => letter(offset)));
    await settle();
    expect(byNumber.index.calls).toBe(3);
    const bySize = setUp({ maxBatchBytes: 1 });
    bySize.sink.onRecords([letter(0), letter(1)]);
    await settle();
    expect(bySize.index.calls).toBe(2);
  });
});

describe("the consumer of the DLQ topics", () => {
  test("keeps partitions of one number and two topics apart", async () => {
    const { sink, commits, indexer } = setUp();
    const other: TopicPartition = { topic: "recovererDLQ", partition: 0 };
    sink.onAssigned([p0, other]);
    // What cannot be read is passed over, so its offset counts too.
    sink.onRecords([letter(1), { ...letter(8), ...other, value: null }]);
    await settle();
    expect(commits).toEqual([
      [
        { ...p0, nextOffset: 2 },
        { ...other, nextOffset: 9 },
      ],
    ]);
    await sink.onRevoked([other]);
    sink.onRecords([letter(2), { ...letter(9), ...other, value: null }]);
    await settle();
    expect(Object.fromEntries(indexer.positions)).toEqual({ [`${topic}/0`]: 3, "recovererDLQ/0": 9 });
  });

  test("pauses while too much waits, and goes on when half of it is done", async () => {
    const { index, sink, clock, calls } = setUp({ maxInboxBytes: 2000, maxBatchSize: 1 });
    index.fail = () => new StoreUnavailable("away");
    sink.onRecords(Array.from({ length: 10 }, (_, offset) => letter(offset)));
    sink.onAssigned([p1]);
    await settle();
    expect(calls).toEqual(["pause 0", "pause 1"]);
    index.fail = undefined;
    clock.advance(5000);
    await settle();
    expect(index.rows.size).toBe(10);
    expect(calls).toEqual(["pause 0", "pause 1", "resume 0,1"]);
  });

  test("commits what is added before it lets go of a partition", async () => {
    const { index, sink, commits } = setUp({ maxBatchSize: 2 });
    sink.onRecords([letter(1), letter(2), letter(3), letter(4), letter(5)]);
    await sink.onRevoked([p0]);
    // What was not begun is the next owner's.
    expect(offsetsIn(index)).toEqual([1, 2]);
    expect(commits).toEqual([[{ ...p0, nextOffset: 3 }]]);
  });

  test("lets go at once while the store is away, and commits nothing of what is not added", async () => {
    const { index, sink, commits, clock } = setUp();
    index.fail = () => new StoreUnavailable("away");
    sink.onRecords([letter(1)]);
    await settle();
    await sink.onRevoked([p0]);
    index.fail = undefined;
    clock.advance(60_000);
    await settle();
    expect(commits).toEqual([]);
    expect(index.rows.size).toBe(0);
  });

  test("commits nothing for partitions that were lost", async () => {
    const { sink, commits, index, clock } = setUp();
    index.fail = () => new StoreUnavailable("away");
    sink.onRecords([letter(1)]);
    await settle();
    sink.onLost([p0]);
    index.fail = undefined;
    clock.advance(60_000);
    await settle();
    expect(commits).toEqual([]);
  });

  test("repeats a commit that failed", async () => {
    const { sink, commits, answers, clock } = setUp();
    answers.push({ ok: false, failure: { kind: "unavailable", code: -185 } });
    sink.onRecords([letter(1)]);
    await settle();
    expect(commits).toHaveLength(1);
    clock.advance(1000);
    await settle();
    expect(commits).toEqual([[{ ...p0, nextOffset: 2 }], [{ ...p0, nextOffset: 2 }]]);
  });

  test("that failed and was opened anew goes on with what it is assigned then", async () => {
    const { sink, index, commits } = setUp();
    sink.onRecords([letter(1)]);
    // A failed consumer revokes nothing.
    sink.onAssigned([p0]);
    sink.onRecords([letter(1), letter(2)]);
    await settle();
    expect(offsetsIn(index).toSorted((a, b) => a - b)).toEqual([1, 2]);
    expect(commits.at(-1)).toEqual([{ ...p0, nextOffset: 3 }]);
  });
});
