// Promises one provocation on running servers, with a mutant loaded or with none, and what was off.
import type { RealParts } from "../../parts/parts.ts";
import { openScene } from "./open-scene.ts";
import { type Provocation, provocations } from "./provocation.ts";
import type { ProvocationRun } from "./scene.ts";

export interface Provoked {
  /** Sentences of the checkers. */
  readonly faults: readonly string[];
  readonly elapsedMs: number;
}

export interface ProvokeOptions {
  readonly parts: RealParts;
  readonly name: Provocation;
  readonly mutant: string | undefined;
  readonly seed: number;
}

/** Of the planned stream: some thousand events have every kind of record dozens of times. */
const events = 2000;

export async function runProvocation({ parts, name, mutant, seed }: ProvokeOptions): Promise<Provoked> {
  const startedAt = performance.now();
  const run: ProvocationRun = provocations[name];
  const scene = await openScene({ ...run, parts, mutant, events, seed });
  try {
    const told = await run.run(scene);
    const faults = run.account === "events" ? [...told, ...(await scene.faults())] : told;
    return { faults, elapsedMs: performance.now() - startedAt };
  } finally {
    await scene.close();
  }
}
