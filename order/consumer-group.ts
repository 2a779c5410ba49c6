// Keeps one consumer group joined: a consumer that has stopped for good is opened anew, after a growing wait.
import { type Consumer, type ConsumerOptions, openConsumer } from "../kafka/consumer.ts";
import { type Backoff, backoffMs } from "../service/backoff.ts";
import type { Clock } from "../service/clock.ts";
import type { Worker } from "./worker/worker.ts";

export interface ConsumerGroup {
  /** Whether it is joined and asks for records. */
  readonly running: boolean;
  close(): Promise<void>;
}

export interface ConsumerGroupOptions {
  readonly worker: Pick<Worker, "join">;
  readonly clock: Clock;
  readonly consumer: Omit<ConsumerOptions, "handlers">;
}

const reopenBackoff: Backoff = { firstMs: 500, maxMs: 30_000 };
// Below the 9 s that a stopping process has: see service/run-service.ts.
const closeTimeoutMs = 6000;

export async function openConsumerGroup({
  worker,
  clock,
  consumer: options,
}: ConsumerGroupOptions): Promise<ConsumerGroup> {
  let consumer: Consumer | undefined;
  let failures = 0;
  let closed = false;
  let cancelReopen: (() => void) | undefined;

  // Partitions are assigned only after the consumer is open, so whoever asks for it has one.
  function current(): Consumer {
    if (consumer === undefined) throw new Error(`the consumer of ${options.groupId} is not open`);
    return consumer;
  }
  const sink = worker.join(current);

  async function open(): Promise<void> {
    consumer = await openConsumer({ ...options, handlers: { ...sink, onFailed } });
  }

  function onFailed(message: string): void {
    failures += 1;
    const delayMs = backoffMs(reopenBackoff, failures);
    options.logger.error("A consumer has stopped and is opened anew", {
      groupId: options.groupId,
      cause: message,
      delayMs,
    });
    cancelReopen = clock.after(delayMs, () => {
      if (!closed) void open();
    });
  }

  await open();
  return {
    get running() {
      return consumer?.running ?? false;
    },
    async close() {
      closed = true;
      cancelReopen?.();
      await consumer?.close(closeTimeoutMs);
    },
  };
}
