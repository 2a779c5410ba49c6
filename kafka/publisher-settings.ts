// What a publisher asks of librdkafka, and why.
import type { ClientSettings } from "./binding.ts";
import { sharedSettings } from "./client-config.ts";
import type { PublisherOptions } from "./publisher.ts";

/** librdkafka looks for records that are too old once a second. */
const clientGivesUpEarlierMs = 1_000;
const statisticsIntervalMs = 250;

export function publisherSettings(
  options: PublisherOptions,
  deadlineMs: number,
  maxInFlight: number,
): ClientSettings {
  return {
    ...sharedSettings(options),
    // How long a topic may be unknown before its records are refused: after it was created, brokers need a moment.
    "topic.metadata.propagation.max.ms": 2_000,
    // A small request now and then, so that a frozen broker is noticed while nothing is published.
    "topic.metadata.refresh.interval.ms": 2_000,
    "queue.buffering.max.messages": maxInFlight,
    "queue.buffering.max.kbytes": 65_536,
    "compression.type": "lz4",
    ...options.settings,
    // What the outcomes rest on is not for the caller to change.
    acks: "all",
    "enable.idempotence": true,
    partitioner: "murmur2_random",
    "linger.ms": 0,
    "message.timeout.ms": deadlineMs - clientGivesUpEarlierMs,
    "statistics.interval.ms": statisticsIntervalMs,
  };
}
