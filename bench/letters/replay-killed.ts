// `bun run bench -- replay --kill`: the same replay by an order service of its own process, which is killed with -9 when half of the
// letters have their outcome and started again. Throws when the account is not exact: every letter one outcome, every order one
// effect, none twice.
import { createOrderClient } from "../../contract/client.ts";
import { openOrderStore } from "../../order/store/open-order-store.ts";
import { openParts } from "../../service/open-parts.ts";
import { readSettings } from "../../service/settings.ts";
import { startService } from "../../test/load/service-process.ts";
import { createDatabase, type StoreKind } from "../databases.ts";
import { addFailedUpdates, addOrders, orderIdAt } from "./failed-updates.ts";
import type { RoundOutcome } from "../run-rounds.ts";

const mostPerSecond = 50_000;

/**
 * `settledAtKill`: outcomes that were there when it was killed. `awaySeconds`: from the kill to the next outcome, with the restart.
 * `lettersPerSecond`: from the order to the last outcome, without that.
 */
export async function replayKilled(
  count: number,
  kind: StoreKind,
  servers: Readonly<Record<string, string>> & { readonly DATABASE_URL: string },
): Promise<RoundOutcome> {
  const database = await createDatabase(kind, servers.DATABASE_URL);
  const name = `bench-${crypto.randomUUID().slice(0, 8)}`;
  const environment = {
    ...servers,
    DATABASE_URL: database.url,
    KAFKA_ORDER_TOPIC: name,
    KAFKA_STATUS_UPDATE_TOPIC: `${name}-status-updates`,
    KAFKA_DLQ_TOPIC: `${name}-dlq`,
    KAFKA_GROUP_ID: name,
    LOG_FORMAT: "json",
  };
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  const parts = openParts(read.value);
  const store = await openOrderStore(database.url);
  const topic = read.value.KAFKA_STATUS_UPDATE_TOPIC;
  await addFailedUpdates({ store, registry: parts.registry, topic, count });
  await addOrders(store, count);

  const first = await startService("order", environment);
  const startMs = performance.now();
  const { id } = await createOrderClient(first.url).replays.start.mutate({
    scope: { filter: {} },
    name: "bench",
    reason: "bench",
    ratePerSecond: mostPerSecond,
  });
  const settled = async () => {
    const job = await store.replays.get(id);
    if (job === undefined) throw new Error("the job is not there");
    return { job, done: Object.values(job.counts).reduce((sum, outcome) => sum + outcome, 0) };
  };
  const until = async (isReached: (now: Awaited<ReturnType<typeof settled>>) => boolean) => {
    for (;;) {
      const now = await settled();
      if (isReached(now)) return now;
      await Bun.sleep(10);
    }
  };
  await until(({ done }) => done >= count / 2);
  await first.kill();
  const killedMs = performance.now();
  const { done: settledAtKill } = await settled();
  if (settledAtKill === count) throw new Error("the kill came too late: take more letters");
  const second = await startService("order", environment, { port: first.port });
  await until(({ done }) => done > settledAtKill);
  const awaySeconds = (performance.now() - killedMs) / 1000;
  const { job } = await until((now) => now.job.endedAtMs !== null);
  const seconds = (performance.now() - startMs) / 1000 - awaySeconds;

  const changed = await store.load(Array.from({ length: count }, (_, index) => orderIdAt(index)));
  const once = [...changed.values()].filter(({ version, status }) => version === 2 && status === "shipped");
  const { resolved } = await store.letterFates.countByState();
  if (job.total !== count || job.counts.applied !== count || once.length !== count || resolved !== count) {
    throw new Error(
      `the account is not exact: ${JSON.stringify({ total: job.total, ...job.counts, once: once.length, resolved })}`,
    );
  }
  await second.stop();
  parts.close();
  await store.close();
  await database.drop();
  return { figures: { letters: count, settledAtKill, awaySeconds, lettersPerSecond: count / seconds } };
}
