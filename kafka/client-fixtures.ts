// What the suites of publisher and consumer share: a cluster to run against, with topics of the suite's own, and readers
// that keep what they were handed.
import { randomUUID } from "node:crypto";
import type { IAdminClient } from "@confluentinc/kafka-javascript/types/rdkafka.js";
import type { Logger } from "../service/logger.ts";
import { ensureTopics } from "./admin.ts";
import type { ClientSettings } from "./binding.ts";
import { type Consumer, type ConsumerHandlers, type ConsumerOptions, openConsumer } from "./consumer.ts";
import { openEmbeddedCluster, type EmbeddedCluster } from "./embedded.ts";
import { loadKafkaClient } from "./native/load.ts";
import { type Publisher, type PublishOutcome, openPublisher } from "./publisher.ts";
import { type ReadTopicOptions, type ReadTopicOutcome, readTopic } from "./read-topic.ts";
import type { KafkaRecord, OutgoingRecord, RecordHeader, TopicPartition } from "./record.ts";
import { type TransactionalClient, openTransactionalClient } from "./transactional-publisher-client.ts";
import {
  type TransactionOutcome,
  type TransactionalPublisher,
  type TransactionalPublisherOptions,
  openTransactionalPublisher,
} from "./transactional-publisher.ts";

export interface TestCluster {
  readonly brokers: string;
  /** What consumers need to be quick on this cluster. */
  readonly consumerSettings: ClientSettings;
  /** As short as the brokers allow. The embedded ones let a group wait nearly this long for members to join again. */
  readonly sessionTimeoutMs: number;
  /** Makes a topic that no other test uses, and answers its name. */
  createTopic(partitions: number): Promise<string>;
  /** As `createTopic`, with a limit that is lower than the client's own; the embedded cluster has none. */
  createNarrowTopic?(maxMessageBytes: number): Promise<string>;
  /** Forgets the records of a partition below an offset; the embedded cluster cannot. */
  deleteRecords?(topic: string, partition: number, beforeOffset: number): Promise<void>;
  close(): Promise<void>;
}

export interface EmbeddedTestCluster extends TestCluster {
  readonly embedded: EmbeddedCluster;
}

export function openEmbeddedTestCluster(): EmbeddedTestCluster {
  const embedded = openEmbeddedCluster({ topics: [] });
  return {
    embedded,
    brokers: embedded.brokers,
    consumerSettings: { "fetch.wait.max.ms": embedded.fetchWaitMaxMs },
    sessionTimeoutMs: 2_000,
    createTopic(partitions) {
      const name = `topic-${randomUUID()}`;
      embedded.createTopic({ name, partitions });
      return Promise.resolve(name);
    },
    close() {
      embedded.close();
      return Promise.resolve();
    },
  };
}

export function openRealTestCluster(brokers: string): TestCluster {
  return {
    brokers,
    consumerSettings: {},
    sessionTimeoutMs: 6_000,
    async createTopic(partitions) {
      const name = `kafka-suite-${randomUUID()}`;
      const topic = { name, partitions, retentionMs: 3_600_000, compressionType: "lz4" } as const;
      const made = await ensureTopics({ brokers, clientId: "suite", topics: [topic], logger: silentLogger });
      if (!made.ok) throw new Error(made.failure.message);
      return name;
    },
    async createNarrowTopic(maxMessageBytes) {
      const topic = `kafka-suite-${randomUUID()}`;
      const config = { "max.message.bytes": String(maxMessageBytes) };
      await administer(brokers, (admin, done) =>
        admin.createTopic({ topic, num_partitions: 1, replication_factor: 1, config }, 5_000, done),
      );
      return topic;
    },
    deleteRecords: (topic, partition, beforeOffset) =>
      administer(brokers, (admin, done) =>
        admin.deleteRecords([{ topic, partition, offset: beforeOffset }], { timeout: 5_000 }, done),
      ),
    close: () => Promise.resolve(),
  };
}

/** The binding's types say that an error is always there. */
export function administer(
  brokers: string,
  ask: (admin: IAdminClient, done: (error: unknown) => void) => void,
): Promise<void> {
  const admin = loadKafkaClient().AdminClient.create({ "bootstrap.servers": brokers });
  return new Promise((resolve, reject) =>
    ask(admin, (error) => {
      admin.disconnect();
      if (error instanceof Error) reject(error);
      else resolve();
    }),
  );
}

const silent = (): void => undefined;
export const silentLogger: Logger = {
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  child: () => silentLogger,
};

/** Asks until it is true; a real broker says nothing by itself. */
export async function until(what: string, isTrue: () => boolean, timeoutMs = 20_000): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!isTrue()) {
    if (performance.now() > giveUpAt) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await Bun.sleep(5);
  }
}

export function outgoing(
  topic: string,
  key: string,
  value: string | Buffer | null = key,
  headers: readonly RecordHeader[] = [],
): OutgoingRecord {
  return {
    topic,
    key: Buffer.from(key),
    value: typeof value === "string" ? Buffer.from(value) : value,
    headers,
  };
}

export function openTestPublisher(
  cluster: Pick<TestCluster, "brokers">,
  options: { deadlineMs?: number; maxInFlight?: number; logger?: Logger } = {},
): Promise<Publisher> {
  return openPublisher({ brokers: cluster.brokers, clientId: "suite", logger: silentLogger, ...options });
}

export function acknowledged(outcome: PublishOutcome): {
  readonly partition: number;
  readonly offset: number;
} {
  if (!outcome.ok) throw new Error(`${outcome.failure.kind}: ${outcome.failure.message}`);
  return outcome.value;
}

export async function publishAll(publisher: Publisher, records: readonly OutgoingRecord[]): Promise<void> {
  const outcomes = await Promise.all(records.map((record) => publisher.publish(record)));
  outcomes.forEach(acknowledged);
}

export function openTestTransactionalPublisher(
  cluster: Pick<TestCluster, "brokers">,
  transactionalId: string,
  options: Partial<TransactionalPublisherOptions> = {},
): Promise<TransactionalPublisher> {
  const { brokers } = cluster;
  return openTransactionalPublisher({
    brokers,
    clientId: "suite",
    logger: silentLogger,
    transactionalId,
    ...options,
  });
}

export function committed(
  outcome: TransactionOutcome,
): readonly { readonly partition: number; readonly offset: number }[] {
  if (!outcome.ok) throw new Error(`${outcome.failure.kind}: ${outcome.failure.message}`);
  return outcome.value;
}

/** A transaction whose records are all acknowledged and whose commit has not been asked for. */
export async function openTransaction(
  cluster: Pick<TestCluster, "brokers">,
  transactionalId: string,
  records: readonly OutgoingRecord[],
  settings: ClientSettings = {},
): Promise<TransactionalClient> {
  const expiresAtMs = performance.now() + 20_000;
  const client = await openTransactionalClient(
    { "bootstrap.servers": cluster.brokers, "transactional.id": transactionalId, ...settings },
    silentLogger,
  );
  const failure = (await client.init(expiresAtMs)) ?? (await client.begin());
  if (failure !== null) throw new Error(failure.message);
  const delivery = await client.deliver(records, records.length, expiresAtMs);
  if (delivery.kind !== "delivered") throw new Error(`The records are ${delivery.kind}`);
  return client;
}

/** What a reader of committed records finds, with the outcome of reading it. */
export async function readBack(
  cluster: Pick<TestCluster, "brokers">,
  topic: string,
  options: Partial<ReadTopicOptions> = {},
): Promise<{ readonly records: readonly KafkaRecord[]; readonly outcome: ReadTopicOutcome }> {
  const records: KafkaRecord[] = [];
  const outcome = await readTopic({
    brokers: cluster.brokers,
    clientId: "suite",
    logger: silentLogger,
    topic,
    from: new Map(),
    onRecords: (batch) => records.push(...batch),
    ...options,
  });
  return { records, outcome };
}

export async function readValues(
  cluster: Pick<TestCluster, "brokers">,
  topic: string,
): Promise<readonly string[]> {
  const { records, outcome } = await readBack(cluster, topic);
  if (!outcome.ok) throw new Error(`${outcome.failure.kind}: ${outcome.failure.message}`);
  return records.map(({ value }) => String(value));
}

/** A member of a group that keeps what it gets. */
export interface TestReader {
  readonly consumer: Consumer;
  readonly records: KafkaRecord[];
  /** What its handlers were told, in order: `assigned 0 1`, `revoked 0`, `lost 1`, `failed …`. */
  readonly events: string[];
  /** Per partition number, the offset after the last record it got. */
  nextOffsets(): ReadonlyMap<number, number>;
  /** Commits what it got of its assigned partitions. */
  commitAll(): ReturnType<Consumer["commit"]>;
}

export interface ReaderOptions extends Partial<Omit<ConsumerOptions, "handlers" | "topics" | "settings">> {
  readonly topic: string;
  readonly handlers?: Partial<ConsumerHandlers>;
}

export async function openReader(
  cluster: Pick<TestCluster, "brokers" | "consumerSettings" | "sessionTimeoutMs">,
  options: ReaderOptions,
): Promise<TestReader> {
  const { topic, handlers, ...rest } = options;
  const records: KafkaRecord[] = [];
  const events: string[] = [];
  const next = new Map<number, number>();
  const numbers = (partitions: readonly TopicPartition[]): string =>
    partitions
      .map(({ partition }) => partition)
      .sort((a, b) => a - b)
      .join(" ");
  const consumer = await openConsumer({
    brokers: cluster.brokers,
    clientId: "suite",
    groupId: `group-${randomUUID()}`,
    logger: silentLogger,
    topics: [topic],
    sessionTimeoutMs: cluster.sessionTimeoutMs,
    settings: cluster.consumerSettings,
    ...rest,
    handlers: {
      ...(handlers?.startAt === undefined ? {} : { startAt: handlers.startAt }),
      onRecords(batch) {
        for (const record of batch) {
          records.push(record);
          next.set(record.partition, record.offset + 1);
        }
        handlers?.onRecords?.(batch);
      },
      onAssigned(partitions) {
        events.push(`assigned ${numbers(partitions)}`);
        handlers?.onAssigned?.(partitions);
      },
      async onRevoked(partitions) {
        events.push(`revoked ${numbers(partitions)}`);
        await handlers?.onRevoked?.(partitions);
      },
      onLost(partitions) {
        events.push(`lost ${numbers(partitions)}`);
        handlers?.onLost?.(partitions);
      },
      onFailed(message) {
        events.push(`failed ${message}`);
        handlers?.onFailed?.(message);
      },
    },
  });
  return {
    consumer,
    records,
    events,
    nextOffsets: () => next,
    commitAll: () =>
      consumer.commit(
        consumer.assignment.flatMap(({ topic, partition }) => {
          const nextOffset = next.get(partition);
          return nextOffset === undefined ? [] : [{ topic, partition, nextOffset }];
        }),
      ),
  };
}

/** `partition/offset`, to compare sets of records. */
export function positions(records: readonly KafkaRecord[]): readonly string[] {
  return records.map(({ partition, offset }) => `${partition}/${offset}`);
}

/** Throws unless, per partition, the offsets only rise. */
export function requireOrder(records: readonly KafkaRecord[]): void {
  const last = new Map<number, number>();
  for (const { partition, offset } of records) {
    const before = last.get(partition) ?? -1;
    if (offset <= before) throw new Error(`partition ${partition}: offset ${offset} after ${before}`);
    last.set(partition, offset);
  }
}
