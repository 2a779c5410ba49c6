// A group's consumer that is opened anew, on the embedded cluster.
import { afterEach, describe, expect, test } from "bun:test";
import {
  openEmbeddedTestCluster,
  openTestPublisher,
  outgoing,
  publishAll,
  silentLogger,
  until,
} from "../kafka/client-fixtures.ts";
import { systemClock } from "../service/clock.ts";
import { openConsumerGroup, type RecordSource } from "./consumer-group.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let step = closing.pop(); step !== undefined; step = closing.pop()) await step();
});

async function openBench() {
  const cluster = openEmbeddedTestCluster();
  closing.push(() => cluster.close());
  const topic = await cluster.createTopic(1);
  const publisher = await openTestPublisher(cluster);
  closing.push(() => publisher.close());
  await publishAll(
    publisher,
    ["0", "1", "2", "3"].map((key) => outgoing(topic, key)),
  );
  const happened: string[] = [];
  let source: (() => RecordSource) | undefined;
  const group = await openConsumerGroup({
    join: (given) => {
      source = given;
      return {
        onAssigned: () => happened.push("assigned"),
        onRecords: (records) => happened.push(...records.map(({ offset }) => `record ${offset}`)),
        onRevoked: async () => void happened.push("revoked"),
        onLost: () => happened.push("lost"),
      };
    },
    clock: systemClock,
    consumer: {
      brokers: cluster.brokers,
      clientId: "suite",
      groupId: "group",
      topics: [topic],
      sessionTimeoutMs: cluster.sessionTimeoutMs,
      settings: cluster.consumerSettings,
      logger: silentLogger,
    },
  });
  closing.push(() => group.close());
  const commit = (nextOffset: number) => source?.().commit([{ topic, partition: 0, nextOffset }]);
  await until("all records were read", () => happened.includes("record 3"));
  return { group, happened, commit };
}

describe("a consumer group that is reopened", () => {
  test("lets its partitions go, and reads on from the committed offsets", async () => {
    const { group, happened, commit } = await openBench();
    expect(await commit(2)).toEqual({ ok: true });
    happened.length = 0;
    group.reopen();
    await until("the last record came again", () => happened.includes("record 3"));
    expect(happened).toEqual(["revoked", "assigned", "record 2", "record 3"]);
    await until("it runs", () => group.running);
  }, 30_000);

  test("twice at once has one consumer in the end", async () => {
    const { group, happened } = await openBench();
    happened.length = 0;
    group.reopen();
    group.reopen();
    await until("all records came again", () => happened.includes("record 3"));
    await until("it runs", () => group.running);
    const assigned = happened.filter((line) => line === "assigned").length;
    const gone = happened.filter((line) => line === "revoked" || line === "lost").length;
    expect(assigned).toBe(gone);
  }, 30_000);

  test("while it is being closed stays closed", async () => {
    const { group, happened } = await openBench();
    group.reopen();
    await group.close();
    expect(group.running).toBe(false);
    expect(happened.filter((line) => line === "assigned")).toHaveLength(1);
    group.reopen();
    await group.close();
    expect(group.running).toBe(false);
  }, 30_000);
});
