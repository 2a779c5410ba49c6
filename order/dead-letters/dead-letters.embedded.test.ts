// The whole way on a broker: parked record → outbox → topic → indexer → store, with what can happen to the broker.
import { afterEach, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import * as fc from "fast-check";
import {
  type EmbeddedTestCluster,
  openEmbeddedTestCluster,
  silentLogger,
  until,
} from "../../kafka/client-fixtures.ts";
import { openPublisher, type Publisher } from "../../kafka/publisher.ts";
import { type Codec, openCodec } from "../../schemas/codec.ts";
import { createMockRegistry } from "../../schemas/mock-registry.ts";
import type { SchemaRegistry } from "../../schemas/registry.ts";
import { systemClock } from "../../service/clock.ts";
import type { ParkedId } from "../store/parked-records.ts";
import { StoreUnavailable } from "../store/store-unavailable.ts";
import { openConsumerGroup } from "../consumer-group.ts";
import type { DeadLetterIndex } from "../store/dead-letter-index.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import { createDeadLetterIndexer } from "./dead-letter-indexer.ts";
import { anyDeadRecord, createMemoryIndex, deadRecord, openDeadLetterCodec } from "./dead-letter-fixtures.ts";
import { createDeadLetterOutbox, type DeadLetterOutbox } from "./dead-letter-outbox.ts";
import { indexGroupId, openDeadLetterIndexer } from "./open-dead-letter-indexer.ts";
import { rebuildIndex } from "./rebuild-index.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (let step = closing.pop(); step !== undefined; step = closing.pop()) await step();
});

interface Setting {
  readonly cluster: EmbeddedTestCluster;
  readonly topic: string;
  readonly registry: SchemaRegistry;
  readonly codec: Codec;
  readonly publisher: Publisher;
}

async function openSetting(partitions = 1): Promise<Setting> {
  const cluster = openEmbeddedTestCluster();
  closing.push(() => cluster.close());
  const topic = await cluster.createTopic(partitions);
  const registry = createMockRegistry();
  const codec = await openDeadLetterCodec(topic, registry);
  closing.push(() => codec.close());
  const publisher = await openPublisher({
    brokers: cluster.brokers,
    clientId: "suite",
    logger: silentLogger,
    deadlineMs: 3000,
  });
  closing.push(() => publisher.close(1000));
  return { cluster, topic, registry, codec, publisher };
}

function openOutbox({ publisher, codec, topic }: Setting): { outbox: DeadLetterOutbox; told: ParkedId[] } {
  const told: ParkedId[] = [];
  const outbox = createDeadLetterOutbox({
    publisher,
    codec,
    topic,
    clock: systemClock,
    logger: silentLogger,
    onPublished: (ids) => void told.push(...ids),
  });
  closing.push(() => outbox.stop());
  return { outbox, told };
}

function consumerOf({ cluster }: Setting) {
  return {
    brokers: cluster.brokers,
    clientId: "suite",
    settings: cluster.consumerSettings,
    sessionTimeoutMs: 6000,
  };
}

async function openIndexer<Index extends Pick<DeadLetterIndex, "add">>(
  setting: Setting,
  index: Index,
  groupId = `group-${randomUUID()}`,
  topics: readonly string[] = [setting.topic],
) {
  const indexer = await openDeadLetterIndexer({
    index,
    codec: setting.codec,
    clock: systemClock,
    logger: silentLogger,
    consumer: {
      ...consumerOf(setting),
      groupId: indexGroupId(groupId),
      topics,
      logger: silentLogger,
    },
  });
  closing.push(() => indexer.close());
  return { indexer, index, groupId };
}

const records = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) =>
    deadRecord({ offset: from + index, original: { key: Buffer.from(`ORD-${index % 7}`) } }),
  );

describe("dead letters on a broker", () => {
  test("arrive whole, once each, in the order of their keys, and are told", async () => {
    const setting = await openSetting(3);
    const { outbox, told } = openOutbox(setting);
    const { index } = await openIndexer(setting, createMemoryIndex());
    const sent = records(1000);
    outbox.add(sent);
    await until("all are in the index", () => index.rows.size === 1000);
    expect(new Set(told.map(({ offset }) => offset)).size).toBe(1000);
    expect(outbox.size).toBe(0);
    for (const { original } of sent) {
      const row = index.rows.get(`${original.topic}/${original.partition}/${original.offset}`);
      expect(row?.original).toEqual(original);
    }
    for (let key = 0; key < 7; key += 1) {
      const rows = [...index.rows.values()].filter(({ original }) => original.offset % 7 === key);
      const inTopicOrder = rows
        .sort((a, b) => a.dlqOffset - b.dlqOffset)
        .map(({ original }) => original.offset);
      expect(inTopicOrder).toEqual([...inTopicOrder].sort((a, b) => a - b));
      expect(new Set(rows.map(({ dlqPartition }) => dlqPartition)).size).toBe(1);
    }
  }, 30_000);

  test("of every kind end in the store as they were, whatever they hold", async () => {
    const setting = await openSetting();
    const store = await openOrderStore(undefined);
    closing.push(() => store.close());
    const { outbox } = openOutbox(setting);
    const { indexer } = await openIndexer(setting, store.deadLetters);
    const sent = fc.sample(anyDeadRecord, 300).map((record, offset) => ({
      ...record,
      offset,
      original: { ...record.original, offset },
    }));
    outbox.add(sent);
    await until("all are in the index", () => indexer.added === 300);
    expect(indexer.skipped).toBe(0);
    for (const { original } of sent) {
      const row = await store.deadLetters.get(`${original.topic}/${original.partition}/${original.offset}`);
      expect(row?.original.value).toEqual(original.value);
      expect(row?.original.key).toEqual(original.key);
      expect(row?.original.headers.map(([, value]) => value)).toEqual(
        original.headers.map(([, value]) => value),
      );
    }
    const counts = await store.deadLetters.count();
    expect(counts.reduce((sum, { letters }) => sum + letters, 0)).toBe(300);
  }, 30_000);

  test("wait while the broker is down and go out when it is back, each at least once and each one row", async () => {
    const setting = await openSetting();
    const { outbox, told } = openOutbox(setting);
    const { index } = await openIndexer(setting, createMemoryIndex());
    outbox.add(records(5));
    await until("the first are in the index", () => index.rows.size === 5);
    setting.cluster.embedded.faults.brokerDown();
    outbox.add(records(50, 100));
    await until("health says so", () => outbox.blockedBy !== undefined);
    expect(told).toHaveLength(5);
    setting.cluster.embedded.faults.brokerUp();
    await until("all are told", () => outbox.size === 0);
    await until("all are in the index", () => index.rows.size === 55);
    expect(new Set(told.map(({ offset }) => offset)).size).toBe(55);
    expect(outbox.blockedBy).toBeUndefined();
  }, 40_000);

  test("wait while the topic is missing", async () => {
    const setting = await openSetting();
    const { outbox, told } = openOutbox(setting);
    // The embedded cluster makes every topic that is asked for, so its answer is put into its mouth.
    setting.cluster.embedded.faults.failRequests(
      "produce",
      Array.from({ length: 200 }, () => 17),
    );
    outbox.add(records(3));
    await until("health says so", () => outbox.blockedBy !== undefined);
    expect(told).toEqual([]);
    expect(outbox.size).toBe(3);
    setting.cluster.embedded.faults.clearRequestFailures("produce");
    const { index } = await openIndexer(setting, createMemoryIndex());
    await until("all are in the index", () => index.rows.size === 3);
    await until("all are told", () => outbox.size === 0);
  }, 30_000);

  test("of 2 MB leave their value out where it cannot fit; their neighbours keep theirs", async () => {
    const setting = await openSetting();
    const { outbox } = openOutbox(setting);
    const { index } = await openIndexer(setting, createMemoryIndex());
    const large = deadRecord({
      offset: 500,
      original: { key: Buffer.from("large"), value: Buffer.alloc(2_000_000, 1) },
    });
    outbox.add([...records(20), large, ...records(20, 100)]);
    await until("all are in the index", () => index.rows.size === 41);
    const { original, omittedValue, event } = index.rows.get("order-status-updates/2/500") ?? {};
    expect(original?.value).toBeNull();
    expect(omittedValue?.size).toBe(2_000_000);
    expect(event?.eventJson).toBeNull();
    const others = [...index.rows.values()].filter(({ original }) => original.offset !== 500);
    expect(others.every(({ original, event }) => original.value !== null && event.eventJson !== null)).toBe(
      true,
    );
  }, 30_000);

  test("whose batch the broker refused for its size go out alone and whole", async () => {
    const setting = await openSetting();
    const { outbox } = openOutbox(setting);
    const { index } = await openIndexer(setting, createMemoryIndex());
    outbox.add(records(1));
    await until("the first is in the index", () => index.rows.size === 1);
    setting.cluster.embedded.faults.failRequests("produce", [10]);
    outbox.add(records(20, 100));
    await until("all are in the index", () => index.rows.size === 21);
    expect(
      [...index.rows.values()].every(
        ({ original, event }) => original.value !== null && event.eventJson !== null,
      ),
    ).toBe(true);
  }, 30_000);
});

describe("the index", () => {
  test("goes on after a restart where it was, and has copies once", async () => {
    const setting = await openSetting();
    const { outbox } = openOutbox(setting);
    const { index, indexer, groupId } = await openIndexer(setting, createMemoryIndex());
    outbox.add(records(20));
    await until("all are in the index", () => index.rows.size === 20);
    await indexer.close();
    await until("all are told", () => outbox.size === 0);
    outbox.add([...records(20), ...records(5, 100)]);
    await until("all are told", () => outbox.size === 0);
    const { indexer: second } = await openIndexer(setting, index, groupId);
    await until("the new ones are in the index", () => index.rows.size === 25);
    await until("the copies were read", () => second.added === 25);
  }, 30_000);

  test("is fed on by a new consumer when its consumer has failed for good", async () => {
    const setting = await openSetting();
    const { outbox } = openOutbox(setting);
    const index = createMemoryIndex();
    const indexer = createDeadLetterIndexer({
      index,
      codec: setting.codec,
      clock: systemClock,
      logger: silentLogger,
    });
    let failures = 1;
    const group = await openConsumerGroup({
      join(source) {
        const sink = indexer.join(source);
        return {
          ...sink,
          onRecords(batch) {
            if (failures-- > 0) throw new Error("a defect");
            sink.onRecords(batch);
          },
        };
      },
      clock: systemClock,
      consumer: {
        ...consumerOf(setting),
        groupId: randomUUID(),
        topics: [setting.topic],
        logger: silentLogger,
      },
    });
    closing.push(() => group.close());
    outbox.add(records(30));
    await until("all are in the index", () => index.rows.size === 30);
    expect(group.running).toBe(true);
  }, 40_000);

  test("is fed after an outage of the store with everything that came meanwhile", async () => {
    const setting = await openSetting();
    const { outbox } = openOutbox(setting);
    const { index, indexer } = await openIndexer(setting, createMemoryIndex());
    index.fail = () => new StoreUnavailable("away");
    outbox.add(records(300));
    await until("it waits", () => indexer.waitingFor === "the store" && outbox.size === 0);
    index.fail = undefined;
    await until("all are in the index", () => index.rows.size === 300);
    expect(indexer.skipped).toBe(0);
  }, 30_000);

  test("is rebuilt from the whole topic, without what is on it no more, while it is being fed", async () => {
    const setting = await openSetting(3);
    const { outbox } = openOutbox(setting);
    const { index } = await openIndexer(setting, createMemoryIndex());
    outbox.add(records(500));
    await until("all are in the index", () => index.rows.size === 500);
    const [any] = index.rows.values();
    if (any === undefined) throw new Error("no row");
    index.rows.set("ghost", { ...any, id: "ghost" });
    const rebuilding = rebuildIndex({
      index,
      codec: setting.codec,
      topics: [setting.topic],
      consumer: consumerOf(setting),
      clock: systemClock,
      logger: silentLogger,
    });
    outbox.add(records(200, 1000));
    const rebuilt = await rebuilding;
    if (!rebuilt.ok) throw new Error(rebuilt.failure);
    expect(rebuilt.value.added).toBeGreaterThanOrEqual(500);
    expect(rebuilt.value).toMatchObject({ skipped: 0, holes: 0 });
    await until("all are in the index", () => index.rows.size === 700);
    expect(index.rows.has("ghost")).toBe(false);
  }, 40_000);

  test("is fed from two topics at once, and rebuilt from both", async () => {
    const setting = await openSetting(2);
    const otherTopic = await setting.cluster.createTopic(1);
    const codec = openCodec({
      registry: setting.registry,
      subjects: [setting.topic, otherTopic].map((topic) => [topic, "DeadLetter"]),
    });
    closing.push(() => codec.close());
    await codec.ready();
    const both = { ...setting, codec };
    const store = await openOrderStore("sqlite::memory:");
    closing.push(() => store.close());
    const topics = [setting.topic, otherTopic].toSorted();
    const indexer = await openIndexer(both, store.deadLetters, undefined, topics);
    const first = openOutbox(both).outbox;
    const second = openOutbox({ ...both, topic: otherTopic }).outbox;
    first.add(records(120));
    second.add(records(120, 1000));
    await until("all are in the index", () => indexer.indexer.added >= 240);
    const expected = topics.map((dlqTopic) => ({ dlqTopic, category: "RETRY_THEN_DLQ", letters: 120 }));
    expect(await store.deadLetters.count()).toEqual(expected);
    const before = await store.deadLetters.list({ filter: {}, limit: 1000 });

    const rebuilt = await rebuildIndex({
      index: store.deadLetters,
      codec,
      topics,
      consumer: consumerOf(setting),
      clock: systemClock,
      logger: silentLogger,
    });
    expect(rebuilt).toEqual({ ok: true, value: { added: 240, skipped: 0, holes: 0 } });
    expect(await store.deadLetters.list({ filter: {}, limit: 1000 })).toEqual(before);
    expect(await store.deadLetters.count()).toEqual(expected);
  }, 60_000);

  test("is left as it is when one of its topics is not there", async () => {
    const setting = await openSetting();
    let cleared = false;
    const rebuilt = await rebuildIndex({
      index: { add: () => Promise.resolve(), clear: () => Promise.resolve(void (cleared = true)) },
      codec: setting.codec,
      topics: [setting.topic, "nobody-made-this"],
      consumer: {
        ...consumerOf(setting),
        settings: { ...consumerOf(setting).settings, "allow.auto.create.topics": 0 },
      },
      clock: systemClock,
      logger: silentLogger,
      joinTimeoutMs: 3000,
    });
    expect(rebuilt).toMatchObject({ ok: false, failure: expect.stringContaining("nobody-made-this") });
    expect(cleared).toBe(false);
  }, 30_000);

  test("rebuilt from an empty topic is empty", async () => {
    const setting = await openSetting(2);
    const index = createMemoryIndex();
    const rebuilt = await rebuildIndex({
      index,
      codec: setting.codec,
      topics: [setting.topic],
      consumer: consumerOf(setting),
      clock: systemClock,
      logger: silentLogger,
    });
    expect(rebuilt).toEqual({ ok: true, value: { added: 0, skipped: 0, holes: 0 } });
  }, 30_000);

  test("is left as it is when no broker answers", async () => {
    const setting = await openSetting();
    const index = createMemoryIndex();
    let cleared = false;
    setting.cluster.embedded.faults.brokerDown();
    const rebuilt = await rebuildIndex({
      index: {
        ...index,
        add: (letters) => index.add(letters),
        clear: () => Promise.resolve(void (cleared = true)),
      },
      codec: setting.codec,
      topics: [setting.topic],
      consumer: consumerOf(setting),
      clock: systemClock,
      logger: silentLogger,
      joinTimeoutMs: 1500,
    });
    expect(rebuilt.ok).toBe(false);
    expect(cleared).toBe(false);
  }, 30_000);
});
