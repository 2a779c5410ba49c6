import { afterEach, describe, expect, test } from "bun:test";
import type {
  DeliveryReport,
  KafkaConsumer,
  LibrdKafkaError,
  Metadata,
  Producer,
} from "@confluentinc/kafka-javascript/types/rdkafka.js";
import { type EmbeddedCluster, type EmbeddedClusterOptions, openEmbeddedCluster } from "./embedded.ts";
import { loadKafkaClient } from "./native/load.ts";

const kafka = loadKafkaClient();
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function openCluster(options: EmbeddedClusterOptions): EmbeddedCluster {
  const cluster = openEmbeddedCluster(options);
  closers.push(() => cluster.close());
  return cluster;
}

async function connectProducer(
  cluster: EmbeddedCluster,
  settings: Record<string, number> = {},
): Promise<Producer> {
  const producer = new kafka.Producer({
    "bootstrap.servers": cluster.brokers,
    "linger.ms": 0,
    "reconnect.backoff.ms": 10,
    "reconnect.backoff.max.ms": 50,
    dr_cb: true,
    ...settings,
  });
  producer.on("event.error", () => undefined);
  await connect(producer);
  producer.setPollInterval(2);
  closers.push(() => new Promise<void>((resolve) => producer.disconnect(200, () => resolve())));
  return producer;
}

function connect(client: Producer | KafkaConsumer): Promise<void> {
  return new Promise((resolve, reject) =>
    client.connect({ timeout: 5_000 }, (error: LibrdKafkaError | null) =>
      error ? reject(error) : resolve(),
    ),
  );
}

/** The error code of the delivery report; 0 when it was acknowledged. */
function publish(producer: Producer, topic: string, bytes = 5): Promise<number> {
  return new Promise((resolve) => {
    producer.once("delivery-report", (error: LibrdKafkaError | null, _report: DeliveryReport) =>
      resolve(error?.code ?? 0),
    );
    producer.produce(topic, 0, Buffer.alloc(bytes, 1), "key", null, undefined, []);
  });
}

function partitionsOf(producer: Producer, topic: string): Promise<number | undefined> {
  return new Promise((resolve, reject) =>
    producer.getMetadata({ topic, timeout: 5_000 }, (error: LibrdKafkaError | null, metadata: Metadata) =>
      error ? reject(error) : resolve(metadata.topics.find(({ name }) => name === topic)?.partitions.length),
    ),
  );
}

function watermarks(producer: Producer, topic: string): Promise<{ lowOffset: number; highOffset: number }> {
  return new Promise((resolve, reject) =>
    producer.queryWatermarkOffsets(topic, 0, 5_000, (error: LibrdKafkaError | null, offsets) =>
      error ? reject(error) : resolve(offsets),
    ),
  );
}

describe("the embedded cluster", () => {
  test("has each topic with exactly its partitions", async () => {
    const cluster = openCluster({
      topics: [
        { name: "events", partitions: 3 },
        { name: "dead", partitions: 1 },
      ],
    });
    cluster.createTopic({ name: "later", partitions: 7 });
    const producer = await connectProducer(cluster);
    expect(await partitionsOf(producer, "events")).toBe(3);
    expect(await partitionsOf(producer, "dead")).toBe(1);
    expect(await partitionsOf(producer, "later")).toBe(7);
  });

  test("listens on loopback only", () => {
    const { brokers } = openCluster({ topics: [], brokers: 3 });
    expect(brokers).toMatch(/^127\.0\.0\.1:\d+,127\.0\.0\.1:\d+,127\.0\.0\.1:\d+$/);
  });

  test("gives the first consumer of a group its partitions and its records at once", async () => {
    const cluster = openCluster({ topics: [{ name: "events", partitions: 1 }] });
    const producer = await connectProducer(cluster);
    await publish(producer, "events");
    const consumer = new kafka.KafkaConsumer(
      {
        "bootstrap.servers": cluster.brokers,
        "group.id": "first",
        "fetch.wait.max.ms": cluster.fetchWaitMaxMs,
      },
      { "auto.offset.reset": "earliest" },
    );
    await connect(consumer);
    closers.push(() => new Promise<void>((resolve) => consumer.disconnect(() => resolve())));
    const startedAt = performance.now();
    consumer.subscribe(["events"]);
    consumer.setDefaultConsumeTimeout(20);
    let records = 0;
    while (records === 0 && performance.now() - startedAt < 10_000) {
      records = await new Promise<number>((resolve, reject) =>
        consumer.consume(1, (error: LibrdKafkaError | null, messages) =>
          error ? reject(error) : resolve(messages.length),
        ),
      );
    }
    // Kafka's own default would hold the group back for three seconds.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(records).toBe(1);
  });

  test("drops the oldest batches of a partition beyond its limits, and nothing before", async () => {
    const byCount = openCluster({ topics: [{ name: "events", partitions: 1 }], partitionBatches: 10 });
    const producer = await connectProducer(byCount);
    for (let index = 0; index < 10; index++) await publish(producer, "events");
    expect(await watermarks(producer, "events")).toMatchObject({ lowOffset: 0, highOffset: 10 });
    for (let index = 0; index < 20; index++) await publish(producer, "events");
    expect(await watermarks(producer, "events")).toMatchObject({ lowOffset: 20, highOffset: 30 });

    const bySize = openCluster({
      topics: [{ name: "events", partitions: 1 }],
      partitionBytes: 2 * 1024 * 1024,
    });
    const other = await connectProducer(bySize);
    for (let index = 0; index < 5; index++) await publish(other, "events", 900_000);
    expect(await watermarks(other, "events")).toMatchObject({ lowOffset: 3, highOffset: 5 });
  });

  test("keeps two clusters of one process apart", async () => {
    const one = openCluster({ topics: [{ name: "events", partitions: 1 }] });
    const two = openCluster({ topics: [{ name: "events", partitions: 2 }] });
    expect(one.brokers).not.toBe(two.brokers);
    expect(await partitionsOf(await connectProducer(one), "events")).toBe(1);
    expect(await partitionsOf(await connectProducer(two), "events")).toBe(2);
  });

  test("refuses a topic that exists, no partitions, a name that C would cut, and a limit below two batches", () => {
    const cluster = openCluster({ topics: [{ name: "events", partitions: 1 }] });
    expect(() => cluster.createTopic({ name: "events", partitions: 1 })).toThrow("already exists");
    expect(() => cluster.createTopic({ name: "empty", partitions: 0 })).toThrow("at least 1, got 0");
    expect(() => openEmbeddedCluster({ topics: [], partitionBytes: 1_000 })).toThrow("at least 2097152");
    expect(() => cluster.createTopic({ name: "a\0b", partitions: 1 })).toThrow("NUL");
  });

  test("closes while clients are connected, and once", async () => {
    const cluster = openCluster({ topics: [{ name: "events", partitions: 1 }] });
    await publish(await connectProducer(cluster), "events");
    const startedAt = performance.now();
    cluster.close();
    cluster.close();
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(() => cluster.createTopic({ name: "late", partitions: 1 })).toThrow("closed");
  });
});

describe("faults", () => {
  test("a broker that is down acknowledges nothing, and what waited arrives when it is up", async () => {
    const cluster = openCluster({ topics: [{ name: "events", partitions: 1 }] });
    const producer = await connectProducer(cluster, { "message.timeout.ms": 20_000 });
    expect(await publish(producer, "events")).toBe(0);
    cluster.faults.brokerDown();
    const waiting = publish(producer, "events");
    let settled = false;
    void waiting.then(() => (settled = true));
    await new Promise<void>((resolve) => producer.once("event.error", () => resolve()));
    expect(settled).toBe(false);
    cluster.faults.brokerUp();
    expect(await waiting).toBe(0);
    expect(await watermarks(producer, "events")).toMatchObject({ highOffset: 2 });
  });

  test("failing requests answer the codes that were asked for, one each, then work again", async () => {
    const cluster = openCluster({ topics: [{ name: "events", partitions: 1 }] });
    const producer = await connectProducer(cluster, { retries: 0 });
    const messageTooLarge = 10;
    const invalidRecord = 87;
    cluster.faults.failRequests("produce", [messageTooLarge, invalidRecord]);
    expect(await publish(producer, "events")).toBe(messageTooLarge);
    expect(await publish(producer, "events")).toBe(invalidRecord);
    expect(await publish(producer, "events")).toBe(0);
    cluster.faults.failRequests("produce", [messageTooLarge]);
    cluster.faults.clearRequestFailures("produce");
    expect(await publish(producer, "events")).toBe(0);
  });

  test("a slow broker answers as much later", async () => {
    const cluster = openCluster({ topics: [{ name: "events", partitions: 1 }] });
    const producer = await connectProducer(cluster);
    await publish(producer, "events");
    cluster.faults.setRtt(150);
    const startedAt = performance.now();
    expect(await publish(producer, "events")).toBe(0);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(145);
  });

  test("a broker that does not exist is named as the mistake", () => {
    const cluster = openCluster({ topics: [] });
    expect(() => cluster.faults.brokerDown(9)).toThrow("could not stop a broker");
  });
});
