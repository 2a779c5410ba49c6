// What a consumer asks of librdkafka, and why.
import type { ClientSettings } from "./binding.ts";
import { sharedSettings } from "./client-config.ts";
import type { ConsumerOptions } from "./consumer.ts";

const statisticsIntervalMs = 1_000;

export function consumerSettings(options: ConsumerOptions, sessionTimeoutMs: number): ClientSettings {
  return {
    ...sharedSettings(options),
    // Not a cooperative one: that takes two rounds, and a static member that dies between them and comes back is given what
    // the first round left it. Nobody asks for the second then, and some partitions have no reader: see README.md.
    "partition.assignment.strategy": "range",
    "auto.offset.reset": "earliest",
    "isolation.level": options.isolationLevel ?? "read_committed",
    "session.timeout.ms": sessionTimeoutMs,
    "heartbeat.interval.ms": Math.min(1_000, Math.floor(sessionTimeoutMs / 3)),
    // Only a stuck event loop can reach this: polling waits for no handler.
    "max.poll.interval.ms": Math.max(60_000, sessionTimeoutMs),
    // Prefetched records in memory. With the usual backoff of 1 s, a full queue would mean one queue a second.
    "queued.max.messages.kbytes": 16_384,
    "fetch.queue.backoff.ms": 20,
    // A broker holds a fetch this long while nothing is there, and a partition that is started waits for its answer.
    "fetch.wait.max.ms": 100,
    "fetch.error.backoff.ms": 200,
    // New topics and partitions are noticed within this time.
    "topic.metadata.refresh.interval.ms": 30_000,
    ...(options.groupInstanceId === undefined ? {} : { "group.instance.id": options.groupInstanceId }),
    ...options.settings,
    // What this module rests on is not for the caller to change.
    "group.id": options.groupId,
    "enable.auto.commit": false,
    "enable.auto.offset.store": false,
    "enable.partition.eof": false,
    "statistics.interval.ms": statisticsIntervalMs,
  };
}
