// What a batch of arrivals does to the sagas that it touches, decided as a whole and without I/O: several decisions about
// one order are one change, and what is to be published comes out in the order of the arrivals. A replay that waited for its
// partner ends with what ends its waiting, whatever that is.
import type { OriginalRecord } from "../domain/dead-letter.ts";
import type { ReplayLineage } from "../replays/domain/lineage.ts";
import type { ReplayFailure, ReplayItemId } from "../replays/domain/replay.ts";
import { forgedReplay } from "../replays/domain/standing.ts";
import type { Counted, Saga, Transition } from "./domain/saga.ts";
import { errorTypeOf, type LetterRequest, type SagaMessage } from "./saga-messages.ts";
import type { KeyedRequest, SagaRecord } from "./store/saga-store.ts";

/** How a replay of a dead letter ends. */
export interface ReplayEnd extends ReplayItemId {
  readonly letterId: string;
  readonly outcome: "applied" | "already_applied" | "failed";
  readonly failure: ReplayFailure | null;
}

export interface Evolution {
  readonly changes: readonly SagaRecord[];
  readonly messages: readonly SagaMessage[];
  readonly counted: Readonly<Partial<Record<Counted, number>>>;
  /** Idempotency-Keys of the orders that it places. */
  readonly requests?: readonly KeyedRequest[];
  readonly replayEnds: readonly ReplayEnd[];
}

/** What a record is the replay of; undefined for a decision of the deciding service itself. */
export type ReplayOf = (original: OriginalRecord) => ReplayLineage | undefined;

export interface EvolutionBuilder {
  /** The saga as the steps before have left it. */
  sagaOf(orderId: number): Saga | undefined;
  /** `step` gets that. */
  step(orderId: number, step: (saga: Saga | undefined) => Transition): Transition;
  /** What belongs to no saga. */
  addLetter(letter: LetterRequest): void;
  endReplay(end: ReplayEnd): void;
  end(): Evolution;
}

/** `known`: the sagas as the store has them; those that are absent do not exist. */
export function beginEvolution(
  known: ReadonlyMap<number, Saga>,
  replayOf: ReplayOf = () => undefined,
): EvolutionBuilder {
  const changed = new Map<number, Saga>();
  const messages: SagaMessage[] = [];
  const counted: Partial<Record<Counted, number>> = {};
  const replayEnds: ReplayEnd[] = [];

  const sagaOf = (orderId: number) => changed.get(orderId) ?? known.get(orderId);

  function addLetter(letter: LetterRequest): void {
    messages.push(letter);
    const { reason, message } = letter;
    const replay = reason === forgedReplay ? undefined : replayOf(letter.original);
    if (replay === undefined) return;
    const failure = { reason, errorType: errorTypeOf(reason), errorMessage: message };
    replayEnds.push({ ...itemOf(replay), outcome: "failed", failure });
  }

  /** A replay that waits is kept with its record until it is joined, or is a dead letter again. */
  function endJoined(before: Saga | undefined, after: Saga): void {
    for (const side of ["payment", "stock"] as const) {
      const original = before?.[side]?.original ?? null;
      if (original === null || after[side]?.state !== "joined") continue;
      const replay = replayOf(original);
      if (replay !== undefined) replayEnds.push({ ...itemOf(replay), outcome: "applied", failure: null });
    }
  }

  return {
    sagaOf,
    step(orderId, step) {
      const before = sagaOf(orderId);
      const transition = step(before);
      const { saga, effects } = transition;
      if (saga !== before) changed.set(orderId, saga);
      endJoined(before, saga);
      for (const effect of effects) {
        if (effect.kind === "counted") counted[effect.what] = (counted[effect.what] ?? 0) + 1;
        else if (effect.kind === "dead-letter") addLetter(effect);
        else messages.push({ kind: effect.kind, saga });
      }
      return transition;
    },
    addLetter,
    endReplay: (end) => void replayEnds.push(end),
    end: () => ({
      changes: [...changed].map(([orderId, saga]) => ({
        saga,
        expectedVersion: known.get(orderId)?.version ?? 0,
      })),
      messages,
      counted,
      replayEnds,
    }),
  };
}

function itemOf({ letterId, jobId, number }: ReplayLineage): ReplayItemId & { readonly letterId: string } {
  return { letterId, jobId, number };
}
