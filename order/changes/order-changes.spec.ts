// What every log of changes promises, whatever keeps its rows.
import { describe, expect, test } from "bun:test";
import { changing, createOrder, type StorePlace, updatedOrder } from "../store/order-store-fixtures.ts";
import { openInstances } from "../store/store-instances.ts";
import type { OrderChange } from "../store/order-store.ts";
import { firstPlace } from "./order-changes.ts";

export function describeOrderChanges(name: string, createPlace: () => Promise<StorePlace>): void {
  describe(`the changes of orders in ${name}`, () => {
    const instances = openInstances(createPlace);
    const save = (...changes: readonly OrderChange[]) =>
      instances.store.save({ ...changing(changes), announce: true });

    test("a batch is told with its orders, once, in order, also to other instances; who does not ask writes nothing", async () => {
      const { store, neighbour } = instances;
      await save(createOrder("ORD-1"), createOrder("ORD-2"));
      await save(updatedOrder("ORD-2", 1, "shipped"));
      await store.save(changing([createOrder("ORD-3")]));
      const told = await neighbour.changes.after(firstPlace, 10);
      expect(told.map(({ orderIds }) => orderIds.toSorted())).toEqual([["ORD-1", "ORD-2"], ["ORD-2"]]);
      const [first, second] = told.map(({ place }) => place);
      expect(await neighbour.changes.after(first ?? "", 10)).toEqual(told.slice(1));
      expect(await neighbour.changes.after(second ?? "", 10)).toEqual([]);
      expect([await store.changes.oldest(), await store.changes.end()]).toEqual([first, second]);
    });

    test("a batch that was refused is not told", async () => {
      await save(createOrder("ORD-1"));
      expect(await save(createOrder("ORD-1"))).toMatchObject({ kind: "conflicts" });
      expect(await instances.store.changes.after(firstPlace, 10)).toHaveLength(1);
    });

    test("states are whole, and as they are now", async () => {
      const { store } = instances;
      await save(createOrder("ORD-1"));
      await save(updatedOrder("ORD-1", 1, "shipped"));
      const [state] = await store.changes.states(["ORD-1", "ORD-404"]);
      expect(state).toEqual(await store.readDetails("ORD-1"));
      expect(state).toMatchObject({ status: "shipped", version: 2 });
    });

    test("one instance publishes at a time, until its time is over, and the next one goes on where it was", async () => {
      const { store, neighbour } = instances;
      await save(createOrder("ORD-1"));
      const place = await store.changes.end();
      expect(await store.changes.hold("a", 1000, 2000)).toEqual({ published: firstPlace, filledTo: "" });
      expect(await neighbour.changes.hold("b", 1999, 2999)).toBeUndefined();
      await store.changes.advance("a", { published: place, filledTo: "ORD-1" });
      expect(await neighbour.changes.hold("b", 2000, 3000)).toEqual({ published: place, filledTo: "ORD-1" });
      await store.changes.advance("a", { published: firstPlace, filledTo: "" });
      expect(await neighbour.changes.hold("b", 2001, 3001)).toEqual({ published: place, filledTo: "ORD-1" });
    });

    test("what is not published yet is never forgotten, and of the rest the newest are kept", async () => {
      const { changes } = instances.store;
      for (const id of ["ORD-1", "ORD-2", "ORD-3", "ORD-4"]) await save(createOrder(id));
      await changes.trim(1);
      const told = await changes.after(firstPlace, 10);
      expect(told).toHaveLength(4);
      await changes.hold("a", 1000, 2000);
      await changes.advance("a", { published: told[1]?.place ?? "", filledTo: null });
      await changes.trim(1);
      expect(await changes.after(firstPlace, 10)).toEqual(told.slice(2));
      await changes.reset();
      expect(await changes.after(firstPlace, 10)).toEqual([]);
      expect(await changes.hold("b", 1, 2)).toEqual({ published: firstPlace, filledTo: "" });
    });
  });
}
