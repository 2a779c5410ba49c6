import type { SagaSaveOutcome } from "./saga-store.ts";
import type { RequestRow } from "./writable-requests.ts";

/** Thrown inside a transaction to leave nothing of it behind; whoever opened it answers with `outcome`. */
export class RefusedSave extends Error {
  override readonly name = "RefusedSave";
  readonly outcome: SagaSaveOutcome;

  constructor(outcome: SagaSaveOutcome) {
    super(`refused: ${outcome.kind}`);
    this.outcome = outcome;
  }
}

/** Throws `RefusedSave` unless all of the keys were free. */
export function refuseTakenKeys(requests: readonly RequestRow[], inserted: readonly string[]): void {
  if (inserted.length === requests.length) return;
  const free = new Set(inserted);
  const keys = requests.map(({ idempotency_key }) => idempotency_key).filter((key) => !free.has(key));
  throw new RefusedSave({ kind: "keys-taken", keys });
}
