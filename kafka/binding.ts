// The native objects of @confluentinc/kafka-javascript, typed: what publisher and consumer call of them. They are used
// without the package's own classes on top, which connect by a metadata request that blocks a thread and destroy the
// client when no broker answers, hide error codes behind error texts, and make an Error with its stack for every report.
//
// Three rules hold for every call here. Callbacks must not throw: there is no JavaScript frame below them. Absent message
// headers crash under Bun, so an array is always passed. Whatever takes a callback runs on Bun's thread pool, which has as
// few threads as the machine has cores and serves files and DNS as well: nothing that waits for a broker may run there,
// except when closing.
import { loadKafkaClient } from "./native/load.ts";
import type { TopicPartition } from "./record.ts";

/** librdkafka's settings by their own names; see its CONFIGURATION.md. */
export type ClientSettings = Readonly<Record<string, string | number | boolean>>;

/** An error as the native side gives it to callbacks. */
export interface NativeError {
  readonly code: number;
  readonly message: string;
}

/** A header is an object with one property. Under the name `__proto__` the bytes end up as its prototype. */
export type NativeHeader = Readonly<Record<string, Buffer>>;

export interface NativeMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** -1 when the record has none. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** Absent when the record has none. */
  readonly headers?: readonly NativeHeader[];
}

/** An error of a transaction's call, with librdkafka's advice; none of the three means as much as `isFatal`. */
export interface NativeTransactionError extends NativeError {
  /** The client is of no more use. */
  readonly isFatal: boolean;
  /** Goes on in the background: the same call again waits for it, and no other is possible meanwhile. */
  readonly isRetriable: boolean;
  readonly isTxnRequiresAbort: boolean;
}

export interface DeliveryReport {
  /** -1 when the record failed before a partition was chosen for it, which means that it was never sent. */
  readonly partition: number;
  readonly offset: number;
  readonly opaque: number;
}

/** `error` comes with an Error that has nothing but librdkafka's text of the code, all others with a message object. */
export type EventListener = (type: string, event: NativeEvent) => void;
export interface NativeEvent {
  readonly message: string;
  /** syslog's level, with `log`. */
  readonly severity?: number;
  /** librdkafka's name for the kind of log line, with `log`. */
  readonly fac?: string;
}

interface NativeClient<Callbacks> {
  configureCallbacks(add: true, callbacks: Callbacks): void;
  /** Makes the client and starts its threads. No broker is asked; fails on settings that contradict each other. */
  connect(callback: (error: NativeError | null, client?: { readonly name: string }) => void): void;
  /** Blocks a thread of the pool until the client is gone. */
  disconnect(callback: (error: NativeError | null) => void): void;
}

export interface NativeProducer extends NativeClient<{
  readonly global: object;
  readonly topic: object;
  readonly event: {
    readonly event_cb: EventListener;
    /** Without it, records go out and come back through native/outgoing-records.ts. */
    readonly delivery_cb?: (errorCode: number | null, report: DeliveryReport) => void;
  };
}> {
  /**
   * Queues a copy and answers 0 or an error code. Partition -1 lets the partitioner choose, timestamp 0 means now. The
   * opaque comes back with the delivery report.
   */
  produce(
    topic: string,
    partition: number,
    value: Buffer | null,
    key: Buffer | null,
    timestampMs: number,
    opaque: number,
    headers: readonly NativeHeader[],
  ): number;
  /** Asks a broker, and blocks a thread of the pool until it answers or the time is over. */
  getMetadata(
    options: { readonly allTopics: false; readonly timeout: number },
    callback: (error: NativeError | null) => void,
  ): void;
  /** Delivery reports and events come by themselves, from librdkafka's background thread. Only once connected. */
  setPollInBackground(on: boolean): void;
  // Transactions: each call blocks a thread of the pool for its time-out at most, so that is short and the call repeated.
  // The client must not be disconnected while one is out.
  initTransactions(timeoutMs: number, callback: (error: NativeTransactionError | null) => void): void;
  /** Asks no broker. */
  beginTransaction(callback: (error: NativeError | null) => void): void;
  commitTransaction(timeoutMs: number, callback: (error: NativeTransactionError | null) => void): void;
  abortTransaction(timeoutMs: number, callback: (error: NativeTransactionError | null) => void): void;
}

export const rebalanceCodes = { assign: -175, revoke: -174 } as const;

export interface NativeOffset extends TopicPartition {
  /** Without it the native side reads 0 in some calls and "as committed" in others: always set. */
  readonly offset: number;
}

export interface NativeMetadata {
  readonly topics: readonly {
    readonly name: string;
    readonly partitions: readonly { readonly id: number }[];
  }[];
}

export interface NativeConsumer extends NativeClient<{
  readonly global: {
    readonly rebalance_cb: (code: number, partitions: readonly TopicPartition[]) => void;
    readonly offset_commit_cb: (
      errorCode: number | undefined,
      offsets: readonly Partial<NativeOffset>[],
    ) => void;
  };
  readonly topic: object;
  readonly event: { readonly event_cb: EventListener; readonly queue_non_empty_cb: () => void };
}> {
  subscribe(topics: readonly string[]): number;
  /** Takes what is queued, at most `count`; with timeout 0 and `false` it does not wait at all. */
  consume(
    timeoutMs: number,
    count: number,
    timeoutOnlyForFirst: boolean,
    callback: (
      error: NativeError | null,
      messages?: readonly NativeMessage[],
      /** With `enable.partition.eof`: partitions read to their end, which is before this offset. */
      ends?: readonly NativeOffset[],
    ) => void,
  ): void;
  /** What the last fetched batch told, without asking; an error code for a partition that the client does not know. */
  getWatermarkOffsets(
    topic: string,
    partition: number,
  ): { readonly lowOffset: number; readonly highOffset: number } | number;
  /** Asks a broker, and blocks a thread of the pool until it answers or the time is over. */
  getMetadata(
    options: { readonly topic: string; readonly allTopics: false; readonly timeout: number },
    callback: (error: NativeError | null, metadata?: NativeMetadata) => void,
  ): void;
  /** Queues the commit and answers 0 or an error code; the broker's answer comes to `offset_commit_cb`. */
  commit(offsets: readonly NativeOffset[]): number;
  pause(partitions: readonly TopicPartition[]): number;
  resume(partitions: readonly TopicPartition[]): number;
  assignmentLost(): boolean;
  assign(partitions: readonly NativeOffset[]): void;
  unassign(): void;
}

/** @throws an Error that names the setting which librdkafka does not know or accept. */
export function createNativeProducer(settings: ClientSettings): NativeProducer {
  const { Producer } = loadKafkaClient();
  // Without topic settings of its own, the client takes them (acks, partitioner, message.timeout.ms) from the global ones;
  // an empty object here would replace them all by their defaults.
  const client: NativeProducer = new Producer({ ...settings }).getClient();
  return client;
}

/** @throws an Error that names the setting which librdkafka does not know or accept. */
export function createNativeConsumer(settings: ClientSettings): NativeConsumer {
  const { KafkaConsumer } = loadKafkaClient();
  const client: NativeConsumer = new KafkaConsumer({ ...settings }).getClient();
  return client;
}

/**
 * Starts a client's threads and answers librdkafka's name for it; rejects with librdkafka's sentence when its settings
 * contradict each other.
 */
export function connectNative(client: NativeClient<never>): Promise<string> {
  return new Promise((resolve, reject) => {
    client.connect((error, connected) => {
      if (error === null) resolve(connected?.name ?? "");
      else reject(new Error(`The Kafka client could not start: ${error.message}`));
    });
  });
}

/** Resolves when the client is gone, or after `timeoutMs`, whichever is first: `false` then, and it goes on by itself. */
export function disconnectNative(client: NativeClient<never>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), timeoutMs);
    client.disconnect(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** The native side throws objects that are no Error. */
export function describeNativeError(error: unknown): string {
  if (typeof error === "object" && error !== null && "message" in error) return String(error.message);
  return String(error);
}
