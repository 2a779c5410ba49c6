// `bun run chaos`: orders under load while processes are killed and servers fail, and an account of every record at the end.
//
//   bun run chaos -- --tier ci|nightly|release [--seed N] [--orders N] [--sagas N] [--kills N] [--only <fault>] [--save]
//   bun run chaos -- check <directory> [--save]   checks the files of a run once more
//   bun run chaos -- readme                  what the READMEs say, from the kept release run
//   bun run chaos -- mutants [--only <mutant>] [--sim] [--real]     tests the checkers: mutants/README.md
//
// Exit code 1 when anything is off. The directory with the files of the run is kept then, and with --keep.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createProgressDisplay } from "../../kafka/native/progress.ts";
import { catalogue, faultsOf, skippedFaults } from "./catalogue.ts";
import { checkDirectory, type ChaosReport } from "./check-directory.ts";
import { writeKeptReports } from "./kept-reports.ts";
import { saveMutants, tellMutants } from "./mutants/tell-mutants.ts";
import { reportText } from "./report-text.ts";
import { runChaos } from "./run-chaos.ts";
import { saveReport } from "./save-report.ts";
import { type TierName, tierNames, tiers } from "./tiers.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tier: { type: "string", default: "ci" },
    seed: { type: "string" },
    orders: { type: "string" },
    sagas: { type: "string" },
    kills: { type: "string" },
    instances: { type: "string" },
    rate: { type: "string" },
    only: { type: "string", multiple: true },
    directory: { type: "string" },
    save: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    sim: { type: "boolean", default: false },
    real: { type: "boolean", default: false },
  },
});

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
// The native client's threads would keep the process for a while.
process.exit();

async function main(): Promise<number> {
  const [command, directory] = positionals.filter((word) => word !== "--");
  if (command === "check" && directory !== undefined) return await tell(await checkDirectory(directory));
  if (command === "readme") return await tellReadmes();
  if (command === "mutants") return await tellMutants({ ...values, only: values.only, seed: readSeed() });
  if (command !== undefined)
    throw new Error(
      `"${command}" is no command: bun run chaos -- check <directory>, bun run chaos -- readme, bun run chaos -- mutants, or --tier`,
    );
  return await run();
}

async function run(): Promise<number> {
  const name = readTier(values.tier);
  const tier = tiers[name];
  const seed = readSeed();
  const orders = readCount("orders", values.orders, tier.orders);
  const directory = values.directory ?? mkdtempSync(join(tmpdir(), "orderwire-chaos-"));
  const display = createProgressDisplay(process.stderr, "Chaos");
  const only = values.only?.map(readFault);
  for (const sentence of skippedFaults) process.stdout.write(`SKIPPED ${sentence}\n`);
  await runChaos({
    tier: name,
    seed,
    orders,
    sagas: readCount("sagas", values.sagas, Math.round((tier.sagas * orders) / tier.orders)),
    kills: readCount("kills", values.kills, tier.kills),
    instances: readCount("instances", values.instances, tier.instances),
    ordersPerSecond: readCount("rate", values.rate, tier.ordersPerSecond),
    faults: only ?? faultsOf(tier, seed),
    directory,
    onProgress: (stage, fraction) => display.show({ stage, fraction }),
  });
  // Who looks at one fault does not ask about the checker.
  if (only === undefined)
    await saveMutants(directory, {
      tier: name,
      seed,
      onProgress: (stage, fraction) => display.show({ stage, fraction }),
    });
  display.end();
  const report = await checkDirectory(directory);
  const code = await tell(report);
  if (code === 0 && !values.keep && values.directory === undefined) rmSync(directory, { recursive: true });
  else {
    process.stdout.write(
      `Its files are in ${directory}: \`bun run chaos -- check ${directory}\` checks them again, \`bun run chaos -- ${repeat(name, seed)}\` repeats the run.\n`,
    );
  }
  return code;
}

function repeat(tier: TierName, seed: number): string {
  const { orders, sagas, kills, instances, rate, only = [] } = values;
  const given = Object.entries({ orders, sagas, kills, instances, rate }).flatMap(([option, value]) =>
    value === undefined ? [] : [`--${option} ${value}`],
  );
  return [`--tier ${tier} --seed ${seed}`, ...given, ...only.map((fault) => `--only ${fault}`)].join(" ");
}

async function tellReadmes(): Promise<number> {
  for (const file of await writeKeptReports()) process.stdout.write(`Wrote ${file}\n`);
  return 0;
}

async function tell(report: ChaosReport): Promise<number> {
  process.stdout.write(reportText(report));
  if (values.save) process.stdout.write(`Saved as ${await saveReport(report)}\n`);
  return report.findings.length === 0 ? 0 : 1;
}

/** Another one each day. */
function readSeed(): number {
  return readCount("seed", values.seed, Math.floor(Date.now() / 86_400_000));
}

function readTier(text: string): TierName {
  const tier = tierNames.find((name) => name === text);
  if (tier === undefined) throw new Error(`--tier must be one of ${tierNames.join(", ")}, got "${text}"`);
  return tier;
}

function readFault(text: string) {
  const fault = catalogue.find(({ name }) => name === text);
  if (fault === undefined)
    throw new Error(`--only must be one of ${catalogue.map(({ name }) => name).join(", ")}, got "${text}"`);
  return fault;
}

function readCount(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new Error(`--${name} must be a whole number, got "${text}"`);
}
