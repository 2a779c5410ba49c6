// `bun test/faults/kill-run.ts [--kills 50] [--events 200000] [--instances 1] [--seed 1]`: the fault run of
// random-kills.real.test.ts in any size. Exit code 1 when the account does not add up.
//
// KAFKA_BROKERS, SCHEMA_REGISTRY_URL and DATABASE_URL choose the servers; without them the parts of the tests are started.
import { parseArgs } from "node:util";
import { createProgressDisplay } from "../../kafka/native/progress.ts";
import { openFaultServers } from "./fault-servers.ts";
import { runKills } from "./run-kills.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    events: { type: "string", default: "200000" },
    instances: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
  },
});
const display = createProgressDisplay(process.stderr, "Fault run");
const servers = await openFaultServers();
try {
  const report = await runKills({
    addresses: servers.addresses,
    kills: readCount("kills", values.kills),
    events: readCount("events", values.events),
    instances: readCount("instances", values.instances),
    seed: readCount("seed", values.seed),
    onProgress: (stage, fraction) => display.show({ stage, fraction }),
  });
  display.end();
  const { events, killed, left, mostRepeats, faults, elapsedMs } = report;
  const seconds = (elapsedMs / 1000).toFixed(0);
  process.stdout.write(
    `${events} records, ${killed} kills, ${left} orderly leaves, ${seconds} s; at most ${mostRepeats} records were read again after a kill\n`,
  );
  for (const fault of faults) process.stdout.write(`FAILED: ${fault}\n`);
  if (faults.length === 0) process.stdout.write("Every record has exactly one end.\n");
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  display.end();
  await servers.close();
}

function readCount(name: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error(`--${name} must be a whole number above 0, got "${text}"`);
}
