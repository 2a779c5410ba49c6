// The index of dead letters, as long as nothing is dead-lettered: records that fail are kept unsettled (worker/), so the
// DLQ topic is empty, and this says so.
import type { DeadLetterViews } from "../contract/ports.ts";
import { success } from "../contract/result.ts";
import type { Settings } from "../service/settings.ts";

type DeadLetterSettings = Pick<
  Settings,
  "KAFKA_DLQ_TOPIC" | "DLQ_MAX_RETRIES" | "DLQ_RETRY_BACKOFF_MS" | "DLQ_MAX_BACKOFF_MS"
>;

export function createEmptyDeadLetters(settings: DeadLetterSettings): DeadLetterViews {
  const topic = settings.KAFKA_DLQ_TOPIC;
  return {
    list: async () => success({ deadLetters: [] }),
    stats: async () => success({ topic, total: 0, byCategory: {} }),
    info: async () =>
      success({
        topic,
        total: 0,
        partitions: 1,
        maxRetries: settings.DLQ_MAX_RETRIES,
        retryBackoffMs: settings.DLQ_RETRY_BACKOFF_MS,
        maxBackoffMs: settings.DLQ_MAX_BACKOFF_MS,
      }),
  };
}
