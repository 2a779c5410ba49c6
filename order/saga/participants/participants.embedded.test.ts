// Both stand-ins on the embedded cluster: orders in, decisions out, results back, and nothing made or lost.
import { afterEach, expect, test } from "bun:test";
import {
  openEmbeddedTestCluster,
  openReader,
  openTestPublisher,
  outgoing,
  publishAll,
  silentLogger,
  until,
} from "../../../kafka/client-fixtures.ts";
import { systemClock } from "../../../service/clock.ts";
import { createBuiltInCatalog } from "../catalog/built-in-catalog.ts";
import { openParticipants } from "./open-participants.ts";

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (let step = closing.pop(); step !== undefined; step = closing.pop()) await step();
});

test("orders are decided by both, and what is confirmed is booked once", async () => {
  const cluster = openEmbeddedTestCluster();
  closing.push(() => cluster.close());
  const topics = {
    orders: await cluster.createTopic(3),
    payment: await cluster.createTopic(3),
    stock: await cluster.createTopic(3),
  };
  const participants = await openParticipants({
    brokers: cluster.brokers,
    topics,
    catalog: createBuiltInCatalog(),
    clock: systemClock,
    logger: silentLogger,
    consumerSettings: cluster.consumerSettings,
    sessionTimeoutMs: cluster.sessionTimeoutMs,
  });
  closing.push(() => participants.close());
  const readers = await Promise.all(
    [topics.payment, topics.stock].map((topic) => openReader(cluster, { topic })),
  );
  for (const { consumer } of readers) closing.push(() => consumer.close());
  const publisher = await openTestPublisher(cluster);
  closing.push(() => publisher.close());

  const customers = ["CUST-1", "CUST-BROKE"];
  const products = ["P-1", "P-10"];
  const order = (orderId: number, status: string) => ({
    orderId,
    customerId: customers[orderId % 2],
    status,
    source: null,
    items: [{ productId: products[Math.floor(orderId / 2) % 2], quantity: 1, price: 10 }],
  });
  const publish = (status: (orderId: number) => string) =>
    publishAll(
      publisher,
      Array.from({ length: 40 }, (_, orderId) =>
        outgoing(topics.orders, String(orderId + 4), JSON.stringify(order(orderId + 4, status(orderId + 4)))),
      ),
    );

  await publish(() => "NEW");
  await until("all are decided", () => readers.every(({ records }) => records.length >= 40), 30_000);
  const accepted = (payments: boolean) => (orderId: number) =>
    payments ? orderId % 2 === 0 : Math.floor(orderId / 2) % 2 === 0;
  readers.forEach(({ records }, index) => {
    for (const { key, value } of records) {
      const { orderId, status } = JSON.parse(String(value));
      expect(String(key)).toBe(String(orderId));
      expect(status).toBe(accepted(index === 0)(orderId) ? "ACCEPT" : "REJECT");
    }
  });
  const outcome = (orderId: number) => {
    const sides = [accepted(true)(orderId), accepted(false)(orderId)];
    if (sides.every(Boolean)) return "CONFIRMED";
    return sides.some(Boolean) ? "ROLLBACK" : "REJECTED";
  };
  await publish(outcome);
  await publish(outcome);
  const isSettled = () => {
    const { payment, stock } = participants.balances();
    return [...payment.values(), ...stock.values()].every(({ reserved }) => reserved === 0);
  };
  await until("everything is settled", isSettled);
  const { payment, stock } = participants.balances();
  expect(payment.get("CUST-1")).toEqual({ available: 990_000, reserved: 0, booked: 10_000 });
  expect(stock.get("P-1")).toEqual({ available: 990, reserved: 0, booked: 10 });
  expect(participants.decided()).toEqual({
    payment: { ACCEPT: 20, REJECT: 20 },
    stock: { ACCEPT: 20, REJECT: 20 },
  });
}, 60_000);
