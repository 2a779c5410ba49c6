// What an order store promises beyond one process's life: for places that several stores can be open on.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  batchOf,
  changing,
  conflictsOf,
  createOrder,
  createdOrder,
  stateOf,
  type StorePlace,
  updatedOrder,
} from "./order-store-fixtures.ts";
import { claimOne, parkedRecord, progressOf } from "./parked-record-fixtures.ts";

export function describeDurableOrderStore(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`the durable order store in ${name}`, () => {
    let place: StorePlace;
    beforeEach(async () => {
      place = await createPlace();
    });
    afterEach(() => place.remove());

    test("a store that is opened again has every order and the count", async () => {
      const store = await place.open();
      const orders = Array.from({ length: 300 }, (_, index) => createOrder(`order-${index}`));
      await store.save(changing(orders));
      await store.save(changing([updatedOrder("order-7", 1, "shipped")]));
      await store.close();
      const again = await place.open();
      expect(await again.load(orders.map(({ order }) => order.orderId))).toEqual(
        new Map([
          ...orders.map(({ order }) => [order.orderId, stateOf(order)] as const),
          ["order-7", stateOf(updatedOrder("order-7", 1, "shipped").order)],
        ]),
      );
      expect(await again.count()).toBe(300);
      await again.close();
    });

    test("claims, progress and parked records outlive the store, with attempts and due time", async () => {
      const store = await place.open();
      const claim = await claimOne(store);
      const record = parkedRecord(3);
      await store.save(batchOf({ progress: [progressOf(claim, 4)], park: [record] }));
      await store.orderDeath(record);
      await store.close();
      const again = await place.open();
      expect(await claimOne(again)).toMatchObject({
        epoch: 2,
        nextOffset: 4,
        parked: [{ offset: 3, dueAtMs: 1000 }],
      });
      expect(await again.loadParked([record])).toEqual([record]);
      expect(await again.listDue([record.source], 0, 9)).toMatchObject([{ offset: 3, order: "dead-letter" }]);
      expect(await again.countParked()).toEqual({ waiting: 1, behind: 0, dead: 0 });
      await again.close();
    });

    test("stores that open an empty place at the same time all work, and the tables are made once", async () => {
      const stores = await Promise.all(Array.from({ length: 4 }, () => place.open()));
      await Promise.all(stores.map((store, index) => store.save(changing([createOrder(`order-${index}`)]))));
      for (const store of stores) expect(await store.count()).toBe(4);
      for (const store of stores) await store.close();
    });

    test("what one store has saved, another one has at once", async () => {
      const store = await place.open();
      const neighbour = await place.open();
      await store.save(changing([createOrder("a")]));
      expect(await neighbour.readDetails("a")).toEqual(createdOrder("a"));
      expect(await neighbour.count()).toBe(1);
      expect(conflictsOf(await neighbour.save(changing([createOrder("a")])))).toEqual(["a"]);
      await store.close();
      await neighbour.close();
    });
  });
}
