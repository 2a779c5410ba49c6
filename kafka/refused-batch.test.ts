// A batch that the broker refuses for a moment while the next is on its way, on the embedded cluster. Its brokers do not look
// at batch numbers: like Apache Kafka with a producer that it does not know, they take the later batch without the earlier.
import { afterEach, describe, expect, test } from "bun:test";
import {
  type EmbeddedTestCluster,
  acknowledged,
  openEmbeddedTestCluster,
  outgoing,
  readValues,
  silentLogger,
} from "./client-fixtures.ts";
import { openPublisher, type Publisher, type PublishOutcome } from "./publisher.ts";

const notLeader = 6;
/** An answer takes longer than it takes to send the next batches. */
const rttMs = 100;

describe("a batch that is refused while the next is on its way", () => {
  let toClose: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const part of toClose.toReversed()) await part.close();
    toClose = [];
  });

  async function open(): Promise<{ cluster: EmbeddedTestCluster; topic: string; publisher: Publisher }> {
    const cluster = openEmbeddedTestCluster();
    toClose.push(cluster);
    const topic = await cluster.createTopic(1);
    const publisher = await openPublisher({
      brokers: cluster.brokers,
      clientId: "suite",
      logger: silentLogger,
      deadlineMs: 8_000,
      // Each record is a batch of its own.
      settings: { "batch.num.messages": 1 },
    });
    toClose.push(publisher);
    cluster.embedded.faults.setRtt(rttMs);
    return { cluster, topic, publisher };
  }

  function publishTogether(
    publisher: Publisher,
    topic: string,
    keys: readonly string[],
  ): Promise<readonly PublishOutcome[]> {
    return Promise.all(keys.map((key) => publisher.publish(outgoing(topic, key))));
  }

  test("is written before the next when it is the publisher's first of the partition", async () => {
    const { cluster, topic, publisher } = await open();
    cluster.embedded.faults.failRequests("produce", [notLeader]);
    const outcomes = await publishTogether(publisher, topic, ["first", "second", "third"]);
    expect(outcomes.map(acknowledged).map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(await readValues(cluster, topic)).toEqual(["first", "second", "third"]);
  }, 20_000);

  test("is not taken for acknowledged because the next one was", async () => {
    const { cluster, topic, publisher } = await open();
    acknowledged(await publisher.publish(outgoing(topic, "known")));
    cluster.embedded.faults.failRequests("produce", [notLeader]);
    const [refused, next] = await publishTogether(publisher, topic, ["refused", "next"]);
    expect(refused).toMatchObject({ ok: false, failure: { kind: "unknown", code: -149 } });
    expect(next).toEqual({ ok: true, value: { partition: 0, offset: 1 } });
    expect(await readValues(cluster, topic)).toEqual(["known", "next"]);
    expect(acknowledged(await publisher.publish(outgoing(topic, "after"))).offset).toBe(2);
  }, 20_000);
});
