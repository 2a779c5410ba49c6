// The publisher on the embedded cluster, and its faults: a broker that goes, comes back, freezes, refuses.
import { afterEach, describe, expect, test } from "bun:test";
import { heapStats } from "bun:jsc";
import {
  type EmbeddedTestCluster,
  acknowledged,
  openEmbeddedTestCluster,
  openTestPublisher,
  outgoing,
  publishAll,
  silentLogger,
  until,
} from "./client-fixtures.ts";
import { openPublisher, type Publisher } from "./publisher.ts";
import { describePublisher } from "./publisher.spec.ts";

describePublisher("the embedded cluster", openEmbeddedTestCluster);

describe("the publisher and a broker that fails", () => {
  let toClose: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const part of toClose.toReversed()) await part.close();
    toClose = [];
  });

  function openCluster(): EmbeddedTestCluster {
    const cluster = openEmbeddedTestCluster();
    toClose.push(cluster);
    return cluster;
  }
  async function open(cluster: { brokers: string }, deadlineMs = 4_000): Promise<Publisher> {
    const publisher = await openTestPublisher(cluster, { deadlineMs });
    toClose.push(publisher);
    return publisher;
  }
  async function timed<Value>(work: Promise<Value>): Promise<{ value: Value; tookMs: number }> {
    const startedAt = performance.now();
    return { value: await work, tookMs: performance.now() - startedAt };
  }

  test("without any broker it opens at once, and every publish is answered as unavailable by its deadline", async () => {
    const { value: publisher, tookMs } = await timed(open({ brokers: "127.0.0.1:1" }, 2_000));
    expect(tookMs).toBeLessThan(1_000);
    expect(publisher.connected).toBe(false);
    const answer = await timed(publisher.publish(outgoing("t", "k")));
    expect(answer.value).toMatchObject({ ok: false, failure: { kind: "unavailable", code: -185 } });
    expect(answer.tookMs).toBeLessThan(3_000);
    const closing = await timed(publisher.close());
    expect(closing.tookMs).toBeLessThan(2_500);
  }, 20_000);

  test("a broker that stops is noticed, and publishing goes on by itself when it is back", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const changes: boolean[] = [];
    const publisher = await openPublisher({
      brokers: cluster.brokers,
      clientId: "suite",
      logger: silentLogger,
      deadlineMs: 4_000,
      onStateChange: (connected) => changes.push(connected),
    });
    toClose.push(publisher);
    acknowledged(await publisher.publish(outgoing(topic, "before")));

    cluster.embedded.faults.brokerDown();
    await until("the loss is noticed", () => !publisher.connected, 3_000);
    const waiting = publisher.publish(outgoing(topic, "meanwhile"));
    cluster.embedded.faults.brokerUp();
    expect(acknowledged(await waiting)).toEqual({ partition: 0, offset: 1 });
    expect(publisher.connected).toBe(true);
    expect(changes).toEqual([true, false, true]);
  }, 20_000);

  test("a record that waited in vain for a broker is not written later", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await open(cluster);
    acknowledged(await publisher.publish(outgoing(topic, "before")));
    cluster.embedded.faults.brokerDown();
    await until("the loss is noticed", () => !publisher.connected, 3_000);
    expect(await publisher.publish(outgoing(topic, "in vain"))).toMatchObject({
      failure: { kind: "unavailable" },
    });
    cluster.embedded.faults.brokerUp();
    await until("the return is noticed", () => publisher.connected, 10_000);
    expect(acknowledged(await publisher.publish(outgoing(topic, "after"))).offset).toBe(1);
  }, 20_000);

  test("a broker that freezes: the record in flight is unknown by its deadline, and the freeze is noticed", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await open(cluster, 4_000);
    acknowledged(await publisher.publish(outgoing(topic, "before")));
    cluster.embedded.faults.setRtt(30_000);
    const answer = await timed(publisher.publish(outgoing(topic, "frozen")));
    expect(answer.value).toMatchObject({ ok: false, failure: { kind: "unknown" } });
    expect(answer.tookMs).toBeLessThan(5_000);
    expect(publisher.connected).toBe(false);
  }, 20_000);

  test("a frozen broker is noticed also while nothing is published", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await open(cluster);
    acknowledged(await publisher.publish(outgoing(topic, "before")));
    cluster.embedded.faults.setRtt(30_000);
    await until("the freeze is noticed", () => !publisher.connected, 8_000);
  }, 20_000);

  test("closing with a record in flight answers it as unknown, and does not hang", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await open(cluster, 10_000);
    acknowledged(await publisher.publish(outgoing(topic, "before")));
    cluster.embedded.faults.setRtt(30_000);
    const stuck = publisher.publish(outgoing(topic, "stuck"));
    const { tookMs } = await timed(publisher.close(300));
    expect(tookMs).toBeLessThan(3_000);
    expect(await stuck).toMatchObject({ ok: false, failure: { kind: "unknown" } });
  }, 20_000);

  test("a topic that the client may not write to refuses the record", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await open(cluster);
    acknowledged(await publisher.publish(outgoing(topic, "before")));
    cluster.embedded.faults.failRequests("produce", [29]);
    expect(await publisher.publish(outgoing(topic, "k"))).toMatchObject({
      ok: false,
      failure: { kind: "refused", code: 29 },
    });
  }, 20_000);

  test("once the client may write, it does so within seconds", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await open(cluster);
    cluster.embedded.faults.failRequests("produce", [29]);
    await publisher.publish(outgoing(topic, "refused"));
    let ok = false;
    const retry = async (): Promise<void> => {
      while (!ok) ({ ok } = await publisher.publish(outgoing(topic, "k")));
    };
    await Promise.race([retry(), Bun.sleep(6_000)]);
    expect(ok).toBe(true);
  }, 20_000);

  test("a leader that moves costs no record", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await open(cluster, 5_000);
    acknowledged(await publisher.publish(outgoing(topic, "before")));
    cluster.embedded.faults.failRequests("produce", [6, 5, 7]);
    expect(acknowledged(await publisher.publish(outgoing(topic, "k"))).offset).toBe(1);
  }, 20_000);

  test("a producer that failed for good is replaced: health goes red, then green, and records are written again", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const changes: boolean[] = [];
    const publisher = await openPublisher({
      brokers: cluster.brokers,
      clientId: "suite",
      logger: silentLogger,
      deadlineMs: 5_000,
      onStateChange: (connected) => changes.push(connected),
    });
    toClose.push(publisher);
    acknowledged(await publisher.publish(outgoing(topic, "before")));
    // The broker has lost count of this producer's batches.
    cluster.embedded.faults.failRequests("produce", [45]);
    const broken = await publisher.publish(outgoing(topic, "broken"));
    expect(broken).toMatchObject({ ok: false, failure: { kind: "unknown" } });
    expect(acknowledged(await publisher.publish(outgoing(topic, "after"))).offset).toBe(1);
    expect(changes).toEqual([true, false, true]);
  }, 20_000);

  test("a producer that fails for good while it starts is replaced as well", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    // Not allowed to number its batches, at first.
    cluster.embedded.faults.failRequests("initProducerId", [31]);
    const errors: string[] = [];
    const publisher = await openPublisher({
      brokers: cluster.brokers,
      clientId: "suite",
      logger: { ...silentLogger, error: (message) => errors.push(message) },
      deadlineMs: 5_000,
    });
    toClose.push(publisher);
    const replaced = "The Kafka producer has failed for good and is replaced";
    await until("the failure is noticed", () => errors.includes(replaced), 5_000);
    expect(acknowledged(await publisher.publish(outgoing(topic, "after"))).offset).toBe(0);
  }, 20_000);

  test("nothing is kept of a record once it is answered", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(3);
    const publisher = await open(cluster, 10_000);
    const publishMany = (count: number): Promise<void> =>
      publishAll(
        publisher,
        Array.from({ length: count }, (_, n) =>
          outgoing(topic, String(n), "value", [["name", Buffer.from("header")]]),
        ),
      );
    await publishMany(1_000);
    Bun.gc(true);
    const before = heapStats().objectCount;
    for (let round = 0; round < 5; round += 1) await publishMany(4_000);
    // Kept, they would be 400,000 objects. What is on the stack may hold a few for a moment.
    await until("the records are freed", () => {
      Bun.gc(true);
      return heapStats().objectCount - before < 40_000;
    });
  }, 30_000);

  test("settings that librdkafka does not know reject the opening with its sentence", async () => {
    const opening = openPublisher({
      brokers: "127.0.0.1:1",
      clientId: "suite",
      logger: silentLogger,
      settings: { "no.such.setting": 1 },
    });
    const error = await opening.then(
      () => null,
      (reason: unknown) => String(reason),
    );
    expect(error).toContain("no.such.setting");
  });
});
