// The transactional publisher on the embedded cluster, and its faults: a broker that is away, refuses, or never answers a
// commit.
import { afterEach, describe, expect, test } from "bun:test";
import {
  type EmbeddedTestCluster,
  committed,
  openEmbeddedTestCluster,
  openTestTransactionalPublisher,
  outgoing,
  readValues,
} from "./client-fixtures.ts";
import { describeTransactionalPublisher } from "./transactional-publisher.spec.ts";
import type { TransactionalPublisher } from "./transactional-publisher.ts";

describeTransactionalPublisher("the embedded cluster", openEmbeddedTestCluster, { isolates: false });

describe("the transactional publisher and a broker that fails", () => {
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
  async function open(cluster: { brokers: string }): Promise<TransactionalPublisher> {
    const publisher = await openTestTransactionalPublisher(cluster, "id", { deadlineMs: 2_000 });
    toClose.push(publisher);
    return publisher;
  }
  async function openInitialised(cluster: EmbeddedTestCluster): Promise<TransactionalPublisher> {
    const publisher = await open(cluster);
    expect(await publisher.init()).toEqual({ ok: true });
    return publisher;
  }
  async function timed<Value>(work: Promise<Value>): Promise<{ value: Value; tookMs: number }> {
    const startedAt = performance.now();
    return { value: await work, tookMs: performance.now() - startedAt };
  }

  test("without any broker it opens and closes at once, and init is answered as unavailable by its deadline", async () => {
    const { value: publisher, tookMs } = await timed(open({ brokers: "127.0.0.1:1" }));
    expect(tookMs).toBeLessThan(1_000);
    const init = await timed(publisher.init());
    expect(init.value).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
    expect(init.tookMs).toBeLessThan(2_500);
    const interrupted = timed(publisher.init());
    expect((await timed(publisher.close())).tookMs).toBeLessThan(1_500);
    expect((await interrupted).tookMs).toBeLessThan(1_500);
  }, 20_000);

  test("an init that found no broker succeeds when it is called again and one answers", async () => {
    const cluster = openCluster();
    cluster.embedded.faults.brokerDown();
    const publisher = await open(cluster);
    expect(await publisher.init()).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
    cluster.embedded.faults.brokerUp();
    expect(await publisher.init()).toEqual({ ok: true });
  }, 20_000);

  test("a broker that is away is unavailable by the deadline, and publishing goes on without init when it is back", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await openInitialised(cluster);
    committed(await publisher.publishAll([outgoing(topic, "a")]));
    cluster.embedded.faults.brokerDown();
    for (const attempt of ["b", "c"]) {
      const { value, tookMs } = await timed(publisher.publishAll([outgoing(topic, attempt)]));
      expect(value).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
      expect(tookMs).toBeLessThan(2_500);
    }
    expect(publisher.initialised).toBe(true);
    cluster.embedded.faults.brokerUp();
    let last = await publisher.publishAll([outgoing(topic, "d")]);
    // The client tries to connect again about once a second.
    for (let attempt = 0; attempt < 5 && !last.ok; attempt++) {
      expect(last.failure.kind).toBe("unavailable");
      last = await publisher.publishAll([outgoing(topic, "d")]);
    }
    expect(last.ok).toBe(true);
    expect(await readValues(cluster, topic)).toEqual(["a", "d"]);
  }, 40_000);

  test("a commit that is not answered is unknown by the deadline, and publishing needs init", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await openInitialised(cluster);
    const coordinatorIsLoading = 14;
    cluster.embedded.faults.failRequests("endTransaction", Array(200).fill(coordinatorIsLoading));
    const { value, tookMs } = await timed(publisher.publishAll([outgoing(topic, "a")]));
    expect(value).toMatchObject({ ok: false, failure: { kind: "unknown" } });
    expect(tookMs).toBeLessThan(2_500);
    expect(publisher.initialised).toBe(false);
    cluster.embedded.faults.clearRequestFailures("endTransaction");
    expect(await publisher.publishAll([outgoing(topic, "b")])).toMatchObject({
      ok: false,
      failure: { kind: "fenced" },
    });
    expect(await publisher.init()).toEqual({ ok: true });
    committed(await publisher.publishAll([outgoing(topic, "c")]));
  }, 20_000);

  test("a commit whose connection is cut is asked again", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await openInitialised(cluster);
    const cutsConnection = -195;
    cluster.embedded.faults.failRequests("endTransaction", [cutsConnection]);
    committed(await publisher.publishAll([outgoing(topic, "a")]));
    committed(await publisher.publishAll([outgoing(topic, "b")]));
    expect(await readValues(cluster, topic)).toEqual(["a", "b"]);
  }, 20_000);

  test("a publisher that the broker fences says so, wherever in the transaction it is told", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await openInitialised(cluster);
    const producerFenced = 90;
    for (const request of ["addPartitionsToTransaction", "endTransaction"] as const) {
      cluster.embedded.faults.failRequests(request, [producerFenced]);
      expect(await publisher.publishAll([outgoing(topic, request)])).toMatchObject({
        ok: false,
        failure: { kind: "fenced" },
      });
      expect(publisher.initialised).toBe(false);
      expect(await publisher.init()).toEqual({ ok: true });
    }
    committed(await publisher.publishAll([outgoing(topic, "a")]));
  }, 20_000);

  test("a topic that may not be written to is refused, and no record is blamed", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await openInitialised(cluster);
    const topicAuthorizationFailed = 29;
    cluster.embedded.faults.failRequests("addPartitionsToTransaction", [topicAuthorizationFailed]);
    expect(await publisher.publishAll([outgoing(topic, "a")])).toMatchObject({
      ok: false,
      failure: { kind: "refused", code: topicAuthorizationFailed, index: null },
    });
    committed(await publisher.publishAll([outgoing(topic, "b")]));
  }, 20_000);

  test("of a batch that the broker refuses for its size, the record that is too large alone is named", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await openInitialised(cluster);
    // The first of them finds the client's numbers ahead of the broker's.
    const taken = 0;
    const messageTooLarge = 10;
    const batch = ["a", "b", "c"].map((key) => outgoing(topic, key));
    committed(await publisher.publishAll(batch));
    cluster.embedded.faults.failRequests("produce", [messageTooLarge, taken, taken, messageTooLarge]);
    expect(await publisher.publishAll(batch)).toMatchObject({
      ok: false,
      failure: { kind: "refused", code: messageTooLarge, index: 1 },
    });
    cluster.embedded.faults.failRequests("produce", [messageTooLarge]);
    // None of them is too large alone.
    committed(await publisher.publishAll(batch));
  }, 20_000);

  test("closing while no broker answers ends a transaction that waits, as unavailable", async () => {
    const cluster = openCluster();
    const topic = await cluster.createTopic(1);
    const publisher = await openInitialised(cluster);
    committed(await publisher.publishAll([outgoing(topic, "a")]));
    cluster.embedded.faults.brokerDown();
    const waiting = publisher.publishAll([outgoing(topic, "b")]);
    const { tookMs } = await timed(publisher.close());
    expect(tookMs).toBeLessThan(2_000);
    expect(await waiting).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
  }, 20_000);
});
