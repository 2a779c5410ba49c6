// For the suites of this folder: every test gets an empty place and two instances of the service on it.
import { afterEach, beforeEach } from "bun:test";
import type { StorePlace } from "./order-store-fixtures.ts";
import type { OrderStore } from "./order-store.ts";

export interface StoreInstances {
  readonly store: OrderStore;
  /** The same store again where a place holds one process only. */
  readonly neighbour: OrderStore;
}

/** To be called inside a `describe`; what it answers is open while a test runs. */
export function openInstances(createPlace: () => Promise<StorePlace>): StoreInstances {
  let instances: StoreInstances | undefined;
  let place: StorePlace | undefined;

  beforeEach(async () => {
    place = await createPlace();
    instances = { store: await place.open(), neighbour: await place.open() };
  });
  afterEach(async () => {
    await instances?.store.close();
    await instances?.neighbour.close();
    await place?.remove();
  });

  function opened(): StoreInstances {
    if (instances === undefined) throw new Error("no test is running");
    return instances;
  }
  return {
    get store() {
      return opened().store;
    },
    get neighbour() {
      return opened().neighbour;
    },
  };
}
