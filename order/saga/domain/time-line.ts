// A saga's time line, which stays readable and small whatever is sent again and again.
import type { SagaEvent } from "./saga.ts";

export const maxSagaEvents = 50;

/** These happen once in a saga's life, or once a side. */
const lasting: ReadonlySet<SagaEvent["kind"]> = new Set(["placed", "decided", "late", "settled"]);

/** With these at its end. Of too many the oldest goes that may happen again and again: a repetition, a replay, its end. */
export function withEvents(
  history: readonly SagaEvent[],
  events: readonly SagaEvent[],
): readonly SagaEvent[] {
  const all = [...history, ...events];
  while (all.length > maxSagaEvents) {
    const oldest = all.findIndex(({ kind }) => !lasting.has(kind));
    all.splice(Math.max(oldest, 0), 1);
  }
  return all;
}
