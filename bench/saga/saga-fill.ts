// What is there before a saga benchmark begins: a database in which every order has been placed and announced, to be copied
// for each case, and topics with both decisions about each order, side by side in time.
import { SQL } from "bun";
import { ensureTopics } from "../../kafka/admin.ts";
import { openPublisher, type Publisher } from "../../kafka/publisher.ts";
import type { Saga, Side } from "../../order/saga/domain/saga.ts";
import { placeOrder } from "../../order/saga/domain/transitions.ts";
import { toSagaOrder } from "../../order/saga/saga-order.ts";
import type { OutgoingMessage } from "../../order/saga/store/saga-store.ts";
import { openOrderStore } from "../../order/store/open-order-store.ts";
import type { Logger } from "../../service/logger.ts";
import { readSettings } from "../../service/settings.ts";
import { topicSpecs } from "../../service/topics.ts";
import { decisionValue, placementOf } from "./saga-decisions.ts";
import type { Servers } from "../servers.ts";

/** As in settings: SAGA_PAYMENT_TOPIC and SAGA_STOCK_TOPIC. */
export type DecisionTopics = Readonly<Record<Side, string>>;

const clientId = "orderwire-bench";
const outbox = "bench-placing";
const windowMs = 10_000;
const ordersAtOnce = 2000;

/** Orders 1 to `orders`, each with its NEW in an outbox that has been published and emptied. */
export async function placeOrders(databaseUrl: string, orders: number, ordersTopic: string): Promise<void> {
  const store = await openOrderStore(databaseUrl);
  const { sagas } = store;
  await sagas.leaseOutbox(outbox, outbox, Date.now(), Date.now() + windowMs);
  for (let placed = 0; placed < orders; placed += ordersAtOnce) {
    const orderIds = await sagas.allocateOrderIds(Math.min(ordersAtOnce, orders - placed));
    if (orderIds[0] !== placed + 1) throw new Error(`order ${placed + 1} was given the id ${orderIds[0]}`);
    const placedSagas = orderIds.map(
      (orderId) => placeOrder(undefined, placementOf(orderId), Date.now(), windowMs).saga,
    );
    const saved = await sagas.save({
      progress: [],
      changes: placedSagas.map((saga) => ({ saga, expectedVersion: 0 })),
      messages: placedSagas.map((saga) => announcementOf(saga, ordersTopic)),
      outbox,
    });
    if (saved.kind !== "saved") throw new Error(`orders were not placed: ${saved.kind}`);
    await sagas.settleOutbox(outbox, saved.lastSeq ?? 0, {});
  }
  await sagas.releaseOutbox(outbox, outbox);
  await store.close();
  // As autovacuum would have left it long ago.
  const sql = new SQL(databaseUrl, { max: 1 });
  await sql.unsafe("vacuum analyze");
  await sql.close();
}

function announcementOf(saga: Saga, topic: string): OutgoingMessage {
  if (saga.order === null) throw new Error(`order ${saga.orderId} was not placed`);
  const value = Buffer.from(JSON.stringify(toSagaOrder(saga, saga.order)));
  return { topic, key: keyOf(saga.orderId), value, headers: [], orderId: saga.orderId };
}

/** As the service makes them. */
export async function makeDecisionTopics(
  environment: Servers["environment"],
  { payment, stock }: DecisionTopics,
  logger: Logger,
): Promise<void> {
  const read = readSettings({ ...environment, SAGA_PAYMENT_TOPIC: payment, SAGA_STOCK_TOPIC: stock });
  if (!read.ok) throw new Error(read.faults.join(" "));
  const topics = topicSpecs(read.value).filter(({ name }) => name === payment || name === stock);
  const made = await ensureTopics({ brokers: environment.KAFKA_BROKERS, clientId, logger, topics });
  if (!made.ok) throw new Error(made.failure.message);
}

const publishesAtOnce = 10_000;

export function openDecisionPublisher(brokers: string, logger: Logger): Promise<Publisher> {
  return openPublisher({
    brokers,
    clientId,
    logger,
    maxInFlight: publishesAtOnce,
    deadlineMs: 60_000,
  });
}

/** Both decisions about the orders 1 to `orders`. Throws when one was not acknowledged. */
export async function publishDecisions(publisher: Publisher, topics: DecisionTopics, orders: number) {
  const ordersInFlight = publishesAtOnce / 2;
  for (let first = 1; first <= orders; first += ordersInFlight) {
    const count = Math.min(ordersInFlight, orders + 1 - first);
    await Promise.all(
      Array.from({ length: count }, (_, place) => first + place).flatMap((orderId) => [
        publishDecision(publisher, topics, orderId, "payment"),
        publishDecision(publisher, topics, orderId, "stock"),
      ]),
    );
  }
}

/** Throws when it was not acknowledged. */
export async function publishDecision(
  publisher: Publisher,
  topics: DecisionTopics,
  orderId: number,
  side: Side,
): Promise<void> {
  const outcome = await publisher.publish({
    topic: topics[side],
    key: keyOf(orderId),
    value: decisionValue(orderId, side),
    headers: [],
  });
  if (!outcome.ok) throw new Error(`a decision was not written: ${outcome.failure.message}`);
}

function keyOf(orderId: number): Buffer {
  return Buffer.from(String(orderId));
}
