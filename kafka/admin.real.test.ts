// Against a real broker, whose address comes in TEST_KAFKA_BROKERS: the embedded cluster has no admin requests.
import { describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import type { LogFields, Logger } from "../service/logger.ts";
import { ensureTopics, type TopicSpec } from "./admin.ts";

const brokers = process.env["TEST_KAFKA_BROKERS"] ?? "";
const clientId = "test";
const day = 86_400_000;

function recordingLogger(): {
  logger: Logger;
  lines: { level: string; message: string; fields: LogFields }[];
} {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const record =
    (level: string) =>
    (message: string, fields: LogFields = {}) => {
      lines.push({ level, message, fields });
    };
  const logger: Logger = {
    debug: record("debug"),
    info: record("info"),
    warn: record("warn"),
    error: record("error"),
    child: () => logger,
  };
  return { logger, lines };
}

function newTopic(spec: Partial<TopicSpec> = {}): TopicSpec {
  return {
    name: `admin-${randomUUID()}`,
    partitions: 3,
    retentionMs: 7 * day,
    compressionType: "lz4",
    ...spec,
  };
}

describe.skipIf(brokers === "")("topics on a real broker", () => {
  test("are made with their partitions and settings, and found unchanged the second time", async () => {
    const { logger, lines } = recordingLogger();
    const topics = [
      newTopic(),
      newTopic({ partitions: 1, retentionMs: 30 * day, compressionType: "gzip" }),
      newTopic({ partitions: 1, retentionMs: -1, cleanupPolicy: "compact", replicationFactor: 1 }),
    ];
    const names = topics.map(({ name }) => name);
    const namedIds = new Map(names.map((name) => [name, expect.stringMatching(/^(?!0{32})[0-9a-f]{32}$/)]));
    expect(await ensureTopics({ brokers, clientId, topics, logger })).toEqual({
      ok: true,
      value: { created: names, existing: [], differences: [], unreadable: [], ids: namedIds },
    });
    // Compared with what the broker says of them, so this shows that the settings arrived.
    expect(await ensureTopics({ brokers, clientId, topics, logger })).toEqual({
      ok: true,
      value: { created: [], existing: names, differences: [], unreadable: [], ids: namedIds },
    });
    expect(lines.map(({ message }) => message)).toEqual(names.map(() => "topic created"));
  });

  test("that differ are left as they are, and every difference is a value and a warning", async () => {
    const made = newTopic();
    await ensureTopics({ brokers, clientId, topics: [made], logger: recordingLogger().logger });
    const { logger, lines } = recordingLogger();
    const expected: TopicSpec = {
      name: made.name,
      partitions: 4,
      replicationFactor: 2,
      retentionMs: day,
      cleanupPolicy: "compact",
      compressionType: "snappy",
    };
    const differences = [
      { topic: made.name, setting: "partitions", expected: "4", found: "3" },
      { topic: made.name, setting: "replication.factor", expected: "2", found: "1" },
      { topic: made.name, setting: "retention.ms", expected: String(day), found: String(7 * day) },
      { topic: made.name, setting: "cleanup.policy", expected: "compact", found: "delete" },
      { topic: made.name, setting: "compression.type", expected: "snappy", found: "lz4" },
    ];
    expect(await ensureTopics({ brokers, clientId, topics: [expected], logger })).toMatchObject({
      ok: true,
      value: { differences },
    });
    expect(lines).toEqual(
      differences.map((fields) => ({
        level: "warn",
        message: "topic differs from what is expected",
        fields,
      })),
    );
    expect(await ensureTopics({ brokers, clientId, topics: [made], logger })).toMatchObject({
      ok: true,
      value: { differences: [] },
    });
  });

  test("are made once by services that start at the same time, and all of them succeed", async () => {
    const topics = [newTopic(), newTopic(), newTopic()];
    const results = await Promise.all(
      Array.from({ length: 5 }, () =>
        ensureTopics({ brokers, clientId, topics, logger: recordingLogger().logger }),
      ),
    );
    const created = results.flatMap((result) => (result.ok ? result.value.created : ["failed"]));
    expect(created.sort()).toEqual(topics.map(({ name }) => name).sort());
    for (const result of results) expect(result).toMatchObject({ ok: true, value: { differences: [] } });
  });

  test("that the broker will never make are refused with its reason and the topic's name", async () => {
    const { logger } = recordingLogger();
    const tooManyReplicas = newTopic({ replicationFactor: 3 });
    expect(await ensureTopics({ brokers, clientId, topics: [tooManyReplicas], logger })).toMatchObject({
      ok: false,
      failure: { kind: "refused", topic: tooManyReplicas.name, code: 38 },
    });
    expect(
      await ensureTopics({ brokers, clientId, topics: [newTopic({ name: "no spaces" })], logger }),
    ).toMatchObject({
      ok: false,
      failure: { kind: "refused", topic: "no spaces", code: 17 },
    });
  });
});
