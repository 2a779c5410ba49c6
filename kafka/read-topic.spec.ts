// What reading a topic to its end promises on any cluster. Run by read-topic.test.ts on the embedded one and by
// transactional-publisher.real.test.ts on Apache Kafka.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import {
  type TestCluster,
  committed,
  openTestPublisher,
  openTestTransactionalPublisher,
  openTransaction,
  outgoing,
  publishAll,
  readBack,
  readValues,
  requireOrder,
} from "./client-fixtures.ts";
import type { TransactionalCluster } from "./transactional-publisher.spec.ts";

const timeoutMs = 30_000;

export function describeReadTopic(
  name: string,
  openCluster: () => TestCluster,
  { isolates }: TransactionalCluster,
): void {
  describe(`reading a topic to its end on ${name}`, () => {
    let cluster: TestCluster;
    const toClose: { close(): Promise<unknown> }[] = [];
    beforeAll(() => {
      cluster = openCluster();
    });
    afterEach(async () => {
      for (const part of toClose.splice(0).toReversed()) await part.close();
    });
    afterAll(() => cluster.close());

    async function publish(topic: string, count: number, firstValue = 0): Promise<void> {
      const publisher = await openTestPublisher(cluster);
      toClose.push(publisher);
      const records = Array.from({ length: count }, (_, n) =>
        outgoing(topic, `k${n}`, String(firstValue + n)),
      );
      await publishAll(publisher, records);
    }

    test(
      "every record comes once, in order per partition, and the next offsets are the ends",
      async () => {
        const topic = await cluster.createTopic(4);
        await publish(topic, 5_000);
        const { records, outcome } = await readBack(cluster, topic);
        expect(new Set(records.map(({ value }) => String(value))).size).toBe(5_000);
        expect(records.length).toBe(5_000);
        requireOrder(records);
        const counts = Map.groupBy(records, ({ partition }) => partition);
        expect(outcome).toEqual({
          ok: true,
          value: new Map([...counts].map(([partition, { length }]) => [partition, length])),
        });
      },
      timeoutMs,
    );

    test(
      "from the next offsets of one reading the next one reads what has come since",
      async () => {
        const topic = await cluster.createTopic(2);
        await publish(topic, 100);
        const first = await readBack(cluster, topic);
        if (!first.outcome.ok) throw new Error(first.outcome.failure.message);
        const from = first.outcome.value;
        expect((await readBack(cluster, topic, { from })).records).toEqual([]);
        await publish(topic, 50, 100);
        const { records } = await readBack(cluster, topic, { from });
        expect(records.map(({ value }) => Number(value)).toSorted((a, b) => a - b)).toEqual(
          Array.from({ length: 50 }, (_, n) => 100 + n),
        );
      },
      timeoutMs,
    );

    test(
      "a topic and partitions without a record are at their end at once",
      async () => {
        const topic = await cluster.createTopic(3);
        const startedAt = performance.now();
        const { records, outcome } = await readBack(cluster, topic);
        expect(performance.now() - startedAt).toBeLessThan(2_000);
        expect(records).toEqual([]);
        expect(outcome).toEqual({
          ok: true,
          value: new Map([
            [0, 0],
            [1, 0],
            [2, 0],
          ]),
        });
      },
      timeoutMs,
    );

    test(
      "an offset beyond the end is of another log: the partition is read from its beginning",
      async () => {
        const topic = await cluster.createTopic(1);
        await publish(topic, 10);
        const { records, outcome } = await readBack(cluster, topic, { from: new Map([[0, 1_000]]) });
        expect(records.length).toBe(10);
        expect(outcome).toEqual({ ok: true, value: new Map([[0, 10]]) });
      },
      timeoutMs,
    );

    test(
      "an offset whose record is gone already stands for the first that is still there",
      async () => {
        const topic = await cluster.createTopic(1);
        if (cluster.deleteRecords === undefined) return;
        await publish(topic, 10);
        await cluster.deleteRecords(topic, 0, 6);
        const { records } = await readBack(cluster, topic, { from: new Map([[0, 2]]) });
        expect(records.map(({ offset }) => offset)).toEqual([6, 7, 8, 9]);
        await cluster.deleteRecords(topic, 0, 10);
        const emptied = await readBack(cluster, topic, { from: new Map([[0, 2]]) });
        expect(emptied).toEqual({ records: [], outcome: { ok: true, value: new Map([[0, 10]]) } });
      },
      timeoutMs,
    );

    test(
      "a topic that does not exist is refused",
      async () => {
        const { outcome } = await readBack(cluster, `none-${randomUUID()}`);
        expect(outcome).toMatchObject({ ok: false, failure: { kind: "refused" } });
      },
      timeoutMs,
    );

    test(
      "what a handler throws is thrown on, and the client is closed",
      async () => {
        const topic = await cluster.createTopic(1);
        await publish(topic, 1);
        const onRecords = (): never => {
          throw new Error("of the handler");
        };
        const thrown = await readBack(cluster, topic, { onRecords }).catch(String);
        expect(thrown).toBe("Error: of the handler");
      },
      timeoutMs,
    );

    test(
      "markers at the end of a partition are passed",
      async () => {
        const topic = await cluster.createTopic(1);
        const publisher = await openTestTransactionalPublisher(cluster, randomUUID());
        toClose.push(publisher);
        await publisher.init();
        for (const key of ["a", "b", "c"]) committed(await publisher.publishAll([outgoing(topic, key)]));
        const { records, outcome } = await readBack(cluster, topic);
        expect(records.map(({ offset }) => offset)).toEqual([0, 2, 4]);
        expect(outcome).toEqual({ ok: true, value: new Map([[0, 6]]) });
      },
      timeoutMs,
    );

    if (!isolates) return;

    test(
      "what was committed above another publisher's open transaction is read too, once that one has ended",
      async () => {
        const topic = await cluster.createTopic(1);
        const other = await openTransaction(cluster, randomUUID(), [outgoing(topic, "never")]);
        toClose.push(other);
        const publisher = await openTestTransactionalPublisher(cluster, randomUUID());
        toClose.push(publisher);
        await publisher.init();
        committed(await publisher.publishAll([outgoing(topic, "committed above it")]));
        const values = readValues(cluster, topic);
        expect(await other.abort(performance.now() + 10_000)).toBeNull();
        expect(await values).toEqual(["committed above it"]);
      },
      timeoutMs,
    );

    test(
      "while another publisher's transaction does not end, it is unavailable and says where readers are held up",
      async () => {
        const topic = await cluster.createTopic(1);
        const other = await openTransaction(cluster, randomUUID(), [outgoing(topic, "open")]);
        toClose.push(other);
        const { outcome } = await readBack(cluster, topic, { deadlineMs: 1500 });
        expect(outcome).toMatchObject({
          ok: false,
          failure: { kind: "unavailable", message: expect.stringContaining("partition 0 at offset 0 of 1") },
        });
        expect(await other.abort(performance.now() + 10_000)).toBeNull();
      },
      timeoutMs,
    );

    test(
      "records of aborted transactions are not seen, wherever they stand",
      async () => {
        const topic = await cluster.createTopic(1);
        const publisher = await openTestTransactionalPublisher(cluster, randomUUID());
        toClose.push(publisher);
        await publisher.init();
        for (const round of [0, 1, 2]) {
          const aborted = await openTransaction(cluster, randomUUID(), [outgoing(topic, `aborted ${round}`)]);
          expect(await aborted.abort(performance.now() + 10_000)).toBeNull();
          await aborted.close();
          committed(await publisher.publishAll([outgoing(topic, `committed ${round}`)]));
        }
        const last = await openTransaction(cluster, randomUUID(), [outgoing(topic, "aborted last")]);
        expect(await last.abort(performance.now() + 10_000)).toBeNull();
        await last.close();
        expect(await readValues(cluster, topic)).toEqual(["committed 0", "committed 1", "committed 2"]);
      },
      timeoutMs,
    );
  });
}
