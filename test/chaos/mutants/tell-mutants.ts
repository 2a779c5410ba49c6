// `bun run chaos -- mutants [--tier ci|nightly|release] [--only name …] [--sim] [--real] [--seed N]`: the tests of the checkers. In CI
// every mutant lives in its simulator, and a few take their turn in real runs; at night and for a release all of them do. Exit code 1
// when one survives, or when something is off without any.
import { createProgressDisplay } from "../../../kafka/native/progress.ts";
import { mutants } from "./catalogue.ts";
import { mutantsText } from "./report-mutants.ts";
import { runMutants } from "./run-mutants.ts";

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
  const some = tier === "ci" && only === undefined && !real ? "turns" : "all";
  const report = await runMutants({
    seed,
    only,
    simulated: sim || !real,
    real: sim && !real ? "none" : some,
    onProgress: (stage, fraction) => display.show({ stage, fraction }),
  });
  display.end();
  process.stdout.write(mutantsText(report));
  return report.missed.length + report.unsound.length === 0 ? 0 : 1;
}
