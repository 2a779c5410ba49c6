// What the consumer promises on any cluster. The suites that run it: consumer.test.ts on the embedded one,
// clients.real.test.ts on Apache Kafka.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import {
  type ReaderOptions,
  type TestCluster,
  type TestReader,
  openReader,
  openTestPublisher,
  numbered,
  positions,
  publishAll,
  requireOrder,
  until,
} from "./client-fixtures.ts";
import type { Publisher } from "./publisher.ts";
import type { TopicPartition } from "./record.ts";

const timeoutMs = 60_000;

export interface ConsumerSuite {
  /** False where a group takes no commits once a rebalance has begun, as librdkafka's mock cluster does. */
  readonly commitsWhileRebalancing: boolean;
}

export function describeConsumer(
  name: string,
  openCluster: () => TestCluster,
  { commitsWhileRebalancing }: ConsumerSuite,
): void {
  describe(`the consumer on ${name}`, () => {
    let cluster: TestCluster;
    let publisher: Publisher;
    let readers: TestReader[] = [];
    beforeAll(async () => {
      cluster = openCluster();
      publisher = await openTestPublisher(cluster);
    });
    afterEach(async () => {
      await Promise.all(readers.map(({ consumer }) => consumer.close()));
      readers = [];
      // A client that leaves while its group waits for others asks for 5 s.
    }, 20_000);
    afterAll(async () => {
      await publisher.close();
      await cluster.close();
    });

    async function open(options: ReaderOptions): Promise<TestReader> {
      const reader = await openReader(cluster, options);
      readers.push(reader);
      return reader;
    }
    async function publish(topic: string, count: number, from = 0): Promise<void> {
      await publishAll(publisher, numbered(topic, count, from));
    }
    function expectEachOnce(count: number, ...read: readonly TestReader[]): void {
      const all = read.flatMap(({ records }) => positions(records));
      expect(all.length).toBe(count);
      expect(new Set(all).size).toBe(count);
      for (const { records } of read) requireOrder(records);
    }

    test(
      "every record is handed over, once, in order per partition",
      async () => {
        const topic = await cluster.createTopic(3);
        await publish(topic, 5_000);
        const reader = await open({ topic, maxBatchSize: 100 });
        await until("half is read", () => reader.records.length >= 2_500);
        await publish(topic, 5_000, 5_000);
        await until("all is read", () => reader.records.length >= 10_000);
        expectEachOnce(10_000, reader);
        expect(reader.events).toEqual(["assigned 0 1 2"]);
        expect(reader.consumer.assignment.length).toBe(3);
      },
      timeoutMs,
    );

    test(
      "a record comes with its time, and is handed over within a fraction of a second",
      async () => {
        const topic = await cluster.createTopic(1);
        const reader = await open({ topic });
        await publish(topic, 1);
        await until("the first one", () => reader.records.length === 1);
        const publishedAt = performance.now();
        await publish(topic, 1);
        await until("the second one", () => reader.records.length === 2);
        expect(performance.now() - publishedAt).toBeLessThan(500);
        expect(reader.records[1]?.timestampMs).toBeNumber();
      },
      timeoutMs,
    );

    test(
      "after a commit and a clean stop, the next one goes on exactly at the committed offset",
      async () => {
        const topic = await cluster.createTopic(2);
        const groupId = `group-${randomUUID()}`;
        await publish(topic, 400);
        const first = await open({ topic, groupId });
        await until("all is read", () => first.records.length === 400);
        const next = first.nextOffsets();
        const offsets = [
          { topic, partition: 0, nextOffset: (next.get(0) ?? 0) - 7 },
          { topic, partition: 1, nextOffset: next.get(1) ?? 0 },
        ];
        expect(await first.consumer.commit(offsets)).toEqual({ ok: true });
        await first.consumer.close();

        const second = await open({ topic, groupId });
        await until("the rest is read", () => second.records.length >= 7);
        await publish(topic, 20, 400);
        await until("the new ones are read", () => second.records.length >= 27);
        expectEachOnce(27, second);
        expect(second.records.find(({ partition }) => partition === 0)?.offset).toBe((next.get(0) ?? 0) - 7);
      },
      timeoutMs,
    );

    test(
      "reading starts where the owner says, and at the committed offset where it says nothing or cannot",
      async () => {
        const topic = await cluster.createTopic(2);
        const groupId = `group-${randomUUID()}`;
        await publish(topic, 200);
        const first = await open({ topic, groupId });
        await until("all is read", () => first.records.length === 200);
        const committed = first.nextOffsets().get(1) ?? 0;
        await first.consumer.commit([{ topic, partition: 1, nextOffset: committed - 5 }]);
        await first.consumer.close();

        const told = await open({
          topic,
          groupId,
          handlers: { startAt: async () => [{ topic, partition: 0, nextOffset: 7 }] },
        });
        const rest = (first.nextOffsets().get(0) ?? 0) - 7 + 5;
        await until("the rest is read", () => told.records.length >= rest);
        expect(told.records.length).toBe(rest);
        expect(told.records.find(({ partition }) => partition === 0)?.offset).toBe(7);
        expect(told.records.find(({ partition }) => partition === 1)?.offset).toBe(committed - 5);
        await told.commitAll();
        await told.consumer.close();

        for (const startAt of [
          () => Promise.reject(new Error("away")),
          () => new Promise<never>(() => undefined),
        ]) {
          const untold = await open({ topic, groupId, startAtTimeoutMs: 50, handlers: { startAt } });
          await publish(topic, 1);
          await until("the new one is read", () => untold.records.length > 0);
          expect(untold.records.length).toBe(1);
          await untold.commitAll();
          await untold.consumer.close();
        }
      },
      timeoutMs,
    );

    test(
      "offset 0 can be committed, and means the first record",
      async () => {
        const topic = await cluster.createTopic(1);
        const groupId = `group-${randomUUID()}`;
        await publish(topic, 3);
        const first = await open({ topic, groupId });
        await until("all is read", () => first.records.length === 3);
        expect(await first.consumer.commit([{ topic, partition: 0, nextOffset: 0 }])).toEqual({ ok: true });
        await first.consumer.close();
        const second = await open({ topic, groupId });
        await until("all is read again", () => second.records.length >= 3);
        expectEachOnce(3, second);
      },
      timeoutMs,
    );

    test(
      "nothing is committed that nobody asked for",
      async () => {
        const topic = await cluster.createTopic(1);
        const groupId = `group-${randomUUID()}`;
        await publish(topic, 10);
        const first = await open({ topic, groupId });
        await until("all is read", () => first.records.length === 10);
        await first.consumer.close();
        const second = await open({ topic, groupId });
        await until("all is read again", () => second.records.length >= 10);
        expectEachOnce(10, second);
      },
      timeoutMs,
    );

    test(
      "commits that are asked for at once are all answered, and the last one counts",
      async () => {
        const topic = await cluster.createTopic(1);
        const groupId = `group-${randomUUID()}`;
        await publish(topic, 100);
        const first = await open({ topic, groupId });
        await until("all is read", () => first.records.length === 100);
        const answers = await Promise.all(
          Array.from({ length: 90 }, (_, n) =>
            first.consumer.commit([{ topic, partition: 0, nextOffset: n + 1 }]),
          ),
        );
        expect(answers.every(({ ok }) => ok)).toBe(true);
        await first.consumer.close();
        const second = await open({ topic, groupId });
        await until("the rest is read", () => second.records.length >= 10);
        expect(second.records[0]?.offset).toBe(90);
      },
      timeoutMs,
    );

    test(
      "a paused partition stands still and does not stop the others; resumed, it goes on where it stood",
      async () => {
        const topic = await cluster.createTopic(2);
        await publish(topic, 2_000);
        // More than the consumer keeps for a paused partition, so that the client itself is paused too.
        const p0: TopicPartition = { topic, partition: 0 };
        let pausedWith = -1;
        const reader: TestReader = await open({
          topic,
          maxBatchSize: 50,
          handlers: {
            onRecords() {
              if (pausedWith >= 0 || countOf(0) < 100) return;
              reader.consumer.pause([p0]);
              pausedWith = countOf(0);
            },
          },
        });
        const countOf = (partition: number): number =>
          reader.records.filter((record) => record.partition === partition).length;
        await until("partition 0 is paused", () => pausedWith > 0);
        await publish(topic, 2_000, 2_000);
        const ends = new Map(reader.consumer.lag().map((lag) => [lag.partition, lag.highWatermark]));
        expect(ends.size).toBe(2);
        await until("partition 1 is read to its end", () => {
          const [, other] = reader.consumer.lag();
          return other?.lag === 0 && countOf(1) > 1_000;
        });
        expect(countOf(0)).toBe(pausedWith);
        reader.consumer.resume([p0]);
        await until("all is read", () => reader.records.length >= 4_000);
        expectEachOnce(4_000, reader);
      },
      timeoutMs,
    );

    test(
      "pausing and resuming under load, at any moment, neither loses nor repeats a record",
      async () => {
        const topic = await cluster.createTopic(3);
        await publish(topic, 6_000);
        let batches = 0;
        const reader: TestReader = await open({
          topic,
          maxBatchSize: 40,
          handlers: {
            onRecords() {
              batches += 1;
              const partition = { topic, partition: batches % 3 };
              reader.consumer.pause([partition, { topic, partition: (batches + 1) % 3 }]);
              if (batches % 2 === 0) reader.consumer.resume([partition]);
              setTimeout(() => reader.consumer.resume(reader.consumer.assignment), batches % 7);
            },
          },
        });
        await until("all is read", () => reader.records.length >= 6_000);
        expectEachOnce(6_000, reader);
      },
      timeoutMs,
    );

    test(
      "resuming what is not paused repeats nothing",
      async () => {
        const topic = await cluster.createTopic(1);
        await publish(topic, 500);
        const reader: TestReader = await open({
          topic,
          maxBatchSize: 20,
          handlers: { onRecords: () => reader.consumer.resume([{ topic, partition: 0 }]) },
        });
        await until("all is read", () => reader.records.length >= 500);
        await publish(topic, 1, 500);
        await until("the last one", () => reader.records.length >= 501);
        expectEachOnce(501, reader);
      },
      timeoutMs,
    );

    test(
      "a partition that is paused when it is assigned gives no record before it is resumed",
      async () => {
        const topic = await cluster.createTopic(2);
        await publish(topic, 300);
        const reader: TestReader = await open({
          topic,
          handlers: { onAssigned: () => reader.consumer.pause([{ topic, partition: 0 }]) },
        });
        await until(
          "partition 1 is read",
          () => reader.consumer.lag()[1]?.lag === 0 && reader.records.length > 0,
        );
        expect(reader.records.some(({ partition }) => partition === 0)).toBe(false);
        reader.consumer.resume([{ topic, partition: 0 }]);
        await until("all is read", () => reader.records.length >= 300);
        expectEachOnce(300, reader);
      },
      timeoutMs,
    );

    if (commitsWhileRebalancing) {
      test(
        "two members share the partitions; when one leaves, the other takes over and repeats nothing committed",
        async () => {
          const topic = await cluster.createTopic(4);
          const groupId = `group-${randomUUID()}`;
          const openMember = async (): Promise<TestReader> => {
            const member: TestReader = await open({
              topic,
              groupId,
              handlers: {
                async onRevoked(partitions) {
                  const next = member.nextOffsets();
                  const offsets = partitions.flatMap(({ topic, partition }) => {
                    const nextOffset = next.get(partition);
                    return nextOffset === undefined ? [] : [{ topic, partition, nextOffset }];
                  });
                  expect(await member.consumer.commit(offsets)).toEqual({ ok: true });
                },
              },
            });
            return member;
          };
          const first = await openMember();
          await publish(topic, 1_000);
          await until("the first reads all", () => first.records.length === 1_000);
          const second = await openMember();
          const sizes = (): string =>
            [first, second].map(({ consumer }) => consumer.assignment.length).join(" ");
          await until("they share", () => sizes() === "2 2", 30_000);
          await publish(topic, 1_000, 1_000);
          await until("both read", () => first.records.length + second.records.length >= 2_000);
          expect(first.records.length).toBeGreaterThan(1_000);
          expect(second.records.length).toBeGreaterThan(0);

          await first.consumer.close();
          await until("the second has all", () => second.consumer.assignment.length === 4, 30_000);
          await publish(topic, 1_000, 2_000);
          await until("the second reads all", () => first.records.length + second.records.length >= 3_000);
          expectEachOnce(3_000, first, second);
          expect(first.events.filter((event) => event.startsWith("lost"))).toEqual([]);
        },
        timeoutMs,
      );

      test(
        "once a partition is being revoked none of its records come, and nobody else gets any before it is let go of",
        async () => {
          const topic = await cluster.createTopic(4);
          const groupId = `group-${randomUUID()}`;
          const revoked = new Set<number>();
          const late: string[] = [];
          let letGo: () => void = () => undefined;
          const done = new Promise<void>((resolve) => {
            letGo = resolve;
          });
          const first: TestReader = await open({
            topic,
            groupId,
            maxBatchSize: 20,
            sessionTimeoutMs: 2 * cluster.sessionTimeoutMs,
            handlers: {
              // It may get some of them back.
              onAssigned: () => revoked.clear(),
              onRecords(batch) {
                late.push(...positions(batch.filter(({ partition }) => revoked.has(partition))));
              },
              onRevoked(partitions) {
                for (const { partition } of partitions) revoked.add(partition);
                return done;
              },
            },
          });
          await until("the first has all", () => first.consumer.assignment.length === 4);
          // Read while it is being revoked from under it.
          const writing = publish(topic, 5_000);
          const second = await open({ topic, groupId, sessionTimeoutMs: 2 * cluster.sessionTimeoutMs });
          await until("a revocation begins", () => revoked.size > 0, 30_000);
          await writing;
          await publish(topic, 1_000, 5_000);
          expect(second.records.length).toBe(0);
          const committed = await first.consumer.commit(
            [...revoked].map((partition) => ({
              topic,
              partition,
              nextOffset: first.nextOffsets().get(partition) ?? 0,
            })),
          );
          expect(committed).toEqual({ ok: true });
          letGo();
          await until("all is read", () => first.records.length + second.records.length >= 6_000, 30_000);
          expect(late).toEqual([]);
          expectEachOnce(6_000, first, second);
        },
        timeoutMs,
      );
    }

    test(
      "a handler that never lets go holds a rebalance up for the revoke timeout and not longer",
      async () => {
        const topic = await cluster.createTopic(2);
        const groupId = `group-${randomUUID()}`;
        const first = await open({
          topic,
          groupId,
          revokeTimeoutMs: 500,
          handlers: { onRevoked: () => new Promise(() => undefined) },
        });
        await until("the first has all", () => first.consumer.assignment.length === 2);
        const second = await open({ topic, groupId });
        await until("they share", () => second.consumer.assignment.length === 1, 30_000);
        const startedAt = performance.now();
        await first.consumer.close(5_000);
        expect(performance.now() - startedAt).toBeLessThan(5_000);
      },
      timeoutMs,
    );

    test(
      "a partition that was paused when it was taken away flows again when it comes back",
      async () => {
        const topic = await cluster.createTopic(2);
        const groupId = `group-${randomUUID()}`;
        const first = await open({ topic, groupId });
        await until("the first has all", () => first.consumer.assignment.length === 2);
        await publish(topic, 200);
        await until("all is read", () => first.records.length === 200);
        first.consumer.pause(first.consumer.assignment);
        await first.commitAll();
        const second = await open({ topic, groupId });
        await until("they share", () => second.consumer.assignment.length === 1, 30_000);
        await second.consumer.close();
        await until("the first has all again", () => first.consumer.assignment.length === 2, 30_000);
        await publish(topic, 200, 200);
        await until("all is read", () => first.records.length >= 400);
        expectEachOnce(400, first);
      },
      timeoutMs,
    );

    test(
      "a commit of a partition that is not assigned is refused at once",
      async () => {
        const topic = await cluster.createTopic(1);
        const reader = await open({ topic });
        await until("it has its partition", () => reader.consumer.assignment.length === 1);
        const offset = { topic, partition: 5, nextOffset: 1 };
        expect(await reader.consumer.commit([offset])).toMatchObject({
          ok: false,
          failure: { kind: "fenced" },
        });
        await reader.consumer.close();
        const closed = await reader.consumer.commit([{ topic, partition: 0, nextOffset: 1 }]);
        expect(closed).toMatchObject({ ok: false, failure: { kind: "fenced" } });
      },
      timeoutMs,
    );

    test(
      "lag counts what is written and not yet handed over",
      async () => {
        const topic = await cluster.createTopic(1);
        await publish(topic, 100);
        const reader: TestReader = await open({
          topic,
          handlers: { onAssigned: (partitions) => reader.consumer.pause(partitions) },
        });
        await until("the position is known", () => reader.consumer.running);
        reader.consumer.resume(reader.consumer.assignment);
        await until(
          "all is read",
          () => reader.consumer.lag()[0]?.lag === 0 && reader.records.length === 100,
        );
        expect(reader.consumer.lag()[0]).toMatchObject({
          topic,
          partition: 0,
          nextOffset: 100,
          highWatermark: 100,
        });
      },
      timeoutMs,
    );

    test(
      "a static member that comes back keeps its partitions and goes on",
      async () => {
        const topic = await cluster.createTopic(2);
        const groupId = `group-${randomUUID()}`;
        const options = { topic, groupId, groupInstanceId: "worker-1" };
        await publish(topic, 100);
        const before = await open(options);
        await until("all is read", () => before.records.length === 100);
        expect(await before.commitAll()).toEqual({ ok: true });
        await before.consumer.close();
        const after = await open(options);
        await publish(topic, 50, 100);
        await until("the new ones are read", () => after.records.length >= 50, 30_000);
        expectEachOnce(50, after);
      },
      timeoutMs,
    );

    test(
      "a static member that goes in the middle of a rebalance and comes back leaves no partition without a reader",
      async () => {
        const topic = await cluster.createTopic(3);
        const groupId = `group-${randomUUID()}`;
        const first = await open({
          topic,
          groupId,
          groupInstanceId: "worker-1",
          handlers: { onRevoked: () => new Promise(() => undefined) },
        });
        await until("the first has all", () => first.consumer.assignment.length === 3);
        const second = await open({ topic, groupId, groupInstanceId: "worker-2" });
        await until("a rebalance begins", () => first.events.length === 2, 30_000);
        await first.consumer.close(300);
        const back = await open({ topic, groupId, groupInstanceId: "worker-1" });
        await until("both have some", () => back.events.length > 0 && second.events.length > 0, 30_000);
        await publish(topic, 300);
        await until("all is read", () => second.records.length + back.records.length >= 300);
      },
      timeoutMs,
    );

    test(
      "closing right after opening, and closing twice, ends at once",
      async () => {
        const topic = await cluster.createTopic(1);
        const startedAt = performance.now();
        const reader = await open({ topic });
        await Promise.all([reader.consumer.close(), reader.consumer.close()]);
        expect(performance.now() - startedAt).toBeLessThan(5_000);
        expect(reader.consumer.running).toBe(false);
      },
      timeoutMs,
    );

    test(
      "closing in the middle of rebalances never hangs",
      async () => {
        const topic = await cluster.createTopic(4);
        const groupId = `group-${randomUUID()}`;
        const stable = await open({ topic, groupId });
        await until("the first has all", () => stable.consumer.assignment.length === 4);
        for (const waitMs of [0, 20, 100, 300, 1_000]) {
          const passing = await open({ topic, groupId });
          await Bun.sleep(waitMs);
          const startedAt = performance.now();
          await passing.consumer.close(10_000);
          expect(performance.now() - startedAt).toBeLessThan(5_000);
        }
        await until("the first has all again", () => stable.consumer.assignment.length === 4, 30_000);
        await publish(topic, 100);
        await until("all is read", () => stable.records.length >= 100);
      },
      timeoutMs,
    );
  });
}
