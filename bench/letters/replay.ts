// `bun run bench -- replay`: how fast very many dead letters are replayed through a running order service, and whether its account
// is exact: every letter applied once, every order changed once.
import { createOrderClient } from "../../contract/client.ts";
import { openOrder } from "../../order/open-order.ts";
import { openOrderStore } from "../../order/store/open-order-store.ts";
import { createLogger } from "../../service/logger.ts";
import { openParts } from "../../service/open-parts.ts";
import { readSettings } from "../../service/settings.ts";
import { untilReady } from "../../service/until-ready.ts";
import type { BenchPart, PartContext } from "../bench-part.ts";
import { createDatabase, type StoreKind, storesOf } from "../databases.ts";
import type { MeasuredCase } from "../report/result-file.ts";
import { type RoundOutcome, runRounds } from "../run-rounds.ts";
import { addFailedUpdates, addOrders, orderIdAt } from "./failed-updates.ts";
import { replayKilled } from "./replay-killed.ts";

const mostPerSecond = 50_000;

export const replay: BenchPart = {
  name: "replay",
  full: { letters: [100_000], store: "both", rounds: 1, kill: false },
  quick: { letters: [10_000], store: "both", rounds: 1, kill: false },
  run: benchReplay,
};

async function benchReplay({ options, servers, display }: PartContext): Promise<readonly MeasuredCase[]> {
  const letters = options.letters[0] ?? 0;
  const heats = storesOf(options.store)
    // What is in memory dies with its process, and nobody asks it from another.
    .filter((store) => store !== "sqlite-memory")
    .map((store) => ({
      group: options.kill ? "killed half-way" : "",
      name: store,
      run: () => (options.kill ? replayKilled : replayAll)(letters, store, servers.environment),
    }));
  return runRounds(heats, options.rounds, display);
}

async function replayAll(
  count: number,
  kind: StoreKind,
  environment: Readonly<Record<string, string>> & { readonly DATABASE_URL: string },
): Promise<RoundOutcome> {
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
  return { figures: { letters: count, seconds, lettersPerSecond: count / seconds } };
}
