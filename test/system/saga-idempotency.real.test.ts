// Impatient clients at two instances of order on one PostgreSQL: each sends the same request several times at once, to both,
// and gets one order.
import { describe, expect, test } from "bun:test";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import { openProduct } from "./open-product.ts";
import { realEnvironment } from "./real-environment.ts";
import { anyItems, openSagaDesk } from "./saga-desk.ts";

const environment = realEnvironment();
const keys = 60;
const copies = 4;

describe.skipIf(environment === undefined)(
  "two instances that are asked under the same Idempotency-Keys",
  () => {
    test("place one order a key, publish it once, and answer all who ask alike", async () => {
      if (environment === undefined) return;
      const settings = { ...(await environment.open()), SAGA_PARTICIPANTS: "off" };
      const products = [await openProduct(settings), await openProduct(settings)] as const;
      const desk = await openSagaDesk(products[0]);
      const place = async (at: number, key: string, customerId: string) => {
        const { orderUrl } = products[at % 2] ?? products[0];
        const response = await fetch(`${orderUrl}/api/orders`, {
          method: "POST",
          headers: { "idempotency-key": key, "content-type": "application/json" },
          body: JSON.stringify({ customerId, items: anyItems }),
        });
        const body: unknown = await response.json();
        return { status: response.status, body };
      };
      try {
        const orders: unknown[] = [];
        for (let first = 0; first < keys; first += 20) {
          const names = Array.from({ length: 20 }, (_, index) => `key-${first + index}`);
          const answers = await Promise.all(
            names.map((key) =>
              Promise.all(Array.from({ length: copies }, (_, copy) => place(copy, key, `CUST-${key}`))),
            ),
          );
          for (const [index, same] of answers.entries()) {
            const customerId = `CUST-${names[index]}`;
            expect(same[0]).toMatchObject({ status: 201, body: { customerId, status: "NEW", source: null } });
            expect(new Set(same.map((answer) => JSON.stringify(answer))).size).toBe(1);
            orders.push(same[0]?.body);
          }
        }
        for (const at of [0, 1]) {
          expect(await place(at, "key-0", "CUST-key-0")).toEqual({ status: 201, body: orders[0] });
          expect(await place(at, "key-0", "CUST-OTHER")).toMatchObject({
            status: 422,
            body: { success: false, errors: [expect.stringContaining("Idempotency-Key")] },
          });
        }
        await eventually(async () => expect(desk.ordersRecords().length).toBeGreaterThanOrEqual(keys));
        const published = desk.ordersRecords().map(({ value }) => JSON.parse(String(value)));
        const byId = (list: readonly unknown[]) => list.map((order) => JSON.stringify(order)).toSorted();
        expect(byId(published)).toEqual(byId(orders));
        const { body } = await callHttp("GET", `${products[1].orderUrl}/ops/saga-stats`);
        expect(body).toMatchObject({ orders: { NEW: keys } });
      } finally {
        await desk.close();
        await Promise.all(products.map((product) => product.close()));
        await environment.remove();
      }
    }, 120_000);
  },
);
