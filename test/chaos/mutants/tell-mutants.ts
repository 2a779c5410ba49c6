// What a tier asks of the mutants. In CI every one lives in its simulator, and a few take their turn in real runs; at night and for a
// release all of them do. One that survives fails the run, and so does whatever is off without any.
import { join } from "node:path";
import { createProgressDisplay } from "../../../kafka/native/progress.ts";
import type { MutantsCaught } from "../check-directory.ts";
import { mutants } from "./catalogue.ts";
import { failuresOf, mutantsText } from "./report-mutants.ts";
import { type MutantsOptions, runMutants } from "./run-mutants.ts";

export interface MutantsCommand {
  readonly tier: string;
  readonly seed: number;
  readonly only: readonly string[] | undefined;
  /** Neither: what the tier asks for. */
  readonly sim: boolean;
  readonly real: boolean;
}

/** Answers the exit code. */
export async function tellMutants({ tier, seed, only, sim, real }: MutantsCommand): Promise<number> {
  for (const name of only ?? []) {
    if (!mutants.some((mutant) => mutant.name === name))
      throw new Error(
        `--only must be one of ${mutants.map((mutant) => mutant.name).join(", ")}, got "${name}"`,
      );
  }
  const display = createProgressDisplay(process.stderr, "Mutants");
  const isAll = only !== undefined || real;
  const report = await runMutants({
    seed,
    only,
    simulated: sim || !real,
    real: sim && !real ? "none" : realOf(isAll ? "release" : tier),
    onProgress: (stage, fraction) => display.show({ stage, fraction }),
  });
  display.end();
  process.stdout.write(mutantsText(report));
  return failuresOf(report).length === 0 ? 0 : 1;
}

export interface TierMutants extends Pick<MutantsOptions, "seed" | "onProgress"> {
  readonly tier: string;
}

/** All of the tier's, into the directory of its run: in figures for the report, and as a table for people. */
export async function saveMutants(directory: string, { tier, ...options }: TierMutants): Promise<void> {
  const report = await runMutants({ ...options, simulated: true, real: realOf(tier) });
  const { caught, all, missed } = report;
  const told: MutantsCaught = { caught, all, missed, findings: failuresOf(report) };
  await Bun.write(join(directory, "mutants.json"), `${JSON.stringify(told, null, 2)}\n`);
  await Bun.write(join(directory, "mutants.txt"), mutantsText(report));
}

function realOf(tier: string): MutantsOptions["real"] {
  return tier === "ci" ? "turns" : "all";
}
