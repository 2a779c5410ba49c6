// Names of topics that follow from others unless they are set.
import type { Settings } from "../settings.ts";

/** The compacted topic with the orders' states; undefined when nobody is told. */
export function stateTopicOf({
  ORDER_STATE_TOPIC,
  KAFKA_BROKERS,
}: Pick<Settings, "ORDER_STATE_TOPIC" | "KAFKA_BROKERS">): string | undefined {
  const topic = ORDER_STATE_TOPIC ?? (KAFKA_BROKERS === undefined ? "order-state" : "off");
  return topic === "off" ? undefined : topic;
}

/** The replays' own topic, so that no other group sees them. */
export function replayTopicOf({
  KAFKA_REPLAY_TOPIC,
  KAFKA_GROUP_ID,
}: Pick<Settings, "KAFKA_REPLAY_TOPIC" | "KAFKA_GROUP_ID">): string {
  return KAFKA_REPLAY_TOPIC ?? `${KAFKA_GROUP_ID}-replays`;
}

/** The same for decisions. */
export function sagaReplayTopicOf({
  SAGA_REPLAY_TOPIC,
  KAFKA_GROUP_ID,
}: Pick<Settings, "SAGA_REPLAY_TOPIC" | "KAFKA_GROUP_ID">): string {
  return SAGA_REPLAY_TOPIC ?? `${KAFKA_GROUP_ID}-saga-replays`;
}
