// Promises for each mutant whether it was caught: by its simulator, and by its real run. The same lives and the same runs without a
// mutant have to go well, or a sentence about a mutant would say nothing.
import { type RealParts, startParts } from "../../parts/parts.ts";
import { mutants as catalogue } from "./catalogue.ts";
import { createRandom, seedFor } from "../random.ts";
import type { Mutant, World } from "./mutant.ts";
import type { Provocation } from "./provocation.ts";
import { type Provoked, runProvocation } from "./run-provocation.ts";
import { runSimulator } from "./run-simulator.ts";

export interface MutantsOptions {
  readonly seed: number;
  /** Default: all. */
  readonly only?: readonly string[] | undefined;
  readonly simulated: boolean;
  /** `turns`: a few, others with another seed. */
  readonly real: "none" | "turns" | "all";
  /** Servers of another run; default: own ones. */
  readonly parts?: RealParts | undefined;
  readonly onProgress?: (text: string, fraction: number) => void;
}

/** What one detector said. */
export interface Detection {
  readonly caught: boolean;
  /** "after 23 lives", "in 14 s". */
  readonly after: string;
  /** Of the checker. */
  readonly sentence: string;
}

export interface MutantVerdict {
  readonly mutant: Mutant<Provocation>;
  readonly simulator?: Detection;
  readonly real?: Detection;
}

export interface MutantsReport {
  readonly verdicts: readonly MutantVerdict[];
  readonly caught: number;
  readonly all: number;
  /** Names of those that somebody who had to catch them did not. */
  readonly missed: readonly string[];
  /** What was found without a mutant; then nothing is shown by this run. */
  readonly unsound: readonly string[];
}

const lives = 1500;
/** Without a mutant none is broken, however many: as many as most mutants need. */
const soundLives = 150;
const realTurns = 3;
const atOnce = 2;

export async function runMutants(options: MutantsOptions): Promise<MutantsReport> {
  const { seed, only, onProgress = () => undefined } = options;
  const chosen = catalogue.filter(({ name }) => only === undefined || only.includes(name));
  const living = options.simulated ? chosen.filter(({ world }) => world !== undefined) : [];
  const running = realOnes(chosen, options);
  const simulator = new Map<string, Detection>();
  const real = new Map<string, Detection>();
  const unsound: string[] = [];
  const from = (seed % 100_000) * lives;
  let done = 0;

  const jobs: (() => Promise<string>)[] = [
    ...worldsOf(living).map((world) => async () => {
      const { violation } = await runSimulator({ mutant: undefined, world, seeds: soundLives, from });
      if (violation !== undefined) unsound.push(`simulator (${world}) without a mutant: ${violation}`);
      return `${world}, without a mutant`;
    }),
    ...living.map((mutant) => async () => {
      simulator.set(mutant.name, await simulate(mutant, from));
      return mutant.name;
    }),
  ];
  const provocations = [...new Set(running.flatMap(({ provokedBy }) => provokedBy ?? []))];
  const realJobs = (parts: RealParts): (() => Promise<string>)[] => [
    ...provocations.map((name) => async () => {
      const { faults } = await tried(() => runProvocation({ parts, name, mutant: undefined, seed }));
      unsound.push(...faults.map((fault) => `real run (${name}) without a mutant: ${fault}`));
      return `${name}, without a mutant`;
    }),
    ...running.map((mutant) => async () => {
      real.set(mutant.name, await provoke(mutant, parts, seed));
      return mutant.name;
    }),
  ];
  const all = jobs.length + provocations.length + running.length;
  const tell = (what: string) => onProgress(what, (done += 1) / all);

  await runAll(jobs, tell);
  if (running.length > 0) {
    const parts = options.parts ?? (await startParts());
    try {
      await runAll(realJobs(parts), tell);
    } finally {
      if (options.parts === undefined) await parts.close();
    }
  }
  const verdicts = chosen.flatMap((mutant): readonly MutantVerdict[] => {
    const [lived, ran] = [simulator.get(mutant.name), real.get(mutant.name)];
    if (lived === undefined && ran === undefined) return [];
    return [
      {
        mutant,
        ...(lived === undefined ? {} : { simulator: lived }),
        ...(ran === undefined ? {} : { real: ran }),
      },
    ];
  });
  const missed = verdicts
    .filter((verdict) => verdict.simulator?.caught === false || verdict.real?.caught === false)
    .map(({ mutant }) => mutant.name);
  return { verdicts, caught: verdicts.length - missed.length, all: verdicts.length, missed, unsound };
}

function realOnes(
  chosen: readonly Mutant<Provocation>[],
  { real, seed }: Pick<MutantsOptions, "real" | "seed">,
): readonly Mutant<Provocation>[] {
  const provoked = chosen.filter(({ provokedBy }) => provokedBy !== undefined);
  if (real === "none") return [];
  if (real === "all") return provoked;
  return createRandom(seedFor(seed, "mutants")).shuffled(provoked).slice(0, realTurns);
}

function worldsOf(living: readonly Mutant[]): readonly World[] {
  return [...new Set(living.flatMap(({ world }) => world ?? []))];
}

async function simulate({ name, world = "worker" }: Mutant, from: number): Promise<Detection> {
  const lived = await runSimulator({ mutant: name, world, seeds: lives, from });
  const count = lived.lives === 1 ? "1 life" : `${lived.lives} lives`;
  return { caught: lived.violation !== undefined, after: count, sentence: lived.violation ?? "" };
}

async function provoke(
  { name, provokedBy }: Mutant<Provocation>,
  parts: RealParts,
  seed: number,
): Promise<Detection> {
  if (provokedBy === undefined) throw new Error(`${name} is not to be seen from outside`);
  const { faults, elapsedMs, failed } = await tried(() =>
    runProvocation({ parts, name: provokedBy, mutant: name, seed }),
  );
  const [sentence = ""] = faults;
  return { caught: !failed && faults.length > 0, after: `${(elapsedMs / 1000).toFixed(0)} s`, sentence };
}

/** A run that cannot be carried out is no sentence of a checker, and must not end all others. */
async function tried(run: () => Promise<Provoked>): Promise<Provoked & { readonly failed: boolean }> {
  try {
    return { ...(await run()), failed: false };
  } catch (error) {
    return { faults: [`could not be carried out: ${String(error)}`], elapsedMs: 0, failed: true };
  }
}

async function runAll(
  jobs: readonly (() => Promise<string>)[],
  onDone: (what: string) => void,
): Promise<void> {
  const queue = [...jobs];
  async function work(): Promise<void> {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) onDone(await job());
  }
  await Promise.all(Array.from({ length: atOnce }, work));
}
