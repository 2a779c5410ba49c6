// What the publisher promises on any cluster. The suites that run it: publisher.test.ts on the embedded one,
// clients.real.test.ts on Apache Kafka.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type TestCluster,
  acknowledged,
  openReader,
  openTestPublisher,
  outgoing,
  publishAll,
  until,
} from "./client-fixtures.ts";
import type { Publisher } from "./publisher.ts";
import type { KafkaRecord, OutgoingRecord, RecordHeader } from "./record.ts";

const timeoutMs = 30_000;

/** Of Apache Kafka's own test of its murmur2 (UtilsTest): what a Java producer computes for a key. */
const javaHashes = [
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
] as const;

export function describePublisher(name: string, openCluster: () => TestCluster): void {
  describe(`the publisher on ${name}`, () => {
    let cluster: TestCluster;
    let publisher: Publisher;
    beforeAll(async () => {
      cluster = openCluster();
      publisher = await openTestPublisher(cluster);
    });
    afterAll(async () => {
      await publisher.close();
      await cluster.close();
    });

    async function readBack(topic: string, count: number): Promise<readonly KafkaRecord[]> {
      const reader = await openReader(cluster, { topic });
      try {
        await until("records read back", () => reader.records.length >= count);
        return reader.records;
      } finally {
        await reader.consumer.close();
      }
    }

    test(
      "an acknowledgement tells the partition and the offset",
      async () => {
        const topic = await cluster.createTopic(1);
        expect(acknowledged(await publisher.publish(outgoing(topic, "first")))).toEqual({
          partition: 0,
          offset: 0,
        });
        expect(acknowledged(await publisher.publish(outgoing(topic, "second")))).toEqual({
          partition: 0,
          offset: 1,
        });
        expect(publisher.connected).toBe(true);
      },
      timeoutMs,
    );

    test(
      "a key goes to the partition that a Java producer chooses",
      async () => {
        const partitions = 7;
        const topic = await cluster.createTopic(partitions);
        const found: Record<string, number> = {};
        const expected: Record<string, number> = {};
        for (const [key, hash] of javaHashes) {
          found[key] = acknowledged(await publisher.publish(outgoing(topic, key))).partition;
          expected[key] = (hash & 0x7fffffff) % partitions;
        }
        expect(found).toEqual(expected);
      },
      timeoutMs,
    );

    test(
      "key, value and headers arrive as the bytes they were, headers in order and with repeated names",
      async () => {
        const topic = await cluster.createTopic(1);
        const everyByte = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
        const headers: readonly RecordHeader[] = [
          ["trace", everyByte],
          ["repeated", Buffer.from("1")],
          ["42", Buffer.from("a name that is a number")],
          ["repeated", Buffer.from("2")],
          ["empty", Buffer.alloc(0)],
          ["__proto__", Buffer.from("a name that is special in JavaScript")],
          ["größe", Buffer.from("ünï")],
        ];
        const sent: OutgoingRecord = {
          topic,
          key: everyByte,
          value: Buffer.concat([everyByte, everyByte]),
          headers,
        };
        await publishAll(publisher, [sent]);
        const [got] = await readBack(topic, 1);
        expect(got?.key).toEqual(everyByte);
        expect(got?.value).toEqual(Buffer.concat([everyByte, everyByte]));
        expect(got?.headers).toEqual(headers);
      },
      timeoutMs,
    );

    test(
      "no value, an empty value and no headers stay what they are",
      async () => {
        const topic = await cluster.createTopic(1);
        await publishAll(publisher, [outgoing(topic, "k", null), outgoing(topic, "k", Buffer.alloc(0))]);
        const [tombstone, empty] = await readBack(topic, 2);
        expect(tombstone?.value).toBeNull();
        expect(tombstone?.headers).toEqual([]);
        expect(empty?.value).toEqual(Buffer.alloc(0));
      },
      timeoutMs,
    );

    test(
      "a view into a larger buffer is published without its surroundings",
      async () => {
        const topic = await cluster.createTopic(1);
        const value = Buffer.from("before|inside|after").subarray(7, 13);
        await publishAll(publisher, [{ topic, key: value, value, headers: [["h", value]] }]);
        const [got] = await readBack(topic, 1);
        expect([got?.key, got?.value, got?.headers[0]?.[1]].map(String)).toEqual([
          "inside",
          "inside",
          "inside",
        ]);
      },
      timeoutMs,
    );

    test(
      "a record that is too large is refused, and the ones around it are written",
      async () => {
        const topic = await cluster.createTopic(1);
        const [before, tooLarge, after] = await Promise.all([
          publisher.publish(outgoing(topic, "before")),
          publisher.publish(outgoing(topic, "k", Buffer.alloc(2_000_000))),
          publisher.publish(outgoing(topic, "after")),
        ]);
        expect([before.ok, after.ok]).toEqual([true, true]);
        expect(tooLarge).toMatchObject({ ok: false, failure: { kind: "refused", code: 10 } });
      },
      timeoutMs,
    );

    test(
      "records of one key are in the order of their publish calls, however many are in flight",
      async () => {
        const topic = await cluster.createTopic(3);
        const keys = ["a", "b", "c", "d", "e"];
        const records = Array.from({ length: 2_000 }, (_, n) =>
          outgoing(topic, keys[n % 5] ?? "", String(n)),
        );
        await publishAll(publisher, records);
        const read = await readBack(topic, records.length);
        expect(read.length).toBe(records.length);
        for (const key of keys) {
          const values = read
            .filter((record) => String(record.key) === key)
            .map((record) => Number(record.value));
          expect(values).toEqual(values.toSorted((a, b) => a - b));
          expect(values.length).toBe(400);
        }
      },
      timeoutMs,
    );

    test(
      "closing waits for what is in flight, and takes nothing more",
      async () => {
        const topic = await cluster.createTopic(1);
        const own = await openTestPublisher(cluster);
        const outcomes = Array.from({ length: 500 }, (_, n) => own.publish(outgoing(topic, String(n))));
        await own.close();
        const settled = await Promise.all(outcomes);
        expect(settled.every(({ ok }) => ok)).toBe(true);
        expect(own.connected).toBe(false);
        expect(await own.publish(outgoing(topic, "late"))).toMatchObject({
          ok: false,
          failure: { kind: "unavailable" },
        });
        await own.close();
      },
      timeoutMs,
    );

    test(
      "more records than may be in flight are answered as unavailable, at once",
      async () => {
        const topic = await cluster.createTopic(1);
        const own = await openTestPublisher(cluster, { maxInFlight: 3 });
        const outcomes = await Promise.all(
          Array.from({ length: 5 }, (_, n) => own.publish(outgoing(topic, String(n)))),
        );
        expect(outcomes.map(({ ok }) => ok)).toEqual([true, true, true, false, false]);
        expect(outcomes[3]).toMatchObject({ failure: { kind: "unavailable", code: -184 } });
        await own.close();
      },
      timeoutMs,
    );
  });
}
