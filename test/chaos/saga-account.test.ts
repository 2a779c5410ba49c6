import { describe, expect, test } from "bun:test";
import { checkSagaAccount, type SagaAccount } from "./saga-account.ts";

const items = [{ productId: "P-1", quantity: 2, price: 10 }];
const order = (orderId: number, status: string, source: string | null = null) => ({
  orderId,
  customerId: "CUST-1",
  status,
  source,
  items,
});

const sound: SagaAccount = {
  orders: [order(1, "NEW"), order(2, "NEW"), order(1, "CONFIRMED"), order(2, "ROLLBACK", "PAYMENT")],
  payment: [
    { orderId: 1, status: "ACCEPT" },
    { orderId: 2, status: "REJECT" },
    { orderId: 2, status: "REJECT" },
  ],
  stock: [
    { orderId: 1, status: "ACCEPT" },
    { orderId: 2, status: "ACCEPT" },
  ],
  stored: [
    { orderId: 1, status: "CONFIRMED" },
    { orderId: 2, status: "ROLLBACK" },
  ],
  answered: [1, 2],
  letters: ["payment-orders/0/7"],
  money: new Map([["CUST-1", { available: 8000, reserved: 0, booked: 2000 }]]),
  pieces: new Map([["P-1", { available: 9998, reserved: 0, booked: 2 }]]),
  openedWith: () => 10_000,
};

describe("the account of sagas", () => {
  test("has nothing to say about a sound one", () => {
    expect(checkSagaAccount(sound)).toEqual([]);
  });

  const damages: Record<string, Partial<SagaAccount>> = {
    "a result twice": { orders: [...sound.orders, order(1, "CONFIRMED")] },
    "no result": { orders: sound.orders.slice(0, 3) },
    "a result before its NEW": { orders: [order(1, "CONFIRMED"), order(1, "NEW"), ...sound.orders.slice(3)] },
    "another result than the decisions'": { orders: [...sound.orders.slice(0, 3), order(2, "REJECTED")] },
    "a store that disagrees": { stored: [{ orderId: 1, status: "NEW" }, ...sound.stored.slice(1)] },
    "a row that is missing": { stored: sound.stored.slice(1) },
    "an answer without an order": { answered: [1, 2, 3] },
    "a dead letter twice": { letters: [...sound.letters, ...sound.letters] },
    "money that is still reserved": {
      money: new Map([["CUST-1", { available: 6000, reserved: 2000, booked: 2000 }]]),
    },
    "money that is booked twice": {
      money: new Map([["CUST-1", { available: 6000, reserved: 0, booked: 4000 }]]),
    },
    "pieces out of nothing": { pieces: new Map([["P-1", { available: 9999, reserved: 0, booked: 2 }]]) },
  };
  for (const [name, damage] of Object.entries(damages)) {
    test(`sees ${name}`, () => {
      expect(checkSagaAccount({ ...sound, ...damage })).not.toEqual([]);
    });
  }
});
