// Reads topics as a member of a consumer group and hands the records over in batches, in order per partition, each once
// per assignment. It never waits for whoever handles them: a slow handler pauses its partition, all others go on, and the
// group sees a live member throughout. Offsets are committed only as told.
//
// The client is asked for records without waiting: it says by itself when there are some.
import { connectNative, createNativeConsumer, describeNativeError, disconnectNative } from "./binding.ts";
import { type ConnectionOptions, createEventListener } from "./client-config.ts";
import { type CommitOutcome, createCommitQueue, notAssigned } from "./commit-queue.ts";
import { consumerSettings } from "./consumer-settings.ts";
import { createErrorLog } from "./error-log.ts";
import { createPartitionGate } from "./partition-gate.ts";
import { createPollLoop } from "./poll-loop.ts";
import { openRecordBatches, type RecordBatch, type RecordBatches } from "./native/record-batches.ts";
import { errorCodes } from "./publish-failure.ts";
import { type ConsumerPhase, createRebalance } from "./rebalance.ts";
import type { KafkaRecord, NextOffset, TopicPartition } from "./record.ts";
import {
  type ClientStatistics,
  type PartitionLag,
  createBrokerWatch,
  isGroupSteady,
  readPartitionLag,
  readStatistics,
} from "./statistics.ts";
import { within } from "./within.ts";

/** None of them may throw: that is a defect, and ends the consumer, as `onFailed` says. `startAt` alone may reject. */
export interface ConsumerHandlers {
  /**
   * Asked before partitions are assigned: where to start reading them. Those that the answer leaves out start at their
   * committed offset; all do when it is late (`startAtTimeoutMs`) or rejects.
   */
  startAt?(partitions: readonly TopicPartition[]): Promise<readonly NextOffset[]>;
  /** Records in order per partition, at most `maxBatchSize` plus what was kept for resumed partitions. Takes them and returns. */
  onRecords(records: readonly KafkaRecord[]): void;
  /** Before the first record of these partitions. `pause` may be called here. */
  onAssigned(partitions: readonly TopicPartition[]): void;
  /**
   * No record of these partitions comes any more. They are let go of when the promise resolves, or after
   * `revokeTimeoutMs`; until then `commit` works for them. Meanwhile the client fetches nothing for the other partitions
   * either, so this should be quick: finish what is being done, commit, leave the rest.
   */
  onRevoked(partitions: readonly TopicPartition[]): Promise<void>;
  /** These partitions belong to another member already: no record comes any more, and no commit is possible. */
  onLost(partitions: readonly TopicPartition[]): void;
  /** The consumer has stopped for good: another member took its instance id, or a handler threw. Close it. */
  onFailed(message: string): void;
}

export interface Consumer {
  /** No record of these partitions comes any more until they are resumed. A pause ends with the assignment. */
  pause(partitions: readonly TopicPartition[]): void;
  /** Goes on exactly where `pause` stopped; nothing happens to partitions that are not paused. */
  resume(partitions: readonly TopicPartition[]): void;
  /**
   * Resolves on the broker's answer; `fenced` at once for partitions that are not assigned.
   * @throws RangeError when an offset is not an integer from 0.
   */
  commit(nextOffsets: readonly NextOffset[]): Promise<CommitOutcome>;
  /** The partitions whose records are handed over now; those that are being revoked are not among them. */
  readonly assignment: readonly TopicPartition[];
  /** Positions and lag of the assigned partitions, at most about a second old. */
  lag(): readonly PartitionLag[];
  /** Whether a broker answers, the group is joined (or rebalancing for less than ten seconds), and records are asked for. */
  readonly running: boolean;
  /**
   * Revokes everything as a rebalance would, then leaves the group. Resolves after `timeoutMs` (default 10,000) at the
   * latest, also when no broker answers.
   */
  close(timeoutMs?: number): Promise<void>;
}

export interface ConsumerOptions extends ConnectionOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly handlers: ConsumerHandlers;
  /** Static membership: a member that comes back under this name within the session timeout keeps its partitions. */
  readonly groupInstanceId?: string;
  /** Records taken at once; default 1,000. */
  readonly maxBatchSize?: number;
  /** How long the group waits for a member that died; default 20,000. */
  readonly sessionTimeoutMs?: number;
  /** How long `onRevoked` may take; default 10,000, at most two thirds of the session timeout. */
  readonly revokeTimeoutMs?: number;
  /** How long `startAt` may take, while the whole group waits; default 2,000. */
  readonly startAtTimeoutMs?: number;
  /** How long a commit waits for its answer; default 5,000. */
  readonly commitTimeoutMs?: number;
  /** Default `read_committed`: records of aborted transactions are not handed over. */
  readonly isolationLevel?: "read_committed" | "read_uncommitted";
}

const defaultMaxBatchSize = 1_000;
const defaultSessionTimeoutMs = 20_000;
const defaultRevokeTimeoutMs = 10_000;
const defaultStartAtTimeoutMs = 2_000;
const defaultCommitTimeoutMs = 5_000;
const defaultCloseTimeoutMs = 10_000;
/** Also keeps the member in its group: max.poll.interval.ms. */
const pollIntervalMs = 1_000;
/**
 * While everything is paused, one record at a time: the client's own queue keeps what was fetched, and what else it has to
 * say (rebalances, answers to commits) comes before that.
 */
const shutPollMs = 20;
/** Longer than a fetch may wait at the broker. */
const brokerSilenceMs = 3_000;
const unsteadyIsRunningForMs = 10_000;
const unpolledIsRunningForMs = 5_000;

/**
 * Resolves as soon as the client's threads run, whether or not a broker is there; the group is joined when one is. Rejects
 * only when librdkafka does not accept the settings.
 */
export async function openConsumer(options: ConsumerOptions): Promise<Consumer> {
  const { groupId, handlers, topics } = options;
  const logger = options.logger.child({ group: groupId });
  const maxBatchSize = options.maxBatchSize ?? defaultMaxBatchSize;
  const sessionTimeoutMs = options.sessionTimeoutMs ?? defaultSessionTimeoutMs;
  const revokeTimeoutMs = Math.min(
    options.revokeTimeoutMs ?? defaultRevokeTimeoutMs,
    (sessionTimeoutMs * 2) / 3,
  );
  if (!(maxBatchSize >= 1)) throw new Error(`maxBatchSize must be at least 1, got ${maxBatchSize}`);
  if (topics.length === 0) throw new Error("topics must name at least one topic");

  const native = createNativeConsumer(consumerSettings(options, sessionTimeoutMs));
  const gate = createPartitionGate(maxBatchSize);
  const errors = createErrorLog(logger, "Kafka reports an error to the consumer", () => performance.now());
  const brokerWatch = createBrokerWatch(brokerSilenceMs);
  const commits = createCommitQueue({
    send: (offsets) => native.commit(offsets),
    timeoutMs: options.commitTimeoutMs ?? defaultCommitTimeoutMs,
  });
  let batches: RecordBatches | undefined;
  let phase: ConsumerPhase = "open";
  let statistics: ClientStatistics | null = null;
  let brokerAnswers = false;
  let shutPoll: ReturnType<typeof setTimeout> | undefined;
  let steadyAtMs = Number.NEGATIVE_INFINITY;

  function fail(message: string): void {
    if (phase === "failed") return;
    phase = "failed";
    logger.error("The Kafka consumer has failed for good", { detail: message });
    void loop.stop();
    handlers.onFailed(message);
  }

  /** Callbacks from native code must not throw, whatever a handler does. */
  function guarded(what: string, action: () => void): void {
    try {
      action();
    } catch (error) {
      fail(`${what} failed: ${String(error)}`);
    }
  }

  const loop = createPollLoop({
    intervalMs: pollIntervalMs,
    onTaskError: (error) =>
      logger.error("The Kafka client refused a call", { detail: describeNativeError(error) }),
    ask() {
      if (gate.isShut) shutPoll = setTimeout(takeBatch, shutPollMs);
      // In a turn of its own: between two batches, everything else that waits has its turn.
      else setImmediate(takeBatch);
    },
  });

  function takeBatch(): void {
    let count = 0;
    shutPoll = undefined;
    guarded("onRecords", () => {
      if (batches === undefined) return;
      gate.beginPoll();
      const batch = batches.take(gate.isShut ? 1 : maxBatchSize);
      count = batch.records.length;
      handOver(batch);
    });
    loop.done(count);
  }

  function handOver({ records: taken, error }: RecordBatch): void {
    if (error !== null) {
      errors.report(error.code, error.message);
      if (error.code === errorCodes.fatal) fail(error.message);
    }
    const records = gate.admit(taken);
    const overfull = gate.takeOverfull();
    if (overfull.length > 0) loop.between(() => native.pause(overfull));
    if (records.length > 0 && phase !== "failed") handlers.onRecords(records);
  }

  const rebalance = createRebalance({
    native,
    gate,
    loop,
    handlers,
    logger,
    startAtTimeoutMs: options.startAtTimeoutMs ?? defaultStartAtTimeoutMs,
    revokeTimeoutMs,
    phase: () => phase,
    onJoined() {
      steadyAtMs = performance.now();
      brokerAnswers = true;
    },
    guarded,
    onFailed: fail,
  });

  async function close(timeoutMs: number): Promise<void> {
    const deadlineMs = performance.now() + timeoutMs;
    const left = (share: number): number => Math.max(1, (deadlineMs - performance.now()) * share);
    if (phase === "open") {
      phase = "closing";
      await rebalance.finishAll(() => left(0.7));
    }
    commits.close();
    await within(left(0.5), loop.stop());
    phase = "leaving";
    batches?.close();
    batches = undefined;
    if (await disconnectNative(native, left(1))) phase = "left";
    else logger.warn("The Kafka consumer did not leave its group in time", { timeoutMs });
  }

  native.configureCallbacks(true, {
    global: {
      rebalance_cb: (code, partitions) =>
        guarded("A rebalance", () => rebalance.onQuestion(code, partitions)),
      offset_commit_cb: (code, offsets) => guarded("A commit", () => commits.onAnswer(code, offsets)),
    },
    topic: {},
    event: {
      queue_non_empty_cb: () => loop.wake(),
      event_cb: createEventListener(logger, {
        onStatistics(json) {
          statistics = readStatistics(json);
          const nowMs = performance.now();
          brokerAnswers = brokerWatch.observe(statistics, nowMs);
          if (isGroupSteady(statistics)) steadyAtMs = nowMs;
        },
        onAllBrokersDown() {
          brokerAnswers = false;
        },
        onFatal: fail,
      }),
    },
  });
  try {
    batches = openRecordBatches(await connectNative(native), maxBatchSize);
    const code = native.subscribe(topics);
    if (code !== 0)
      throw new Error(`The Kafka client refused to subscribe to ${topics.join(", ")} (${code})`);
  } catch (error) {
    await loop.stop();
    throw error;
  }
  loop.wake();

  let closed: Promise<void> | null = null;
  return {
    pause(partitions) {
      gate.pause(partitions);
    },
    resume(partitions) {
      const stopped = gate.resume(partitions);
      if (shutPoll !== undefined) {
        clearTimeout(shutPoll);
        shutPoll = undefined;
        setImmediate(takeBatch);
      }
      if (stopped.length > 0) loop.between(() => native.resume(stopped));
      // Not from here: what was kept for them is handed over in a turn of its own.
      setImmediate(() => loop.wake());
    },
    commit(nextOffsets) {
      if (!nextOffsets.every((partition) => gate.mayCommit(partition))) return Promise.resolve(notAssigned);
      return commits.commit(nextOffsets);
    },
    get assignment() {
      return gate.assignment;
    },
    lag() {
      const latest = statistics ?? noStatistics;
      return gate.assignment.map((partition) => readPartitionLag(latest, partition));
    },
    get running() {
      const nowMs = performance.now();
      const isJoined = nowMs - steadyAtMs < unsteadyIsRunningForMs;
      return (
        phase === "open" && brokerAnswers && isJoined && nowMs - loop.polledAtMs < unpolledIsRunningForMs
      );
    },
    close(timeoutMs = defaultCloseTimeoutMs) {
      closed ??= close(timeoutMs);
      return closed;
    },
  };
}

const noStatistics: ClientStatistics = { brokers: {}, topics: {} };
