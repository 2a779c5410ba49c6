import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openOrderStore } from "../../store/open-order-store.ts";
import type { StorePlace } from "../../store/order-store-fixtures.ts";
import { describeOutboxes } from "./outboxes.spec.ts";
import { describeRequests } from "./requests.spec.ts";
import { describeSagaStore } from "./saga-store.spec.ts";

async function createMemoryPlace(): Promise<StorePlace> {
  const store = await openOrderStore(undefined);
  return { open: async () => store, remove: async () => undefined };
}

async function createFilePlace(): Promise<StorePlace> {
  const folder = await mkdtemp(join(tmpdir(), "saga-store-"));
  return {
    open: () => openOrderStore(`sqlite://${join(folder, "orders.sqlite")}`),
    remove: () => rm(folder, { recursive: true }),
  };
}

describeSagaStore("memory", createMemoryPlace);
describeOutboxes("memory", createMemoryPlace);
describeRequests("memory", createMemoryPlace);
describeSagaStore("a SQLite file", createFilePlace);
describeOutboxes("a SQLite file", createFilePlace);
describeRequests("a SQLite file", createFilePlace);
