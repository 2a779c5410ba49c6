// What is handed over arrives byte for byte, and each record has one report; on the embedded cluster.
import { afterEach, describe, expect, test } from "bun:test";
import { connectNative, createNativeProducer, disconnectNative } from "../binding.ts";
import { openEmbeddedTestCluster, openReader, until } from "../client-fixtures.ts";
import type { RecordHeader } from "../record.ts";
import { openOutgoingRecords } from "./outgoing-records.ts";

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

interface Report {
  readonly id: number;
  readonly errorCode: number;
  readonly partition: number;
  readonly offset: number;
}

describe("records on their way out", () => {
  let close: () => Promise<void> = () => Promise.resolve();
  afterEach(() => close());

  async function openStage() {
    const cluster = openEmbeddedTestCluster();
    const topic = await cluster.createTopic(1);
    const producer = createNativeProducer({
      "bootstrap.servers": cluster.brokers,
      acks: "all",
      "enable.idempotence": true,
      "linger.ms": 0,
    });
    producer.configureCallbacks(true, {
      global: {},
      topic: {},
      event: { event_cb: () => undefined },
    });
    const name = await connectNative(producer);
    const reports: Report[] = [];
    const outgoing = openOutgoingRecords(name, (id, errorCode, partition, offset) => {
      reports.push({ id, errorCode, partition, offset });
    });
    close = async () => {
      outgoing.close();
      await disconnectNative(producer, 5_000);
      await cluster.close();
    };
    return { cluster, topic, name, outgoing, reports };
  }

  test("keys, values and headers keep their bytes; null, empty and none stay apart", async () => {
    const { cluster, topic, outgoing, reports } = await openStage();
    const headers: readonly RecordHeader[] = [
      ["same", everyByte],
      ["same", Buffer.alloc(0)],
      ["__proto__", Buffer.from("a name like another")],
      ["größe", Buffer.from("bytes of more than one")],
    ];
    const view = Buffer.concat([everyByte, everyByte]).subarray(100, 300);
    const records = [
      { key: everyByte, value: view, headers },
      { key: null, value: null, headers: [] },
      { key: Buffer.alloc(0), value: Buffer.alloc(0), headers: [] },
    ];
    for (const [index, record] of records.entries()) {
      expect(outgoing.put({ topic, ...record }, 1_700_000_000_000 + index, index + 1)).toBe(0);
    }
    await until("all reports", () => reports.length === records.length);
    const reader = await openReader(cluster, { topic });
    await until("all records", () => reader.records.length === records.length);
    await reader.consumer.close();
    expect(reader.records.map(({ key, value, headers: read }) => ({ key, value, headers: read }))).toEqual(
      records,
    );
    expect(reader.records.map(({ timestampMs }) => timestampMs)).toEqual(
      [0, 1, 2].map((n) => 1_700_000_000_000 + n),
    );
  });

  test("headers beyond what is usual in number and size arrive as well, and small ones after them", async () => {
    const { cluster, topic, outgoing, reports } = await openStage();
    const many = Array.from({ length: 200 }, (_, n): RecordHeader => [`name-${n}`, Buffer.alloc(n, n)]);
    const few: readonly RecordHeader[] = [["name-3", Buffer.from("few")]];
    for (const [index, headers] of [many, few].entries()) {
      outgoing.put({ topic, key: null, value: null, headers }, 0, index + 1);
    }
    await until("both reports", () => reports.length === 2);
    const reader = await openReader(cluster, { topic });
    await until("both records", () => reader.records.length === 2);
    await reader.consumer.close();
    expect(reader.records.map(({ headers }) => headers)).toEqual([many, few]);
  });

  test("each record has one report, with the id that it was put with and its own offset", async () => {
    const { topic, outgoing, reports } = await openStage();
    const count = 20_000;
    // Ids may be as large as a number can count.
    const first = Number.MAX_SAFE_INTEGER - count;
    for (let n = 0; n < count; n += 1) {
      outgoing.put({ topic, key: null, value: everyByte, headers: [] }, 0, first + n);
    }
    await until("all reports", () => reports.length >= count);
    expect(new Set(reports.map(({ id }) => id)).size).toBe(count);
    expect(reports.every(({ id, errorCode, offset }) => errorCode === 0 && offset === id - first)).toBe(true);
  });

  test("what librdkafka does not take is answered at once and has no report", async () => {
    const { topic, outgoing, reports } = await openStage();
    const tooLarge = Buffer.alloc(2_000_000);
    expect(outgoing.put({ topic, key: null, value: tooLarge, headers: [["h", everyByte]] }, 0, 1)).toBe(10);
    expect(outgoing.put({ topic: "n".repeat(600), key: null, value: null, headers: [] }, 0, 2)).toBe(-186);
    expect(outgoing.put({ topic, key: null, value: null, headers: [] }, 0, 3)).toBe(0);
    await until("the report", () => reports.length === 1);
    expect(reports.map(({ id }) => id)).toEqual([3]);
  });

  test("after closing nothing is reported, whatever was still out", async () => {
    const { topic, outgoing, reports } = await openStage();
    for (let n = 0; n < 1000; n += 1) outgoing.put({ topic, key: null, value: everyByte, headers: [] }, 0, n);
    outgoing.close();
    const told = reports.length;
    await close();
    close = () => Promise.resolve();
    expect(reports.length).toBe(told);
  });

  test("a client that does not exist, or whose records go out already, is refused", async () => {
    const { name } = await openStage();
    const refused = "whose records can be handed over";
    expect(() => openOutgoingRecords("nobody", () => undefined)).toThrow(refused);
    expect(() => openOutgoingRecords(name, () => undefined)).toThrow(refused);
  });
});
