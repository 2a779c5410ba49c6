// `bun order/worker/simulation/main.ts --seeds 100000 --from 0 [--replays] [--busy]`: many lives, one after the other. Prints
// each seed whose life broke a promise; exit code 1 when there was one. `--from 17 --seeds 1 --trace` tells what happens in life 17.
import { parseArgs } from "node:util";
import { runSeed } from "./run-seed.ts";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10000" },
    from: { type: "string", default: "0" },
    replays: { type: "boolean", default: false },
    busy: { type: "boolean", default: false },
    trace: { type: "boolean" },
  },
});
const from = Number(values.from);
const count = Number(values.seeds);
const trace = values.trace === true ? (line: string) => void process.stdout.write(`${line}\n`) : undefined;
const startedAt = performance.now();
const totals = { records: 0, deadLetters: 0, crashes: 0, slowestMs: 0 };
const replays = { applied: 0, stale: 0, failed: 0 };
let broken = 0;

for (let seed = from; seed < from + count; seed += 1) {
  const life = runSeed(seed, { trace, replays: values.replays, busy: values.busy });
  totals.records += life.records;
  totals.deadLetters += life.deadLetters;
  totals.crashes += life.crashes;
  replays.applied += life.replays.applied;
  replays.stale += life.replays.stale;
  replays.failed += life.replays.failed;
  totals.slowestMs = Math.max(totals.slowestMs, life.settledAfterMs);
  if (life.violation === undefined) continue;
  broken += 1;
  process.stdout.write(`seed ${seed}: ${life.violation}\n`);
}

const seconds = (performance.now() - startedAt) / 1000;
const { records, deadLetters, crashes, slowestMs } = totals;
process.stdout.write(
  `${count} lives, ${broken} broken, ${records} records, ${deadLetters} dead letters, ${crashes} crashes and stops; ` +
    `replays: ${replays.applied} applied, ${replays.stale} stale, ${replays.failed} failed again; ` +
    `slowest to settle ${(slowestMs / 1000).toFixed(0)} s; ${(count / seconds).toFixed(0)} lives/s\n`,
);
process.exitCode = broken > 0 ? 1 : 0;
