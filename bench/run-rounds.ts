// Runs every case once a round, in an order that is reversed each round: what the machine does meanwhile, and what a case
// leaves in caches, shall not always meet the same one.
import type { ProgressDisplay } from "../kafka/native/progress.ts";
import type { Figures, MeasuredCase } from "./report/result-file.ts";

export interface RoundOutcome {
  /** What is not a number is not known, and left out. */
  readonly figures: Readonly<Record<string, number | undefined>>;
  readonly series?: Readonly<Record<string, readonly number[]>>;
}

export interface Heat {
  readonly group: string;
  readonly name: string;
  /** In a process of its own. Rejects when what it did is not what it was to do. */
  run(): Promise<RoundOutcome>;
}

export async function runRounds(
  heats: readonly Heat[],
  rounds: number,
  display: Pick<ProgressDisplay, "show">,
): Promise<readonly MeasuredCase[]> {
  const outcomes = new Map<Heat, RoundOutcome[]>(heats.map((heat) => [heat, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, heat] of (round % 2 === 0 ? heats : heats.toReversed()).entries()) {
      const stage = `${[heat.group, heat.name].filter(Boolean).join(", ")}, round ${round + 1}`;
      display.show({ stage, fraction: (round * heats.length + index) / (heats.length * rounds) });
      const outcome = await heat.run().catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        throw new Error(`${stage}: ${message}`, { cause: error });
      });
      outcomes.get(heat)?.push(outcome);
    }
  }
  return [...outcomes].map(([{ group, name }, all]) => {
    const series = all.at(-1)?.series;
    return {
      group,
      name,
      rounds: all.map(({ figures }) => known(figures)),
      ...(series === undefined ? {} : { series: copy(series) }),
    };
  });
}

function known(figures: RoundOutcome["figures"]): Figures {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) =>
      value !== undefined && Number.isFinite(value) ? [[name, value]] : [],
    ),
  );
}

function copy(series: Readonly<Record<string, readonly number[]>>): Record<string, number[]> {
  return Object.fromEntries(Object.entries(series).map(([name, values]) => [name, [...values]]));
}
