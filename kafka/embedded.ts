// A Kafka cluster inside this process, for the default run and for tests: librdkafka's mock brokers, which speak the real
// protocol on 127.0.0.1, to this process and to any other on the machine. Nothing is written to disk: when the process
// ends, its records are gone.
//
// What it does not do: create topics for an admin client, answer topic configurations, keep records by time, compact, ask
// for authentication, encrypt. A partition keeps 32 MiB of batches, at most 20,000 of them;
// then it drops its oldest, also when nobody has read them yet. (librdkafka's own limits are 5 MiB and 100,000 batches; a
// batch is what a producer sends at once, one record or thousands.) A consumer that is asked to wait for records is
// answered after its whole waiting time, even when some arrive meanwhile: see `fetchWaitMaxMs`.
import { type MockCluster, openMockCluster } from "./native/mock-cluster.ts";

export interface EmbeddedTopic {
  readonly name: string;
  readonly partitions: number;
}

export interface EmbeddedClusterOptions {
  /** Made at once. A topic that a producer names and that is not here is made with 4 partitions. */
  readonly topics: readonly EmbeddedTopic[];
  /** Default 1. */
  readonly brokers?: number;
  /**
   * Bytes that one partition keeps, as sent (compressed); default 32 MiB, at least 2 MiB: librdkafka loses even the newest
   * batch where that one alone is over the limit, and a batch has up to 1 MB.
   */
  readonly partitionBytes?: number;
  /** Batches that one partition keeps; default 20,000, at least 2. A fetch searches them one by one: more are slower. */
  readonly partitionBatches?: number;
}

/** Kafka's request types that tests make fail, by their protocol numbers. */
export const apiKeys = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  offsetCommit: 8,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  syncGroup: 14,
  initProducerId: 22,
  addPartitionsToTransaction: 24,
  endTransaction: 26,
} as const;
export type ApiName = keyof typeof apiKeys;

/** Faults for tests. They hold until they are taken back; `broker` counts from 1, without it all brokers are meant. */
export interface EmbeddedFaults {
  /** Cuts the connections and refuses new ones. Records and offsets stay. */
  brokerDown(broker?: number): void;
  brokerUp(broker?: number): void;
  /** Every answer comes this much later; 0 takes it back. */
  setRtt(rttMs: number, broker?: number): void;
  /** The next requests of this kind are answered with these Kafka error codes, one each; -195 cuts the connection. */
  failRequests(api: ApiName, codes: readonly number[]): void;
  clearRequestFailures(api: ApiName): void;
  /** Moves the coordinator of a consumer group. */
  moveGroupCoordinator(group: string, broker: number): void;
}

export interface EmbeddedCluster {
  /** For `bootstrap.servers`: `127.0.0.1:port`, comma-separated. */
  readonly brokers: string;
  /**
   * What consumers of this cluster should set as `fetch.wait.max.ms`: records become visible within this time. The usual
   * 500 ms would be the delay of every record.
   */
  readonly fetchWaitMaxMs: number;
  /** Throws when it exists, or when the number of partitions is not positive. */
  createTopic(topic: EmbeddedTopic): void;
  readonly faults: EmbeddedFaults;
  /**
   * Frees everything; a second call does nothing. Milliseconds, now and then a second (librdkafka misses its own wake-up).
   * Close the clients first; those that are left see a broker that went away.
   */
  close(): void;
}

// The broker's group.initial.rebalance.delay.ms. With one process there is nobody to wait for; 0 would mean "never" to
// librdkafka's timer.
const firstJoinDelayMs = 1;
const fetchWaitMaxMs = 10;
const allBrokers = -1;

/** Ready when it returns, in a few milliseconds. Needs the native client: see native/build.ts. */
export function openEmbeddedCluster(options: EmbeddedClusterOptions): EmbeddedCluster {
  const brokers = options.brokers ?? 1;
  const partitionBytes = options.partitionBytes ?? 32 * 1024 * 1024;
  const partitionBatches = options.partitionBatches ?? 20_000;
  requireAtLeast(1, "brokers", brokers);
  requireAtLeast(2 * 1024 * 1024, "partitionBytes", partitionBytes);
  requireAtLeast(2, "partitionBatches", partitionBatches);

  let cluster: MockCluster | null = openMockCluster(brokers, firstJoinDelayMs);
  const { bootstraps } = cluster;
  const open = (): MockCluster => {
    if (cluster === null) throw new Error("The embedded cluster is closed");
    return cluster;
  };
  const check = (action: string, code: number): void => {
    if (code !== 0)
      throw new Error(`The embedded cluster could not ${action}: ${open().errorText(code)} (${code})`);
  };
  const createTopic = ({ name, partitions }: EmbeddedTopic): void => {
    requireAtLeast(1, `partitions of topic ${name}`, partitions);
    check(`create topic ${name}`, open().createTopic(name, partitions, partitionBytes, partitionBatches));
  };
  const close = (): void => {
    cluster?.close();
    cluster = null;
  };

  try {
    for (const topic of options.topics) createTopic(topic);
  } catch (error) {
    close();
    throw error;
  }
  return {
    brokers: bootstraps,
    fetchWaitMaxMs,
    createTopic,
    close,
    faults: {
      brokerDown: (broker = allBrokers) => check("stop a broker", open().brokerDown(broker)),
      brokerUp: (broker = allBrokers) => check("start a broker", open().brokerUp(broker)),
      setRtt: (rttMs, broker = allBrokers) => check("delay a broker", open().setRtt(broker, rttMs)),
      failRequests: (api, codes) => open().pushErrors(apiKeys[api], codes),
      clearRequestFailures: (api) => open().clearErrors(apiKeys[api]),
      moveGroupCoordinator: (group, broker) =>
        check(`move the coordinator of ${group}`, open().setCoordinator("group", group, broker)),
    },
  };
}

function requireAtLeast(least: number, name: string, value: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new Error(`${name} must be an integer of at least ${least}, got ${value}`);
  }
}
