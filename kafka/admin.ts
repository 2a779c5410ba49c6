// The topics that the product needs, made before anything is published or consumed: never by the broker's automatic
// creation, which would choose partitions and retention itself. What exists is left as it is and compared; every
// difference is a value and a warning, because another team may own the topic.
import type { IAdminClient as AdminClient } from "@confluentinc/kafka-javascript/types/rdkafka.js";
import type { Logger } from "../service/logger.ts";
import type { ClientSettings } from "./binding.ts";
import { type ConnectionOptions, sharedSettings } from "./client-config.ts";
import { loadKafkaClient } from "./native/load.ts";
import { describeTopicConfigs } from "./native/topic-configs.ts";

/**
 * The codec that the broker stores a topic in, whatever the producer sent: `compression.type`. Stated for every topic,
 * because a batch in a codec that our consumers were not built with stops its partition without an error.
 */
export type CompressionType = "uncompressed" | "gzip" | "snappy" | "lz4" | "zstd";

export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  /** Default: the broker's `default.replication.factor`, and then it is not compared. */
  readonly replicationFactor?: number;
  /** How long records are kept, in milliseconds; -1 is for ever. */
  readonly retentionMs: number;
  /** Default `delete`. */
  readonly cleanupPolicy?: "delete" | "compact" | "compact,delete";
  readonly compressionType: CompressionType;
}

export interface TopicDifference {
  readonly topic: string;
  /** A setting by Kafka's name, or `partitions`, or `replication.factor`. */
  readonly setting: string;
  readonly expected: string;
  readonly found: string;
}

export interface TopicsReport {
  readonly created: readonly string[];
  readonly existing: readonly string[];
  readonly differences: readonly TopicDifference[];
  /** Existing topics whose settings the broker would not tell, with its reason; their partitions are compared. */
  readonly unreadable: readonly { readonly topic: string; readonly reason: string }[];
  /**
   * The cluster's own ids of the topics, as text: another one each time a topic is made, also under an old name, so it tells
   * whether offsets still mean what they meant. One that was made a moment ago may be without, when no broker names it in time.
   */
  readonly ids: ReadonlyMap<string, string>;
}

export interface TopicsFailure {
  /** `unavailable`: no broker answered, or it cannot just now; retry. `refused`: it never will, until somebody acts. */
  readonly kind: "unavailable" | "refused";
  /** The topic that it was about, when it was about one. */
  readonly topic?: string;
  /** Kafka's error code, negative for librdkafka's own. */
  readonly code: number;
  readonly message: string;
}

export type EnsureTopicsResult =
  | { readonly ok: true; readonly value: TopicsReport }
  | { readonly ok: false; readonly failure: TopicsFailure };

export interface EnsureTopicsOptions extends ConnectionOptions {
  readonly topics: readonly TopicSpec[];
  /**
   * For each request to the broker; default 5,000 ms. While a request waits it holds one of Bun's few pool threads, which
   * serve DNS and files as well: with no broker there, that is all that happens, once.
   */
  readonly requestTimeoutMs?: number;
}

/**
 * Idempotent, and safe to run in several services at once: whoever is later finds what the other made. Never rejects for
 * what a broker does; rejects when `settings` has one that librdkafka does not know.
 */
export async function ensureTopics(options: EnsureTopicsOptions): Promise<EnsureTopicsResult> {
  const { topics, logger } = options;
  const timeoutMs = options.requestTimeoutMs ?? 5_000;
  const kafka = loadKafkaClient();
  for (const { name, compressionType } of topics) {
    if (compressionType !== "uncompressed" && !kafka.features.includes(compressionType)) {
      const message = `compression.type ${compressionType} of ${name} cannot be read by this build of the native client`;
      return { ok: false, failure: { kind: "refused", topic: name, code: 0, message } };
    }
  }
  const settings: ClientSettings = { ...sharedSettings(options), ...options.settings };
  // Connection errors come as events as well; the failed request says the same, once.
  const admin = kafka.AdminClient.create(settings, { "event.error": () => undefined });
  try {
    const names = topics.map(({ name }) => name);
    const before = await describe(admin, names, timeoutMs);
    if (!before.ok) return before;
    const created: string[] = [];
    for (const topic of topics) {
      if (before.value.has(topic.name)) continue;
      const outcome = await create(admin, topic, timeoutMs);
      if (!outcome.ok) return outcome;
      if (outcome.value === "created") created.push(topic.name);
    }
    // Where something was missing, asked again rather than remembered: another service may have made it since our look.
    const shapes = isWhole(before.value, names) ? before : await describeExisting(admin, names, timeoutMs);
    if (!shapes.ok) return shapes;
    const isCreated = new Set(created);
    const existing = topics.filter(({ name }) => !isCreated.has(name));
    const differing = await compare(settings, existing, shapes.value, timeoutMs);
    const ids = new Map([...shapes.value].map(([name, { id }]) => [name, id]));
    const report = { created, existing: existing.map(({ name }) => name), ...differing, ids };
    logReport(logger, report);
    return { ok: true, value: report };
  } finally {
    admin.disconnect();
  }
}

/** Partitions and replicas of a topic that exists. */
interface TopicShape {
  readonly id: string;
  readonly partitions: number;
  readonly replicationFactor: number;
}

type Step<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly failure: TopicsFailure };

const unknownTopic = 3;
const topicExists = 36;

/**
 * Of topics that exist. One that was made a moment ago may be unknown to the broker that answers, or known without its
 * partitions: that is no difference to report, so it is asked again until they are there. Within `timeoutMs`.
 */
async function describeExisting(
  admin: AdminClient,
  names: readonly string[],
  timeoutMs: number,
): Promise<Step<ReadonlyMap<string, TopicShape>>> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const described = await describe(admin, names, timeoutMs);
    if (!described.ok || isWhole(described.value, names) || performance.now() > deadlineMs) return described;
    await Bun.sleep(describeAgainMs);
  }
}

const describeAgainMs = 50;

function isWhole(shapes: ReadonlyMap<string, TopicShape>, names: readonly string[]): boolean {
  return names.every((name) => (shapes.get(name)?.partitions ?? 0) > 0);
}

function describe(
  admin: AdminClient,
  names: readonly string[],
  timeoutMs: number,
): Promise<Step<ReadonlyMap<string, TopicShape>>> {
  if (names.length === 0) return Promise.resolve({ ok: true, value: new Map() });
  return new Promise((resolve) => {
    admin.describeTopics([...names], { timeout: timeoutMs }, (error, descriptions) => {
      // Typed as always there; it is null on success.
      if (isFailure(error)) return resolve({ ok: false, failure: failureOf(error) });
      const shapes = new Map<string, TopicShape>();
      for (const { name, topicId, error: topicError, partitions } of descriptions) {
        if (isFailure(topicError)) {
          if (topicError.code === unknownTopic) continue;
          return resolve({ ok: false, failure: failureOf(topicError, name) });
        }
        const replicationFactor = partitions[0]?.replicas.length ?? 0;
        shapes.set(name, { id: uuidText(topicId), partitions: partitions.length, replicationFactor });
      }
      return resolve({ ok: true, value: shapes });
    });
  });
}

function uuidText({
  mostSignificantBits,
  leastSignificantBits,
}: {
  mostSignificantBits: bigint;
  leastSignificantBits: bigint;
}) {
  return [mostSignificantBits, leastSignificantBits]
    .map((bits) => BigInt.asUintN(64, bits).toString(16).padStart(16, "0"))
    .join("");
}

function create(
  admin: AdminClient,
  topic: TopicSpec,
  timeoutMs: number,
): Promise<Step<"created" | "existed">> {
  const request = {
    topic: topic.name,
    num_partitions: topic.partitions,
    replication_factor: topic.replicationFactor ?? -1,
    config: expectedSettings(topic),
  };
  return new Promise((resolve) => {
    admin.createTopic(request, timeoutMs, (error) => {
      if (!isFailure(error)) return resolve({ ok: true, value: "created" });
      if (error.code === topicExists) return resolve({ ok: true, value: "existed" });
      return resolve({ ok: false, failure: failureOf(error, topic.name) });
    });
  });
}

function expectedSettings(topic: TopicSpec) {
  return {
    "retention.ms": String(topic.retentionMs),
    "cleanup.policy": topic.cleanupPolicy ?? ("delete" as const),
    "compression.type": topic.compressionType,
  };
}

async function compare(
  settings: ClientSettings,
  existing: readonly TopicSpec[],
  shapes: ReadonlyMap<string, TopicShape>,
  timeoutMs: number,
): Promise<Pick<TopicsReport, "differences" | "unreadable">> {
  const names = existing.map(({ name }) => name);
  if (names.length === 0) return { differences: [], unreadable: [] };
  const configs = await describeTopicConfigs(settings, names, timeoutMs);
  const differences: TopicDifference[] = [];
  const unreadable: { topic: string; reason: string }[] = [];
  for (const topic of existing) {
    const found = shapes.get(topic.name);
    const difference = (setting: string, expected: string, actual: string): void => {
      if (expected !== actual) differences.push({ topic: topic.name, setting, expected, found: actual });
    };
    difference("partitions", String(topic.partitions), String(found?.partitions ?? 0));
    if (topic.replicationFactor !== undefined) {
      difference(
        "replication.factor",
        String(topic.replicationFactor),
        String(found?.replicationFactor ?? 0),
      );
    }
    const actual = configs.ok ? configs.value.settings.get(topic.name) : undefined;
    if (actual === undefined) {
      unreadable.push({ topic: topic.name, reason: unreadableReason(configs, topic.name) });
      continue;
    }
    for (const [setting, expected] of Object.entries(expectedSettings(topic))) {
      difference(setting, expected, actual.get(setting) ?? "");
    }
  }
  return { differences, unreadable };
}

function unreadableReason(configs: Awaited<ReturnType<typeof describeTopicConfigs>>, topic: string): string {
  if (!configs.ok) return `the broker did not answer (${configs.code})`;
  return configs.value.unreadable.get(topic) ?? "the broker did not name it";
}

function logReport(logger: Logger, report: TopicsReport): void {
  for (const topic of report.created) logger.info("topic created", { topic });
  for (const difference of report.differences)
    logger.warn("topic differs from what is expected", { ...difference });
  for (const topic of report.unreadable) logger.warn("topic settings could not be compared", { ...topic });
}

interface BindingError {
  readonly code: number;
  readonly message: string;
}

/** The binding's types say that an error is always there. */
function isFailure(error: BindingError | null | undefined): error is BindingError {
  return error !== null && error !== undefined && error.code !== 0;
}

// Not authorised, and what is wrong with the request itself: waiting changes nothing. Everything else may pass.
const refusals: ReadonlySet<number> = new Set([17, 29, 30, 31, 35, 37, 38, 39, 40, 42, 44, 58, 73, -169]);

function failureOf({ code, message }: BindingError, topic?: string): TopicsFailure {
  const kind = refusals.has(code) ? "refused" : "unavailable";
  return { kind, code, message, ...(topic === undefined ? {} : { topic }) };
}
