// What a batch of arrivals does to the sagas that it touches, decided as a whole and without I/O: several decisions about
// one order are one change, and what is to be published comes out in the order of the arrivals.
import type { Counted, Saga, Transition } from "./domain/saga.ts";
import type { LetterRequest, SagaMessage } from "./saga-messages.ts";
import type { KeyedRequest, SagaRecord } from "./store/saga-store.ts";

export interface Evolution {
  readonly changes: readonly SagaRecord[];
  readonly messages: readonly SagaMessage[];
  readonly counted: Readonly<Partial<Record<Counted, number>>>;
  /** Idempotency-Keys of the orders that it places. */
  readonly requests?: readonly KeyedRequest[];
}

export interface EvolutionBuilder {
  /** `step` gets the saga as the steps before have left it. What it asks to be published belongs to `traceparent`. */
  step(orderId: number, step: (saga: Saga | undefined) => Transition, traceparent?: string): void;
  /** What belongs to no saga. */
  addLetter(letter: LetterRequest): void;
  end(): Evolution;
}

/** `known`: the sagas as the store has them; those that are absent do not exist. */
export function beginEvolution(known: ReadonlyMap<number, Saga>): EvolutionBuilder {
  const changed = new Map<number, Saga>();
  const messages: SagaMessage[] = [];
  const counted: Partial<Record<Counted, number>> = {};

  return {
    step(orderId, step, traceparent) {
      const before = changed.get(orderId) ?? known.get(orderId);
      const { saga, effects } = step(before);
      if (saga !== before) changed.set(orderId, saga);
      for (const effect of effects) {
        if (effect.kind === "counted") counted[effect.what] = (counted[effect.what] ?? 0) + 1;
        else messages.push(effect.kind === "dead-letter" ? effect : { kind: effect.kind, saga, traceparent });
      }
    },
    addLetter: (letter) => void messages.push(letter),
    end: () => ({
      changes: [...changed].map(([orderId, saga]) => ({
        saga,
        expectedVersion: known.get(orderId)?.version ?? 0,
      })),
      messages,
      counted,
    }),
  };
}
