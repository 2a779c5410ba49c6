// Keeps one consumer group joined: a consumer that has stopped for good is closed and opened anew, after a growing wait.
import {
  type Consumer,
  type ConsumerHandlers,
  type ConsumerOptions,
  openConsumer,
} from "../kafka/consumer.ts";
import type { PartitionLag } from "../kafka/statistics.ts";
import { type Backoff, backoffMs } from "../service/backoff.ts";
import type { Clock } from "../service/clock.ts";

/** What is needed of the group's consumer by those who take its records. */
export type RecordSource = Pick<Consumer, "pause" | "resume" | "commit">;

/** Who takes the group's records. Partitions that are assigned again were lost before, if nothing else was said. */
export type RecordSink = Omit<ConsumerHandlers, "onFailed">;

export interface ConsumerGroup {
  readonly groupId: string;
  /** Whether it is joined and asks for records. */
  readonly running: boolean;
  /** Positions and lag of the assigned partitions, at most a second old. */
  lag(): readonly PartitionLag[];
  /** Closes the consumer and opens it anew, so that it reads from the committed offsets; `running` tells when it has joined. */
  reopen(): void;
  close(): Promise<void>;
}

export interface ConsumerGroupOptions {
  /** Called once; `source` may be asked for only after partitions were assigned. */
  readonly join: (source: () => RecordSource) => RecordSink;
  readonly clock: Clock;
  readonly consumer: Omit<ConsumerOptions, "handlers">;
}

const reopenBackoff: Backoff = { firstMs: 500, maxMs: 30_000 };
// Below the 9 s that a stopping process has: see service/run-service.ts.
const closeTimeoutMs = 6000;

export async function openConsumerGroup({
  join,
  clock,
  consumer: options,
}: ConsumerGroupOptions): Promise<ConsumerGroup> {
  let consumer: Consumer | undefined;
  let failures = 0;
  let closed = false;
  let cancelReopen: (() => void) | undefined;
  let reopening: Promise<void> | undefined;

  // Partitions are assigned only after the consumer is open, so whoever asks for it has one.
  function current(): Consumer {
    if (consumer === undefined) throw new Error(`the consumer of ${options.groupId} is not open`);
    return consumer;
  }
  const sink = join(current);

  async function open(): Promise<void> {
    consumer = await openConsumer({ ...options, handlers: { ...sink, onFailed } });
  }

  /** One after the other: two consumers of one member would drive each other out. */
  function reopen(): void {
    cancelReopen?.();
    const before = reopening;
    reopening = (async () => {
      await before;
      // Still a member until it leaves: its partitions would be nobody's meanwhile.
      await consumer?.close(closeTimeoutMs);
      if (!closed) await open();
    })();
  }

  function onFailed(message: string): void {
    failures += 1;
    const delayMs = backoffMs(reopenBackoff, failures);
    options.logger.error("A consumer has stopped and is opened anew", {
      groupId: options.groupId,
      cause: message,
      delayMs,
    });
    cancelReopen = clock.after(delayMs, reopen);
  }

  await open();
  return {
    groupId: options.groupId,
    get running() {
      return consumer?.running ?? false;
    },
    lag: () => consumer?.lag() ?? [],
    reopen,
    async close() {
      closed = true;
      cancelReopen?.();
      await reopening;
      await consumer?.close(closeTimeoutMs);
    },
  };
}
