// What a mutant is: a small defect of the service that somebody could really write, as data. The checkers of the fault runs are
// tested by it: each mutant must be caught, or there is a promise that nobody looks at.

/** Which of the deterministic simulators lives through it; each models a part of the service. */
export type World = "worker" | "worker with replays" | "busy worker" | "sagas";

/** A piece of a file that is there exactly once, and what stands there instead. */
export interface Edit {
  /** Relative to the checkout. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant<Provocation extends string = string> {
  /** Unique, in kebab case: `--only commit-before-store`. */
  readonly name: string;
  /** The promise that it breaks, in one sentence. */
  readonly breaks: string;
  readonly edits: readonly [Edit, ...Edit[]];
  /** The simulator that must catch it; left out where none models that part. */
  readonly world?: World;
  /** The real run that must catch it; left out where nobody outside of the process can see it. */
  readonly provokedBy?: Provocation;
  /** Why one of the two is left out. */
  readonly because?: string;
}

/** Rejects a text that is not there exactly once: the service has changed, and the mutant has to be looked at again. */
export function applyEdit(source: string, { file, find, replace }: Edit): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(
      `${file} has the text of a mutant ${parts.length - 1} times, and it must be there once: ${find.split("\n", 1)[0]}`,
    );
  return parts.join(replace);
}

/** By file, because several edits of one mutant may meet there. */
export function editsByFile({ edits }: Pick<Mutant, "edits">): ReadonlyMap<string, readonly Edit[]> {
  return Map.groupBy(edits, ({ file }) => file);
}
