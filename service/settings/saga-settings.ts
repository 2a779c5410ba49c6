// System C: its catalog, topics, and the join of payment and stock.
import { z } from "zod";
import { duration, topic, topicName, url } from "./setting-kinds.ts";

export const sagaSettings = {
  CATALOG_URL: url(["http://", "https://"])
    .optional()
    .describe("Catalog that system C's orders are checked against; without it the built-in one"),
  SAGA_JOIN_WINDOW: duration("PT10S", "P1D").describe(
    "How far apart the decisions of payment and stock may be, and how long one waits for the other; ISO 8601",
  ),
  SAGA_ORDERS_TOPIC: topic("orders").describe("Topic of system C's orders and their results"),
  SAGA_PAYMENT_TOPIC: topic("payment-orders").describe("Topic that payment decides on"),
  SAGA_STOCK_TOPIC: topic("stock-orders").describe("Topic that stock decides on"),
  SAGA_DLQ_TOPIC: topic("recovererDLQ").describe("Dead-letter topic of system C's decisions"),
  SAGA_REPLAY_TOPIC: topicName
    .optional()
    .describe(
      "Topic that replays of system C's decisions go to; only order reads it. Default: the group with `-saga-replays`",
    ),
  SAGA_PARTICIPANTS: z
    .enum(["on", "off"])
    .optional()
    .describe(
      "Whether stand-ins for payment and stock run in order. Default: `on` with the embedded parts only",
    ),
};
