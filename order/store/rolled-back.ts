import type { SaveOutcome } from "./order-store.ts";

/** Thrown inside a transaction to leave nothing of it behind; whoever opened it answers with `outcome`. */
export class RolledBack extends Error {
  override readonly name = "RolledBack";
  readonly outcome: SaveOutcome;

  constructor(outcome: SaveOutcome) {
    super(`rolled back: ${outcome.kind}`);
    this.outcome = outcome;
  }
}
