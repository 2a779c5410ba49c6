// What comes out of a batch is what was published, byte for byte; through the publisher and the embedded cluster.
import { afterEach, describe, expect, test } from "bun:test";
import {
  connectNative,
  createNativeConsumer,
  disconnectNative,
  type NativeConsumer,
  rebalanceCodes,
} from "../binding.ts";
import {
  openEmbeddedTestCluster,
  openTestPublisher,
  outgoing,
  publishAll,
  until,
} from "../client-fixtures.ts";
import type { KafkaRecord, OutgoingRecord, RecordHeader } from "../record.ts";
import { openRecordBatches, type RecordBatches } from "./record-batches.ts";

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

describe("records by the batch", () => {
  let close: () => Promise<void> = () => Promise.resolve();
  afterEach(() => close());

  /** A consumer of a topic with these records, which asks for nothing by itself. */
  async function openTopic(records: readonly Omit<OutgoingRecord, "topic">[], maxBatchSize = 1000) {
    const cluster = openEmbeddedTestCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await openTestPublisher(cluster);
    // One after the other, so that they are stored in this order.
    for (const record of records) await publishAll(publisher, [{ topic, ...record }]);
    const consumer: NativeConsumer = createNativeConsumer({
      "bootstrap.servers": cluster.brokers,
      "group.id": "batches",
      "auto.offset.reset": "earliest",
      ...cluster.consumerSettings,
    });
    consumer.configureCallbacks(true, {
      global: {
        rebalance_cb(code, partitions) {
          if (code !== rebalanceCodes.assign) consumer.unassign();
          else consumer.assign(partitions.map((partition) => ({ ...partition, offset: -1000 })));
        },
        offset_commit_cb: () => undefined,
      },
      topic: {},
      event: { event_cb: () => undefined, queue_non_empty_cb: () => undefined },
    });
    const name = await connectNative(consumer);
    const batches = openRecordBatches(name, maxBatchSize);
    consumer.subscribe([topic]);
    close = async () => {
      batches.close();
      await disconnectNative(consumer, 5_000);
      await publisher.close();
      await cluster.close();
    };
    return { topic, batches, name };
  }

  async function takeAll(batches: RecordBatches, count: number, limit = 1000): Promise<KafkaRecord[]> {
    const records: KafkaRecord[] = [];
    await until("all is taken", () => {
      records.push(...batches.take(limit).records);
      return records.length >= count;
    });
    return records;
  }

  test("keys and values keep their bytes; empty is not null", async () => {
    const values = [everyByte, Buffer.alloc(0), null, Buffer.alloc(900_000, "ä"), Buffer.from("注文 🚚")];
    const keys = [
      Buffer.from("key"),
      Buffer.alloc(0),
      everyByte,
      Buffer.from([0xff, 0, 0xfe]),
      Buffer.from("é"),
    ];
    const sent = values.map((value, index) => ({ key: keys[index] ?? everyByte, value, headers: [] }));
    const startedAtMs = Date.now();
    const { topic, batches } = await openTopic(sent);
    const records = await takeAll(batches, sent.length);
    expect(records.map(({ key, value }) => ({ key, value, headers: [] }))).toEqual(sent);
    records.forEach((record, offset) => {
      expect(record).toMatchObject({ topic, partition: 0, offset, headers: [] });
      expect(record.timestampMs).toBeGreaterThanOrEqual(startedAtMs - 1);
      expect(record.timestampMs).toBeLessThanOrEqual(Date.now() + 1);
      expect(Buffer.isBuffer(record.key)).toBe(true);
    });
  }, 20_000);

  test("headers keep their order, repeated names, odd names and bytes", async () => {
    const headers: RecordHeader[] = [
      ["event-id", Buffer.from("1")],
      ["b", everyByte],
      ["event-id", Buffer.from("2")],
      ["__proto__", Buffer.from("harmless")],
      ["Größe 注文", Buffer.alloc(0)],
      ["", Buffer.from("no name")],
    ];
    const { batches } = await openTopic([{ key: Buffer.from("k"), value: null, headers }]);
    const [record] = await takeAll(batches, 1);
    expect(record?.headers).toEqual(headers);
  }, 20_000);

  test("more names than are remembered come through all the same, in records before and after", async () => {
    const named = (prefix: string): RecordHeader[] =>
      Array.from({ length: 100 }, (_, n) => [`${prefix}-${n}-é`, Buffer.from(`${prefix} ${n}`)]);
    const sent = ["a", "b", "a"].map((prefix) => ({
      key: Buffer.from("k"),
      value: Buffer.from(prefix),
      headers: named(prefix),
    }));
    const { batches } = await openTopic(sent);
    const records = await takeAll(batches, 3);
    expect(records.map(({ key, value, headers }) => ({ key, value, headers: [...headers] }))).toEqual(sent);
  }, 20_000);

  test("no batch is larger than its limit, and nothing is lost between two", async () => {
    const sent = Array.from({ length: 25 }, (_, n) => outgoing("", String(n)));
    const { batches } = await openTopic(
      sent.map(({ key, value, headers }) => ({ key, value, headers })),
      10,
    );
    const offsets: number[] = [];
    await until("all is taken", () => {
      const { records, error } = batches.take(offsets.length < 10 ? 4 : 1000);
      expect(records.length).toBeLessThanOrEqual(offsets.length < 10 ? 4 : 10);
      expect(error).toBeNull();
      offsets.push(...records.map(({ offset }) => offset));
      return offsets.length >= 25;
    });
    expect(offsets).toEqual(Array.from({ length: 25 }, (_, n) => n));
  }, 20_000);

  test("a client that does not exist, or whose batches are taken already, is refused", async () => {
    expect(() => openRecordBatches("rdkafka#consumer-none", 1)).toThrow(
      "no Kafka consumer rdkafka#consumer-none",
    );
    const { name } = await openTopic([]);
    expect(() => openRecordBatches(name, 1)).toThrow(name);
  });
});
