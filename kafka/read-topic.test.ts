// Reading a topic on the embedded cluster, and with a broker that fails or has forgotten what is asked for.
import { afterEach, describe, expect, test } from "bun:test";
import {
  openEmbeddedTestCluster,
  openTestPublisher,
  outgoing,
  publishAll,
  readBack,
  silentLogger,
} from "./client-fixtures.ts";
import { openEmbeddedCluster } from "./embedded.ts";
import { createTopicProgress } from "./read-topic-progress.ts";
import { describeReadTopic } from "./read-topic.spec.ts";
import { readTopic } from "./read-topic.ts";

describeReadTopic("the embedded cluster", openEmbeddedTestCluster, { isolates: false });

describe("reading a topic to its end", () => {
  const toClose: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const part of toClose.splice(0).toReversed()) await part.close();
  });

  test("an offset whose record was dropped stands for the first that is still there", async () => {
    const embedded = openEmbeddedCluster({ topics: [{ name: "t", partitions: 1 }], partitionBatches: 5 });
    toClose.push(embedded);
    const publisher = await openTestPublisher(embedded);
    toClose.push(publisher);
    for (let n = 0; n < 12; n++) await publishAll(publisher, [outgoing("t", String(n))]);
    const { records, outcome } = await readBack(embedded, "t", { from: new Map([[0, 2]]) });
    const offsets = records.map(({ offset }) => offset);
    expect(offsets.at(-1)).toBe(11);
    expect(offsets[0]).toBeGreaterThan(2);
    expect(outcome).toEqual({ ok: true, value: new Map([[0, 12]]) });
  }, 20_000);

  test("without any broker it is unavailable by its deadline", async () => {
    const startedAt = performance.now();
    const { outcome } = await readBack({ brokers: "127.0.0.1:1" }, "t", { deadlineMs: 700 });
    expect(outcome).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
    expect(performance.now() - startedAt).toBeLessThan(2_500);
  }, 20_000);

  test("when the broker goes away while reading, it is unavailable by its deadline and says what it has read", async () => {
    const cluster = openEmbeddedTestCluster();
    toClose.push(cluster);
    const topic = await cluster.createTopic(1);
    const publisher = await openTestPublisher(cluster);
    toClose.push(publisher);
    await publishAll(
      publisher,
      Array.from({ length: 3_000 }, (_, n) => outgoing(topic, String(n), Buffer.alloc(2_000))),
    );
    let read = 0;
    const startedAt = performance.now();
    const outcome = await readTopic({
      brokers: cluster.brokers,
      clientId: "suite",
      logger: silentLogger,
      topic,
      from: new Map(),
      deadlineMs: 1_500,
      settings: { "fetch.message.max.bytes": 100_000, "queued.min.messages": 1 },
      onRecords: ({ length }) => {
        if (read === 0) cluster.embedded.faults.brokerDown();
        read += length;
      },
    });
    expect(outcome).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(3_000);
    expect(performance.now() - startedAt).toBeLessThan(3_500);
  }, 20_000);

  test("when the broker comes back in time, the reading goes on where it was", async () => {
    const cluster = openEmbeddedTestCluster();
    toClose.push(cluster);
    const topic = await cluster.createTopic(1);
    const publisher = await openTestPublisher(cluster);
    toClose.push(publisher);
    await publishAll(
      publisher,
      Array.from({ length: 3_000 }, (_, n) => outgoing(topic, String(n), Buffer.alloc(2_000))),
    );
    const offsets: number[] = [];
    const { outcome } = await readBack(cluster, topic, {
      settings: { "fetch.message.max.bytes": 100_000, "queued.min.messages": 1 },
      onRecords: (records) => {
        if (offsets.length === 0) {
          cluster.embedded.faults.brokerDown();
          setTimeout(() => cluster.embedded.faults.brokerUp(), 300);
        }
        offsets.push(...records.map(({ offset }) => offset));
      },
    });
    expect(outcome.ok).toBe(true);
    expect(offsets).toEqual(Array.from({ length: 3_000 }, (_, n) => n));
  }, 30_000);
});

describe("the progress of a reader", () => {
  test("it is complete when every partition has reached the end that it was first told", () => {
    const progress = createTopicProgress([0, 1]);
    progress.reached(0, 5, 10);
    progress.reached(1, 0, 0);
    expect(progress.isComplete).toBe(false);
    progress.reached(0, 10, 25);
    expect(progress.isComplete).toBe(true);
    expect(progress.nextOffsets).toEqual(
      new Map([
        [0, 10],
        [1, 0],
      ]),
    );
  });

  test("an end below an open transaction is not the end", () => {
    const progress = createTopicProgress([0]);
    progress.reached(0, 3, 7);
    expect(progress.isComplete).toBe(false);
  });

  test("where readers are held up below the end, it says where", () => {
    const progress = createTopicProgress([0, 1, 2]);
    progress.reached(0, 3, 7, true);
    progress.reached(1, 3, 7);
    progress.reached(2, 7, 7, true);
    expect(progress.heldUp).toEqual([{ partition: 0, offset: 3, end: 7 }]);
    progress.reached(0, 4, 9);
    expect(progress.heldUp).toEqual([]);
  });

  test("a topic without partitions is complete", () => {
    expect(createTopicProgress([]).isComplete).toBe(true);
  });
});
