// The events of systems A and B: topics, retries, dead letters and their replays.
import { z } from "zod";
import { count, topic, topicName } from "./setting-kinds.ts";

export const eventSettings = {
  KAFKA_ORDER_TOPIC: topic("order-events").describe("Topic of creations, and of system B's updates"),
  KAFKA_STATUS_UPDATE_TOPIC: topic("order-status-updates").describe("Topic of system A's status updates"),
  KAFKA_DLQ_TOPIC: topic("order-events-dlq").describe("Dead-letter topic"),
  KAFKA_GROUP_ID: topic("order-service-group").describe(
    "Consumer group of the order topic; the status topic's is this with `-status-updates`",
  ),
  KAFKA_REPLAY_TOPIC: topicName
    .optional()
    .describe(
      "Topic that replays of dead letters go to; only order reads it. Default: the group with `-replays`",
    ),
  REPLAY_MAX_PER_LETTER: count(5, 1000, 1).describe(
    "Replays of one dead letter after which another failure puts it in quarantine",
  ),
  ORDER_STATE_TOPIC: topicName
    .optional()
    .describe(
      "Compacted topic that tells what each order of systems A and B is, by orderId, and the change feed `orders.watch`; `off` for neither. Default: `order-state` with the embedded parts, else `off`",
    ),
  DLQ_EDIT: z
    .enum(["on", "off"])
    .default("off")
    .describe("Whether operators may edit a dead letter's event and replay it"),
  KAFKA_REPLICATION_FACTOR: count(1, 10, 1).describe("Replicas of the topics that are created"),
  DLQ_MAX_RETRIES: count(3, 100).describe("Retries of a failed event of system A"),
  DLQ_RETRY_BACKOFF_MS: count(1000, 3_600_000).describe("Wait before its first retry; doubles each time"),
  DLQ_MAX_BACKOFF_MS: count(30_000, 86_400_000).describe("Longest wait between two retries"),
};
