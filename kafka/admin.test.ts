import { afterAll, expect, test } from "bun:test";
import type { Logger } from "../service/logger.ts";
import { ensureTopics, type TopicSpec } from "./admin.ts";
import { openEmbeddedCluster } from "./embedded.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };
const topic: TopicSpec = { name: "events", partitions: 3, retentionMs: 1_000, compressionType: "lz4" };
const cluster = openEmbeddedCluster({ topics: [] });
afterAll(() => cluster.close());

test("a broker that does not answer is a value that says so, within the request's timeout", async () => {
  cluster.faults.brokerDown();
  const startedAt = performance.now();
  const result = await ensureTopics({
    brokers: cluster.brokers,
    clientId: "test",
    topics: [topic],
    requestTimeoutMs: 300,
    logger: silent,
  });
  expect(result).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
  expect(performance.now() - startedAt).toBeLessThan(3_000);
});

test("a codec that this build cannot read is refused before the broker is asked", async () => {
  const result = await ensureTopics({
    brokers: "127.0.0.1:1",
    clientId: "test",
    topics: [{ ...topic, compressionType: "zstd" }],
    logger: silent,
  });
  // A machine with libzstd's headers builds it in, and then only the broker is missing.
  if (!result.ok && result.failure.kind === "refused")
    expect(result.failure).toMatchObject({ topic: "events" });
  else expect(result).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
});

test("a setting that librdkafka does not know is an exception that names it", () => {
  const attempt = ensureTopics({
    brokers: cluster.brokers,
    clientId: "test",
    topics: [topic],
    settings: { "ssl.nonsense": 1 },
    logger: silent,
  });
  expect(attempt).rejects.toThrow("ssl.nonsense");
});
