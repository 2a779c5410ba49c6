// Two instances of order on one PostgreSQL: orders are placed at either, and the two decisions of an order are read by
// different ones, because they come under different keys. Each order has one result all the same.
import { describe, expect, test } from "bun:test";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import { openProduct } from "./open-product.ts";
import { realEnvironment } from "./real-environment.ts";
import { openSagaDesk } from "./saga-desk.ts";

const environment = realEnvironment();
const orders = 300;

describe.skipIf(environment === undefined)("two instances that share sagas", () => {
  test("give each order one result, whoever placed it and whoever reads its decisions", async () => {
    if (environment === undefined) return;
    const settings = { ...(await environment.open()), SAGA_PARTICIPANTS: "off" };
    const first = await openProduct(settings);
    const second = await openProduct(settings);
    const desks = await Promise.all([openSagaDesk(first), openSagaDesk(second)]);
    const [desk] = desks;
    try {
      const orderIds: number[] = [];
      for (let round = 0; round < orders / 20; round += 1) {
        const placed = await Promise.all(
          Array.from({ length: 20 }, (_, index) => (desks[index % 2] ?? desk).place()),
        );
        // At once, while the other instance may not know yet that their NEW is published.
        await Promise.all(
          placed.flatMap((orderId) => [
            desk.decide("payment", orderId, orderId % 3 === 0 ? "REJECT" : "ACCEPT"),
            desk.decide("stock", orderId, "ACCEPT", { key: Buffer.from(`other-${orderId * 7}`) }),
          ]),
        );
        orderIds.push(...placed);
      }
      for (const orderId of orderIds) {
        const all = await desk.untilResult(orderId, 30_000);
        expect(all.map(({ status }) => status)).toEqual([
          "NEW",
          orderId % 3 === 0 ? "ROLLBACK" : "CONFIRMED",
        ]);
      }
      await eventually(async () => {
        for (const { orderUrl } of [first, second]) {
          const { body } = await callHttp("GET", `${orderUrl}/ops/saga-stats`);
          expect(body).toMatchObject({ orders: { NEW: 0 }, counted: { joins: orders }, unpublished: 0 });
        }
      });
      const ids = desk
        .ordersRecords()
        .map(({ headers }) => String(headers.find(([name]) => name === "event-id")?.[1]));
      expect(new Set(ids).size).toBe(2 * orders);
      const boxes = new Set(
        desk
          .ordersRecords()
          .map(({ headers }) => String(headers.find(([name]) => name === "outbox")?.[1]).split("/")[0]),
      );
      expect(boxes.size).toBe(2);
    } finally {
      for (const opened of desks) await opened.close();
      await Promise.all([first.close(), second.close()]);
      await environment.remove();
    }
  }, 120_000);
});
