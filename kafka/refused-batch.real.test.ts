// A batch that Apache Kafka refuses for a moment while the next is on its way: a topic that is deleted and made again between
// the two, as a leader that comes back between the two would do. Runs where TEST_KAFKA_BROKERS is, and starts a broker of its own, which
// names the gate as its address.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type KafkaPart, startKafka } from "../test/parts/kafka.ts";
import {
  acknowledged,
  administer,
  committed,
  openRealTestCluster,
  openTestPublisher,
  openTestTransactionalPublisher,
  outgoing,
  readValues,
  silentLogger,
  until,
} from "./client-fixtures.ts";
import { openPublisher, type Publisher } from "./publisher.ts";
import { openRequestGate, type RequestGate } from "./request-gate.ts";

describe.skipIf(process.env["TEST_KAFKA_BROKERS"] === undefined)(
  "a batch that Apache Kafka refuses while the next is on its way",
  () => {
    const clientId = "held";
    let gate: RequestGate;
    let kafka: KafkaPart;
    let another: Publisher;
    beforeAll(async () => {
      gate = await openRequestGate();
      kafka = await startKafka({ settings: { "advertised.listeners": `PLAINTEXT://${gate.address}` } });
      gate.setBroker(kafka.brokers);
      another = await openTestPublisher({ brokers: gate.address }, { deadlineMs: 20_000 });
    }, 90_000);
    afterAll(async () => {
      await another.close();
      await gate.end();
      await kafka.close();
    });

    function open(): Promise<Publisher> {
      return openPublisher({
        brokers: gate.address,
        clientId,
        logger: silentLogger,
        deadlineMs: 30_000,
        // Each record is a batch of its own.
        settings: { "batch.num.messages": 1 },
      });
    }

    /** The first batch finds no topic. The next ones find one that has a record, and that does not know their producer. */
    async function refuseOne(topic: string): Promise<void> {
      await administer(gate.address, (admin, done) => admin.deleteTopic(topic, 5_000, done));
      await gate.letBatchThrough();
      const again = { topic, num_partitions: 1, replication_factor: 1 };
      await administer(gate.address, (admin, done) => admin.createTopic(again, 5_000, done));
      acknowledged(await another.publish(outgoing(topic, "another's")));
      gate.open();
    }

    test("is written before the next when it is the publisher's first of the partition", async () => {
      const topic = await openRealTestCluster(gate.address).createTopic(1);
      const publisher = await open();
      try {
        gate.close(clientId);
        const published = ["first", "second"].map((key) => publisher.publish(outgoing(topic, key)));
        await until("a batch waits", () => gate.waitingBatches > 0);
        await refuseOne(topic);
        expect((await Promise.all(published)).map(acknowledged).map(({ offset }) => offset)).toEqual([1, 2]);
        expect(await readValues({ brokers: gate.address }, topic)).toEqual(["another's", "first", "second"]);
      } finally {
        await publisher.close();
      }
    }, 90_000);

    test("is not taken for acknowledged because the next one was", async () => {
      const topic = await openRealTestCluster(gate.address).createTopic(1);
      const publisher = await open();
      try {
        acknowledged(await publisher.publish(outgoing(topic, "known")));
        gate.close(clientId);
        const refused = publisher.publish(outgoing(topic, "refused"));
        await until("the batch waits", () => gate.waitingBatches === 1);
        const next = publisher.publish(outgoing(topic, "next"));
        await until("both wait", () => gate.waitingBatches === 2);
        await refuseOne(topic);
        expect(await refused).toMatchObject({ ok: false, failure: { kind: "unknown", code: -149 } });
        expect(await next).toEqual({ ok: true, value: { partition: 0, offset: 1 } });
        expect(await readValues({ brokers: gate.address }, topic)).toEqual(["another's", "next"]);
      } finally {
        await publisher.close();
      }
    }, 90_000);

    test("is not committed: the whole transaction is aborted", async () => {
      const topic = await openRealTestCluster(gate.address).createTopic(1);
      const publisher = await openTestTransactionalPublisher({ brokers: gate.address }, "orders", {
        clientId,
        deadlineMs: 30_000,
        transactionTimeoutMs: 60_000,
        settings: { "batch.num.messages": 1 },
      });
      try {
        expect(await publisher.init()).toEqual({ ok: true });
        committed(await publisher.publishAll([outgoing(topic, "known")]));
        gate.close(clientId);
        const published = publisher.publishAll(["refused", "next"].map((key) => outgoing(topic, key)));
        await until("both wait", () => gate.waitingBatches === 2);
        await refuseOne(topic);
        expect(await published).toMatchObject({ ok: false, failure: { kind: "unavailable", code: -149 } });
        expect(await readValues({ brokers: gate.address }, topic)).toEqual(["another's"]);
      } finally {
        await publisher.close();
      }
    }, 90_000);
  },
);
