// Reads a whole topic from its first record on, with a consumer of its own, past everything that order knows.
import { openReader } from "../../kafka/client-fixtures.ts";
import type { ClientSettings } from "../../kafka/binding.ts";
import type { KafkaRecord } from "../../kafka/record.ts";
import { eventually } from "./eventually.ts";

export interface TopicSource {
  readonly brokers: string;
  readonly consumerSettings: ClientSettings;
}

/** Every record up to the end as it is at some moment after the call. */
export async function readTopic(
  { brokers, consumerSettings }: TopicSource,
  topic: string,
): Promise<readonly KafkaRecord[]> {
  const reader = await openReader({ brokers, consumerSettings, sessionTimeoutMs: 6000 }, { topic });
  try {
    await eventually(async () => {
      const partitions = reader.consumer.lag();
      const behind = partitions.filter(({ lag }) => lag !== 0);
      if (partitions.length === 0 || behind.length > 0) throw new Error(`${topic} is not read to its end`);
    }, 60_000);
    return reader.records;
  } finally {
    await reader.consumer.close(3000);
  }
}
