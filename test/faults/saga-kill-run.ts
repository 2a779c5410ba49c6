// `bun test/faults/saga-kill-run.ts [--orders 50000] [--kills 30] [--seed 1]`: the run of saga-kills.real.test.ts in any size,
// a third of the kills at named points. Exit code 1 when the account does not add up.
//
// KAFKA_BROKERS, SCHEMA_REGISTRY_URL and DATABASE_URL choose the servers; without them the parts of the tests are started.
import { parseArgs } from "node:util";
import { createProgressDisplay } from "../../kafka/native/progress.ts";
import { openFaultServers } from "./fault-servers.ts";
import { runSagaKills } from "./run-saga-kills.ts";
import { sagaCrashPoints } from "./saga-crash-points.ts";

const { values } = parseArgs({
  options: {
    orders: { type: "string", default: "50000" },
    kills: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
  },
});
const display = createProgressDisplay(process.stderr, "Saga fault run");
const servers = await openFaultServers();
try {
  const kills = Number(values.kills);
  const named = Math.floor(kills / 3);
  const report = await runSagaKills({
    addresses: servers.addresses,
    orders: Number(values.orders),
    kills: kills - named,
    crashPoints: Array.from(
      { length: named },
      (_, index) => sagaCrashPoints[index % sagaCrashPoints.length],
    ).filter((point) => point !== undefined),
    seed: Number(values.seed),
    onProgress: (stage, fraction) => display.show({ stage, fraction }),
  });
  display.end();
  const { faults, elapsedMs, ...counts } = report;
  process.stdout.write(`${JSON.stringify(counts)} in ${(elapsedMs / 1000).toFixed(0)} s\n`);
  for (const fault of faults) process.stdout.write(`FAILED: ${fault}\n`);
  if (faults.length === 0)
    process.stdout.write("Every order has one result; the store, money and stock agree.\n");
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  display.end();
  await servers.close();
}
