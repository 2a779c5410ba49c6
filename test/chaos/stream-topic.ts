// Reads a whole topic from its first record to its end, with a consumer of its own and without a group, past everything that order
// knows. Records of a partition come in their order; nothing is kept.
import { silentLogger } from "../../kafka/client-fixtures.ts";
import { readTopic } from "../../kafka/read-topic.ts";
import type { KafkaRecord } from "../../kafka/record.ts";

const deadlineMs = 300_000;

export async function streamTopic(
  brokers: string,
  topic: string,
  onRecord: (record: KafkaRecord) => void,
): Promise<void> {
  const outcome = await readTopic({
    brokers,
    clientId: "suite",
    logger: silentLogger,
    topic,
    from: new Map(),
    deadlineMs,
    onRecords: (records) => records.forEach(onRecord),
  });
  if (!outcome.ok) throw new Error(`${topic} cannot be read: ${outcome.failure.message}`);
}
