// Looks at the end of a topic as it grows: no group, no commits, so nobody who consumes it is disturbed. For people: it hands
// over what somebody can read and passes over the rest, and tells how much, instead of carrying a busy topic across the network.
import {
  type ClientSettings,
  type NativeConsumer,
  type NativeMessage,
  connectNative,
  createNativeConsumer,
  disconnectNative,
} from "./binding.ts";
import { type ConnectionOptions, sharedSettings } from "./client-config.ts";
import { errorCodes, classifyRejection, publishFailure } from "./publish-failure.ts";
import { readRecord } from "./read-record.ts";
import { findPartitions, type Listener, listen, type ReadTopicFailure } from "./read-topic.ts";
import type { KafkaRecord } from "./record.ts";

export interface TailTopicOptions extends ConnectionOptions {
  readonly topic: string;
  /** How many of the newest records of each partition come first. */
  readonly backlog: number;
  /** Takes the records, by partition in order; the next ones come when it has resolved. Must not reject. */
  readonly onRecords: (records: readonly KafkaRecord[]) => Promise<void>;
  /** That many records were passed over, because more came than are handed over. */
  readonly onPassedOver: (count: number) => void;
  /** It cannot go on: closed by itself. */
  readonly onFailed: (failure: ReadTopicFailure) => void;
  /** Records a second at most; default 250. */
  readonly maxPerSecond?: number;
  /** Records of one partition that may wait before they are passed over; default 1,000. */
  readonly maxBehind?: number;
  /** Milliseconds until a topic and a broker must have been found, default 5,000. */
  readonly deadlineMs?: number;
}

export interface TopicTail {
  close(): Promise<void>;
}

export type OpenTailOutcome =
  | { readonly ok: true; readonly value: TopicTail }
  | { readonly ok: false; readonly failure: ReadTopicFailure };

const turnMs = 200;
const disconnectTimeoutMs = 1_000;
/** librdkafka's offset for "that many before the end" is this less that many. */
const tailBase = -2000;

/** Rejects when librdkafka does not accept the settings. */
export async function openTopicTail(options: TailTopicOptions): Promise<OpenTailOutcome> {
  const { topic, backlog, logger, maxPerSecond = 250, maxBehind = 1_000, deadlineMs = 5_000 } = options;
  const native = createNativeConsumer(tailSettings(options));
  const perTurn = Math.max(1, Math.floor((maxPerSecond * turnMs) / 1000));
  const nextOffsets = new Map<number, number>();
  /** Where a partition stood when it was sent to its end, until a record tells how far that was. */
  const sentOn = new Map<number, number>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed: Promise<void> | undefined;
  let asking: Promise<void> = Promise.resolve();

  const listener: Listener = {
    current: { wake: () => undefined, fail: () => fail({ kind: "unavailable", code: errorCodes.fatal }) },
  };
  listen(native, logger, listener);
  await connectNative(native);
  const found = await findPartitions(native, topic, performance.now() + deadlineMs);
  if (!found.ok) {
    await disconnect();
    return found;
  }
  const partitions = found.value;
  assignAt((_partition) => tailBase - backlog);
  schedule();

  function assignAt(offsetOf: (partition: number) => number): void {
    native.assign(partitions.map((partition) => ({ topic, partition, offset: offsetOf(partition) })));
  }

  function schedule(): void {
    timer = setTimeout(() => {
      asking = turn();
    }, turnMs);
  }

  async function turn(): Promise<void> {
    const taken = await ask(native, perTurn);
    if (typeof taken === "number") {
      if (classifyRejection(taken) === "refused") {
        fail({ kind: "refused", code: taken });
        return;
      }
    } else if (taken.length > 0) {
      const records = taken.map(readRecord);
      for (const record of records) follow(record);
      await options.onRecords(records);
      skipWhatIsTooMuch();
    }
    if (closed === undefined) schedule();
  }

  function follow({ partition, offset }: KafkaRecord): void {
    const from = sentOn.get(partition);
    if (from !== undefined && offset > from) options.onPassedOver(offset - from);
    sentOn.delete(partition);
    nextOffsets.set(partition, offset + 1);
  }

  function skipWhatIsTooMuch(): void {
    const behind = partitions.filter((partition) => lagOf(partition) > maxBehind);
    if (behind.length === 0) return;
    for (const partition of behind)
      sentOn.set(partition, sentOn.get(partition) ?? nextOffsets.get(partition) ?? 0);
    assignAt((partition) =>
      behind.includes(partition) ? tailBase - perTurn : (nextOffsets.get(partition) ?? tailBase),
    );
  }

  function lagOf(partition: number): number {
    const next = nextOffsets.get(partition);
    const watermarks = native.getWatermarkOffsets(topic, partition);
    return next === undefined || typeof watermarks === "number" ? 0 : watermarks.highOffset - next;
  }

  function fail({ kind, code }: Pick<ReadTopicFailure, "kind" | "code">): void {
    if (closed !== undefined) return;
    closed = closeNow();
    options.onFailed({ ...publishFailure(kind, code), kind });
  }

  async function closeNow(): Promise<void> {
    clearTimeout(timer);
    await disconnect();
  }

  async function disconnect(): Promise<void> {
    // A call that is out must have come back.
    await asking.catch(() => undefined);
    native.unassign();
    await disconnectNative(native, disconnectTimeoutMs);
    listener.current = null;
  }

  return {
    ok: true,
    value: {
      close() {
        closed ??= closeNow();
        return closed;
      },
    },
  };
}

/** The records that are there, or an error's code. */
function ask(native: NativeConsumer, count: number): Promise<readonly NativeMessage[] | number> {
  return new Promise((resolve) => {
    native.consume(0, count, false, (error, messages = []) =>
      resolve(error === null ? messages : error.code),
    );
  });
}

function tailSettings(options: TailTopicOptions): ClientSettings {
  return {
    ...sharedSettings(options),
    // Little is prefetched: what is passed over should not have been carried here.
    "queued.min.messages": 200,
    "queued.max.messages.kbytes": 4_096,
    "fetch.queue.backoff.ms": 20,
    "fetch.wait.max.ms": 100,
    "fetch.error.backoff.ms": 200,
    ...options.settings,
    // The client wants a group to be named; none is joined and nothing is committed.
    "group.id": `${options.clientId}-looks-without-group`,
    "isolation.level": "read_committed",
    // Fewer records than the backlog: all of them.
    "auto.offset.reset": "earliest",
    "enable.auto.commit": false,
    "enable.auto.offset.store": false,
    "enable.partition.eof": false,
  };
}
