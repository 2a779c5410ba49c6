// `bun run bench -- replay`: how fast very many dead letters are replayed through a running order service, and whether its account
// is exact: every letter applied once, every order changed once.
import { createOrderClient } from "../contract/client.ts";
import { openOrder } from "../order/open-order.ts";
import { openOrderStore } from "../order/store/open-order-store.ts";
import { createLogger } from "../service/logger.ts";
import { openParts } from "../service/open-parts.ts";
import { readSettings } from "../service/settings.ts";
import { untilReady } from "../service/until-ready.ts";
import { createDatabase, type StoreKind } from "./databases.ts";
import { addFailedUpdates, addOrders, orderIdAt } from "./failed-updates.ts";
import { openServers } from "./servers.ts";

export interface ReplayTime {
  readonly store: StoreKind;
  readonly letters: number;
  /** From the order to the last outcome. */
  readonly seconds: number;
  readonly perSecond: number;
}

const mostPerSecond = 50_000;

/** Throws when the account is not exact. */
export async function benchReplay(
  count: number,
  stores: readonly StoreKind[],
): Promise<readonly ReplayTime[]> {
  const servers = await openServers();
  try {
    const measured: ReplayTime[] = [];
    for (const store of stores) measured.push(await replayAll(count, store, servers.environment));
    return measured;
  } finally {
    await servers.close();
  }
}

async function replayAll(
  count: number,
  kind: StoreKind,
  environment: Readonly<Record<string, string>> & { readonly DATABASE_URL: string },
): Promise<ReplayTime> {
  const database = await createDatabase(kind, environment.DATABASE_URL);
  const name = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const read = readSettings({
    ...environment,
    DATABASE_URL: database.url,
    ORDER_PORT: "0",
    KAFKA_ORDER_TOPIC: name,
    KAFKA_STATUS_UPDATE_TOPIC: `${name}-status-updates`,
    KAFKA_DLQ_TOPIC: `${name}-dlq`,
    KAFKA_GROUP_ID: name,
  });
  if (!read.ok) throw new Error(read.faults.join(" "));
  const settings = read.value;
  const parts = openParts(settings);
  const order = await openOrder(settings, parts, createLogger({ level: "warn", format: "json" }));
  if (!(await untilReady([order], 30_000))) throw new Error("order was not ready within 30 s");
  const store = await openOrderStore(database.url);
  const topic = settings.KAFKA_STATUS_UPDATE_TOPIC;
  await addFailedUpdates({ store, registry: parts.registry, topic, count });
  await addOrders(store, count);

  const client = createOrderClient(order.url);
  const startMs = performance.now();
  const { id, total } = await client.replays.start.mutate({
    scope: { filter: {} },
    name: "bench",
    reason: "bench",
    ratePerSecond: mostPerSecond,
  });
  let job = await client.replays.get.query({ id });
  while (job.left > 0) {
    await Bun.sleep(20);
    job = await client.replays.get.query({ id });
  }
  const seconds = (performance.now() - startMs) / 1000;
  const changed = await store.load(Array.from({ length: count }, (_, index) => orderIdAt(index)));
  const once = [...changed.values()].filter(({ version, status }) => version === 2 && status === "shipped");
  if (total !== count || job.counts.applied !== count || once.length !== count) {
    throw new Error(
      `the account is not exact: ${JSON.stringify({ total, ...job.counts, once: once.length })}`,
    );
  }
  await order.close();
  parts.close();
  await store.close();
  await database.drop();
  return { store: kind, letters: count, seconds, perSecond: Math.round(count / seconds) };
}
