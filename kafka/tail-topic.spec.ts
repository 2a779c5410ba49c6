// What looking at the end of a topic promises on any cluster. Run by tail-topic.test.ts on the embedded one and by
// clients.real.test.ts on Apache Kafka.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import {
  openTestPublisher,
  numbered,
  publishAll,
  silentLogger,
  type TestCluster,
  until,
} from "./client-fixtures.ts";
import type { KafkaRecord } from "./record.ts";
import { openTopicTail, type TailTopicOptions } from "./tail-topic.ts";

const timeoutMs = 30_000;

export function describeTailTopic(name: string, openCluster: () => TestCluster): void {
  describe(`the end of a topic on ${name}`, () => {
    let cluster: TestCluster;
    const toClose: { close(): Promise<unknown> }[] = [];
    beforeAll(() => {
      cluster = openCluster();
    });
    afterEach(async () => {
      for (const part of toClose.splice(0).toReversed()) await part.close();
    });
    afterAll(() => cluster.close());

    async function publish(topic: string, count: number, firstValue = 0): Promise<void> {
      const publisher = await openTestPublisher(cluster);
      toClose.push(publisher);
      await publishAll(
        publisher,
        numbered(topic, count, firstValue, () => "k"),
      );
    }

    async function tail(topic: string, differences: Partial<TailTopicOptions> = {}) {
      const seen: KafkaRecord[] = [];
      let passedOver = 0;
      const opened = await openTopicTail({
        brokers: cluster.brokers,
        clientId: "suite",
        logger: silentLogger,
        settings: cluster.consumerSettings,
        topic,
        backlog: 20,
        onRecords: async (records) => void seen.push(...records),
        onPassedOver: (count) => {
          passedOver += count;
        },
        onFailed: () => undefined,
        ...differences,
      });
      if (opened.ok) toClose.push(opened.value);
      return {
        opened,
        get values() {
          return seen.map(({ value }) => Number(value));
        },
        get passedOver() {
          return passedOver;
        },
      };
    }

    test(
      "begins with the newest records, and goes on with each that is written, in order",
      async () => {
        const topic = await cluster.createTopic(1);
        await publish(topic, 100);
        const looked = await tail(topic);
        await until("the backlog", () => looked.values.length >= 20);
        expect(looked.values).toEqual(Array.from({ length: 20 }, (_, n) => 80 + n));
        await publish(topic, 30, 100);
        await until("what was written", () => looked.values.length >= 50);
        expect(looked.values.slice(20)).toEqual(Array.from({ length: 30 }, (_, n) => 100 + n));
        expect(looked.passedOver).toBe(0);
      },
      timeoutMs,
    );

    test(
      "a topic with fewer records, or with none, begins with what it has",
      async () => {
        const topic = await cluster.createTopic(2);
        const looked = await tail(topic);
        await publish(topic, 3);
        await until("the first records", () => looked.values.length >= 3);
        const again = await tail(topic);
        await until("all records", () => again.values.length >= 3);
        expect([looked.values, again.values]).toEqual([
          [0, 1, 2],
          [0, 1, 2],
        ]);
      },
      timeoutMs,
    );

    test(
      "of a flood it hands over what was asked for, and counts exactly what it passes over",
      async () => {
        const topic = await cluster.createTopic(1);
        await publish(topic, 1);
        const looked = await tail(topic, { maxPerSecond: 100, maxBehind: 200 });
        await until("the first record", () => looked.values.length === 1);
        await publish(topic, 5_000, 1);
        await until("the newest record", () => looked.values.at(-1) === 5_000);
        expect(looked.values).toEqual(looked.values.toSorted((a, b) => a - b));
        expect(looked.values.length + looked.passedOver).toBe(5_001);
        expect(looked.values.length).toBeLessThan(1_000);
      },
      timeoutMs,
    );

    test(
      "a topic that does not exist is refused, and is not made",
      async () => {
        const { opened } = await tail("nobody-made-this");
        expect(opened).toMatchObject({ ok: false, failure: { kind: "refused" } });
      },
      timeoutMs,
    );
  });
}
