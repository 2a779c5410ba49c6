import { describe, expect, test } from "bun:test";
import { topicPartitionsSchema } from "../../contract/topics.ts";
import { failed, success } from "../../contract/result.ts";
import { createMockRegistry } from "../../schemas/mock-registry.ts";
import { schemaCatalog, subjectOf } from "../../schemas/schema-catalog.ts";
import { createSchemaViews } from "./schema-views.ts";
import { createTopicViews } from "./topic-views.ts";

const lagOf = (topic: string, partition: number, lag: number) => ({
  topic,
  partition,
  nextOffset: 10,
  highWatermark: 10 + lag,
  lag,
  fetchState: "active",
});

const views = createTopicViews({
  instance: "one",
  topics: [
    { topic: "orders", about: "orders", consumerGroup: "g", partitions: 3 },
    { topic: "results", about: "results", consumerGroup: null, partitions: 3 },
  ],
  lag: () => [lagOf("orders", 0, 4), lagOf("orders", 1, 0), lagOf("orders", 4, 0)],
  isPaused: ({ partition }) => partition === 1,
  stalled: () => [{ topic: "orders", partition: 4, offset: 10, endOffset: 12 }],
  waiting: ({ partition }) => (partition === 0 ? 2 : undefined),
  progress: async (partitions) =>
    new Map(partitions.flatMap(({ topic, partition }) => (partition === 2 ? [[`${topic}/2`, 77]] : []))),
  tails: { open: async () => failed({ code: "unavailable", message: "stopping" }) },
});

describe("partitions", () => {
  test("of this instance are told with state and lag, all others with what the store has of them", async () => {
    const told = await views.partitions();
    if (!told.ok) throw new Error(told.failure.message);
    expect(topicPartitionsSchema.parse(told.value)).toEqual(told.value);
    const rows = told.value.partitions.map(({ partition, state, instance, lag, nextOffset, retrying }) => [
      partition,
      state,
      instance,
      lag,
      nextOffset,
      retrying,
    ]);
    expect(rows).toEqual([
      [0, "active", "one", 4, 10, 2],
      [1, "paused", "one", 0, 10, null],
      [2, "elsewhere", null, null, 77, null],
      [3, "elsewhere", null, null, null, null],
      [4, "stalled", "one", 0, 10, null],
    ]);
  });

  test("a topic that nobody reads here is listed and not among them; an unknown one cannot be tailed", async () => {
    expect(await views.list()).toMatchObject(
      success({ topics: [{ topic: "orders" }, { topic: "results", consumerGroup: null }] }),
    );
    const request = { lastEventId: undefined, signal: new AbortController().signal };
    expect(await views.tail("secrets", request)).toMatchObject({ failure: { code: "not_found" } });
    expect(await views.tail("results", request)).toMatchObject({ failure: { code: "unavailable" } });
  });
});

describe("schemas", () => {
  const subject = subjectOf("orders", "Order");

  test("are told with every version that the registry has, and which of them is ours", async () => {
    const registry = createMockRegistry();
    const schemas = createSchemaViews({ registry, subjects: [["orders", "Order"]] });
    expect(await schemas.list()).toMatchObject(success({ subjects: [{ subject, versions: [] }] }));
    const older = JSON.stringify({ ...JSON.parse(schemaCatalog.Order.definition), doc: "older" });
    await registry.idOf(subject, older);
    await registry.idOf(subject, schemaCatalog.Order.definition);
    expect(await schemas.list()).toMatchObject(success({ subjects: [{ subject, versions: [1, 2] }] }));
    expect(await schemas.get({ subject, version: 1 })).toMatchObject(success({ isOurs: false }));
    expect(await schemas.get({ subject, version: 2 })).toMatchObject(success({ isOurs: true, version: 2 }));
  });

  test("of others, versions that are not there, and a registry that is away are told apart", async () => {
    const registry = createMockRegistry();
    const schemas = createSchemaViews({ registry, subjects: [["orders", "Order"]] });
    for (const query of [
      { subject: "another", version: 1 },
      { subject, version: 9 },
    ]) {
      expect(await schemas.get(query)).toMatchObject({ failure: { code: "not_found" } });
    }
    const failure = { kind: "unavailable", message: "The schema registry cannot be reached." } as const;
    const away = createSchemaViews({
      registry: {
        versionsOf: async () => ({ ok: false, failure }),
        versionOf: async () => ({ ok: false, failure }),
      },
      subjects: [["orders", "Order"]],
    });
    expect(await away.list()).toMatchObject({ failure: { code: "unavailable" } });
    expect(await away.get({ subject, version: 1 })).toMatchObject({ failure: { code: "unavailable" } });
  });
});
