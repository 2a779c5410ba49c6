// Which record types are on which topics, by the settings: what the services ask the registry for, and what a deploy
// registers before they start.
import type { SchemaName } from "../schemas/events.ts";
import type { Settings } from "./settings.ts";
import { stateTopicOf } from "./settings/topic-names.ts";

type TopicSchema = readonly [topic: string, name: SchemaName];

/** What cart writes. */
export function cartSubjects(settings: Settings): readonly TopicSchema[] {
  return [
    [settings.KAFKA_ORDER_TOPIC, "Order"],
    [settings.KAFKA_ORDER_TOPIC, "OrderEvent"],
    [settings.KAFKA_STATUS_UPDATE_TOPIC, "OrderStatusUpdate"],
  ];
}

/** What order reads and writes: all of cart's, its dead letters, system C's decisions, and the states of orders. */
export function orderSubjects(settings: Settings): readonly TopicSchema[] {
  const stateTopic = stateTopicOf(settings);
  return [
    ...cartSubjects(settings),
    [settings.KAFKA_DLQ_TOPIC, "DeadLetter"],
    [settings.SAGA_PAYMENT_TOPIC, "OrderDto"],
    [settings.SAGA_STOCK_TOPIC, "OrderDto"],
    [settings.SAGA_DLQ_TOPIC, "DeadLetter"],
    ...(stateTopic === undefined ? [] : [[stateTopic, "OrderState"] as const]),
  ];
}
