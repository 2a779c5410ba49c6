// What the newcomer sees: `bun run start`, one POST, and the order is decided. The stand-ins for payment and stock run by
// themselves on the embedded parts.
import { expect, test } from "bun:test";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import { openEmbeddedProduct } from "./open-product.ts";

const orders: readonly [
  customerId: string,
  productId: string,
  price: number,
  status: string,
  source: string | null,
][] = [
  ["CUST-1", "P-1", 10, "CONFIRMED", null],
  ["CUST-BROKE", "P-1", 10, "ROLLBACK", "PAYMENT"],
  ["CUST-1", "P-10", 25, "ROLLBACK", "INVENTORY"],
  ["CUST-BROKE", "P-10", 25, "REJECTED", "INVENTORY"],
];

test("an order decides itself, with every outcome to be tried", async () => {
  const product = await openEmbeddedProduct();
  const { orderUrl } = product;
  try {
    for (const [customerId, productId, price, status, source] of orders) {
      const { body } = await callHttp<{ orderId: number }>("POST", `${orderUrl}/api/orders`, {
        customerId,
        items: [{ productId, quantity: 1, price }],
      });
      await eventually(async () => {
        const order = await callHttp("GET", `${orderUrl}/api/orders/${body.orderId}`);
        expect(order.body).toMatchObject({ orderId: body.orderId, customerId, status, source });
      });
    }
  } finally {
    await product.close();
  }
}, 60_000);
