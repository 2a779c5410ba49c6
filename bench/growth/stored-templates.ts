// Databases with very many orders or dead letters, written by the product's own store, each copied for every run of a case.
// Larger ones are filled on from smaller ones.
import { SQL } from "bun";
import { decide } from "../../order/domain/order.ts";
import { openOrderStore } from "../../order/store/open-order-store.ts";
import type { OrderStore } from "../../order/store/order-store.ts";
import { createMockRegistry } from "../../schemas/mock-registry.ts";
import { type BenchDatabase, copyDatabase, createDatabase, type StoreKind } from "../databases.ts";
import { domainEventAt } from "../domain-events.ts";
import { addFailedUpdates } from "../letters/failed-updates.ts";
import { createAt, type IdOrder } from "../order-events.ts";
import { type Stored, storedName } from "./growth-names.ts";

export interface StoredTemplates {
  /** A copy of the one that has exactly this. */
  copyOf(stored: Stored): Promise<BenchDatabase>;
  drop(): Promise<void>;
}

interface Filled {
  readonly stored: Stored;
  readonly database: BenchDatabase;
}

const batchSize = 10_000;
const partitions = 3;

/** `wanted`: with orders or with letters, not both; of one order of ids sorted, the empty one first. */
export async function fillTemplates(
  kind: StoreKind,
  serverUrl: string,
  wanted: readonly Stored[],
  onProgress: (stage: string) => void,
): Promise<StoredTemplates> {
  const templates = new Map<string, BenchDatabase>();
  const drop = async () => {
    for (const template of templates.values()) await template.drop();
  };
  try {
    const withOrders = new Map<IdOrder, Filled>();
    let withLetters: Filled | undefined;
    for (const stored of wanted) {
      const before: Filled | undefined = stored.letters > 0 ? withLetters : withOrders.get(stored.idOrder);
      onProgress(`${kind}: filled with ${storedName(stored)}`);
      const database =
        before === undefined
          ? await createDatabase(kind, serverUrl)
          : await copyDatabase(kind, serverUrl, before.database);
      templates.set(storedName(stored), database);
      await fill(database, before?.stored ?? { ...stored, orders: 0, letters: 0 }, stored);
      if (stored.letters > 0) withLetters = { stored, database };
      else withOrders.set(stored.idOrder, { stored, database });
    }
  } catch (error) {
    await drop();
    throw error;
  }
  return {
    async copyOf(stored) {
      const template = templates.get(storedName(stored));
      if (template === undefined) throw new Error(`no template has ${storedName(stored)}`);
      return copyDatabase(kind, serverUrl, template);
    },
    drop,
  };
}

async function fill({ url }: BenchDatabase, before: Stored, after: Stored): Promise<void> {
  const store = await openOrderStore(url);
  await addOrders(store, before.orders, after.orders, after.idOrder);
  await addFailedUpdates({
    store,
    registry: createMockRegistry(),
    topic: "order-status-updates",
    from: before.letters,
    count: after.letters - before.letters,
  });
  await store.close();
  if (!url.startsWith("postgres")) return;
  // As autovacuum and the next checkpoint would have left it.
  const sql = new SQL(url, { max: 1 });
  await sql.unsafe("vacuum analyze");
  await sql.unsafe("checkpoint");
  await sql.close();
}

/** The orders of a benchmark's first creates, as order stores them when it reads those from an older topic. */
async function addOrders(store: OrderStore, from: number, until: number, idOrder: IdOrder): Promise<void> {
  for (let first = from; first < until; first += batchSize) {
    const changes = Array.from({ length: Math.min(batchSize, until - first) }, (_, place) => {
      const order = first + place;
      const partition = order % partitions;
      const decision = decide(undefined, domainEventAt(createAt(order), idOrder), {
        source: `order-events/${partition}@stored`,
        topic: "order-events",
        partition,
        offset: Math.floor(order / partitions),
        eventId: crypto.randomUUID(),
      });
      if (decision.kind !== "apply") throw new Error(`order ${order} is not created: ${decision.kind}`);
      return { order: decision.order, expectedVersion: 0 };
    });
    const saved = await store.save({ progress: [], changes, park: [], repark: [], unpark: [] });
    if (saved.kind !== "saved") throw new Error(`orders were not saved: ${saved.kind}`);
  }
}
