/** A promise of the worker that a run has seen broken. */
export class Violation extends Error {
  override readonly name = "Violation";
}
