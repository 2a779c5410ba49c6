// What a replay would do to letters of system C: each is decided on its saga as it is, one after the other. A decision whose
// partner, or whose order, is still missing would wait for it as long as the window is, and fail again.
import type { Forecast } from "../../contract/replays.ts";
import type { Failure } from "../domain/verdict.ts";
import type { DecisionReader } from "../saga/decision-reader.ts";
import type { Saga, Side } from "../saga/domain/saga.ts";
import { decide, expire } from "../saga/domain/transitions.ts";
import { errorTypeOf } from "../saga/saga-messages.ts";
import type { SagaStore } from "../saga/store/saga-store.ts";
import { type IndexedDeadLetter, isWhole } from "../store/dead-letter-index.ts";
import { RegistryUnavailable } from "../worker/read-items.ts";

export interface Foreseen {
  readonly forecast: Forecast;
  readonly failure?: Failure;
}

export interface DecisionForecastOptions {
  readonly store: Pick<SagaStore, "load">;
  readonly reader: Pick<DecisionReader, "read" | "resolve">;
  readonly windowMs: number;
}

type Forecaster = (
  letters: readonly IndexedDeadLetter[],
) => Promise<ReadonlyMap<IndexedDeadLetter, Foreseen>>;

/** Remembers what the letters before have made of their sagas. */
export function createDecisionForecast(
  { store, reader, windowMs }: DecisionForecastOptions,
  now: () => number,
): Forecaster {
  const sagas = new Map<number, Saga | undefined>();

  async function read({ id, original }: IndexedDeadLetter) {
    const reading = reader.read(original);
    if (reading.kind !== "unresolved-schema") return reading;
    await reader.resolve(reading.schemaId);
    const resolved = reader.read(original);
    if (resolved.kind !== "unresolved-schema") return resolved;
    throw new RegistryUnavailable(`schema ${resolved.schemaId} of ${id} cannot be looked up`);
  }

  function foresee(letter: IndexedDeadLetter, reading: Awaited<ReturnType<typeof read>>): Foreseen {
    if (reading.kind === "undecodable") return wouldFail(reading.reason, reading.message);
    const { orderId, side, answer, source } = reading;
    const { original, consumerGroup: groupId } = letter;
    const nowMs = now();
    const eventTimeMs = original.timestampMs ?? nowMs;
    const decision = { orderId, side, answer, source, eventTimeMs, replayOf: letter.id, original, groupId };
    const { saga, effects } = decide(sagas.get(orderId), decision, nowMs, windowMs);
    sagas.set(orderId, saga);
    for (const effect of effects)
      if (effect.kind === "dead-letter") return wouldFail(effect.reason, effect.message);
    if (!effects.some((effect) => effect.kind === "counted" && effect.what === "replayed")) {
      return { forecast: "already_applied" };
    }
    return endOfWaiting(saga, side) ?? { forecast: "would_apply" };
  }

  return async (letters) => {
    const whole = letters.filter(isWhole);
    const readings = new Map<IndexedDeadLetter, Awaited<ReturnType<typeof read>>>();
    for (const letter of whole) readings.set(letter, await read(letter));
    const orderIds = [...readings.values()].flatMap((reading) =>
      reading.kind === "decision" && !sagas.has(reading.orderId) ? [reading.orderId] : [],
    );
    const unknown = [...new Set(orderIds)];
    const loaded = unknown.length === 0 ? new Map<number, Saga>() : await store.load(unknown);
    for (const orderId of unknown) sagas.set(orderId, loaded.get(orderId));
    return new Map(
      letters.map((letter): [IndexedDeadLetter, Foreseen] => {
        const reading = readings.get(letter);
        return [letter, reading === undefined ? { forecast: "not_replayable" } : foresee(letter, reading)];
      }),
    );
  };
}

/** Undefined for a decision that does not wait. */
function endOfWaiting(saga: Saga, side: Side): Foreseen | undefined {
  const deadlineAtMs = saga[side]?.deadlineAtMs ?? null;
  if (deadlineAtMs === null) return undefined;
  for (const effect of expire(saga, deadlineAtMs).effects) {
    if (effect.kind === "dead-letter" && effect.side === side)
      return wouldFail(effect.reason, effect.message);
  }
  return undefined;
}

function wouldFail(reason: string, message: string): Foreseen {
  return {
    forecast: "would_fail",
    failure: { kind: "unreadable", reason, errorType: errorTypeOf(reason), message },
  };
}
