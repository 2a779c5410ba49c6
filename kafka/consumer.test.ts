// The consumer on the embedded cluster, and its faults: a broker that goes, comes back, moves the coordinator, fences.
import { afterEach, describe, expect, test } from "bun:test";
import {
  type EmbeddedTestCluster,
  openEmbeddedTestCluster,
  openReader,
  openTestPublisher,
  numbered,
  positions,
  publishAll,
  requireOrder,
  silentLogger,
  until,
} from "./client-fixtures.ts";
import { openConsumer } from "./consumer.ts";
import { describeConsumer } from "./consumer.spec.ts";

describeConsumer("the embedded cluster", openEmbeddedTestCluster, { commitsWhileRebalancing: false });

describe("the consumer and a broker that fails", () => {
  let toClose: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const part of toClose.toReversed()) await part.close();
    toClose = [];
  });

  async function openAll(count: number, options: Omit<Parameters<typeof openReader>[1], "topic"> = {}) {
    const cluster: EmbeddedTestCluster = openEmbeddedTestCluster();
    toClose.push(cluster);
    const topic = await cluster.createTopic(2);
    const publisher = await openTestPublisher(cluster, { deadlineMs: 10_000 });
    toClose.push(publisher);
    const publish = (from: number, to: number): Promise<void> =>
      publishAll(publisher, numbered(topic, to - from, from));
    await publish(0, count);
    const reader = await openReader(cluster, { topic, ...options });
    toClose.push(reader.consumer);
    await until("all is read", () => reader.records.length >= count);
    return { cluster, topic, publish, reader, faults: cluster.embedded.faults };
  }

  test("without any broker it opens at once, is not running, and closes by its time", async () => {
    const startedAt = performance.now();
    const reader = await openReader(
      { brokers: "127.0.0.1:1", consumerSettings: {}, sessionTimeoutMs: 6_000 },
      { topic: "t" },
    );
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(reader.consumer.running).toBe(false);
    await reader.consumer.close(2_000);
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  }, 20_000);

  test("a broker that stops is noticed, and reading goes on by itself when it is back, repeating nothing", async () => {
    const { reader, faults, publish } = await openAll(100);
    await until("it is running", () => reader.consumer.running, 5_000);
    faults.brokerDown();
    await until("the loss is noticed", () => !reader.consumer.running, 3_000);
    faults.brokerUp();
    await publish(100, 200);
    await until("all is read", () => reader.records.length >= 200);
    await until("it is running again", () => reader.consumer.running, 10_000);
    expect(new Set(positions(reader.records)).size).toBe(200);
    requireOrder(reader.records);
  }, 30_000);

  test("a broker that freezes is noticed", async () => {
    const { reader, faults } = await openAll(10);
    await until("it is running", () => reader.consumer.running, 5_000);
    faults.setRtt(60_000);
    await until("the freeze is noticed", () => !reader.consumer.running, 10_000);
  }, 30_000);

  test("a commit while no broker answers fails in time, and the next one works", async () => {
    const { reader, faults } = await openAll(10, { commitTimeoutMs: 500 });
    faults.brokerDown();
    const startedAt = performance.now();
    expect(await reader.commitAll()).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    faults.brokerUp();
    let ok = false;
    const retry = async (): Promise<void> => {
      while (!ok) ({ ok } = await reader.commitAll());
    };
    await Promise.race([retry(), Bun.sleep(10_000)]);
    expect(ok).toBe(true);
  }, 30_000);

  test("a coordinator that does not know the member: its partitions are lost, told so, and come back", async () => {
    const { reader, faults, publish } = await openAll(100);
    faults.failRequests("heartbeat", [25]);
    await until("they are lost", () => reader.events.some((event) => event.startsWith("lost")), 15_000);
    faults.clearRequestFailures("heartbeat");
    await until("they are back", () => reader.consumer.assignment.length === 2, 15_000);
    await publish(100, 200);
    await until("all is read", () => new Set(positions(reader.records)).size === 200);
    expect(reader.events).toEqual(["assigned 0 1", "lost 0 1", "assigned 0 1"]);
  }, 40_000);

  test("a commit of a member that was put out of its group is fenced", async () => {
    const { reader, faults } = await openAll(10);
    faults.failRequests("offsetCommit", [22]);
    expect(await reader.commitAll()).toMatchObject({ ok: false, failure: { kind: "fenced", code: 22 } });
  }, 20_000);

  test("a handler that throws ends the consumer aloud: not running, onFailed told, nothing more handed over", async () => {
    let calls = 0;
    const { reader, publish } = await openAll(0, {
      handlers: {
        onRecords() {
          calls += 1;
          throw new Error("a defect");
        },
      },
    });
    await publish(0, 5);
    await until("it has failed", () => reader.events.some((event) => event.includes("a defect")));
    await publish(5, 10);
    await reader.consumer.close();
    expect(reader.consumer.running).toBe(false);
    expect(calls).toBe(1);
  }, 20_000);

  test("a broker that goes away does not keep the consumer from closing by its time", async () => {
    const { reader, faults } = await openAll(10, {
      handlers: { onRevoked: () => new Promise(() => undefined) },
    });
    faults.brokerDown();
    const startedAt = performance.now();
    await reader.consumer.close(2_000);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  }, 20_000);

  test("offsets that are no offsets are a defect of the caller", async () => {
    const { reader, topic } = await openAll(1);
    for (const nextOffset of [-1, 1.5, Number.NaN, 2 ** 60]) {
      expect(() => reader.consumer.commit([{ topic, partition: 0, nextOffset }])).toThrow(RangeError);
    }
  }, 20_000);

  test("settings that librdkafka does not accept reject the opening with its sentence", async () => {
    const handlers = {
      onRecords: () => undefined,
      onAssigned: () => undefined,
      onRevoked: () => Promise.resolve(),
      onLost: () => undefined,
      onFailed: () => undefined,
    };
    const { cluster, topic } = await openAll(0);
    const base = { brokers: cluster.brokers, clientId: "suite", groupId: "g", topics: [topic], handlers };
    const opening = openConsumer({
      ...base,
      logger: silentLogger,
      settings: { "fetch.wait.max.ms": "soon" },
    });
    const error = await opening.then(
      () => null,
      (reason: unknown) => String(reason),
    );
    expect(error).toContain("fetch.wait.max.ms");
  }, 20_000);
});
