// The parts of a saga, and its next version: what transitions.ts puts together.
import type { Decision, DecisionEventKind, KeptDecision, LetterReason, Saga, SagaEvent } from "./saga.ts";
import { withEvents } from "./time-line.ts";

export function emptySaga(orderId: number): Saga {
  return {
    orderId,
    order: null,
    status: "NEW",
    source: null,
    payment: null,
    stock: null,
    deadlineAtMs: null,
    settledAtMs: null,
    history: [],
    home: null,
    version: 0,
  };
}

/** One version on. */
export function change(
  saga: Saga,
  parts: Partial<Pick<Saga, "order" | "payment" | "stock">>,
  events: readonly SagaEvent[],
): Saga {
  const next = { ...saga, ...parts };
  const deadlines = [next.payment?.deadlineAtMs ?? null, next.stock?.deadlineAtMs ?? null];
  const open = deadlines.filter((deadline) => deadline !== null);
  return {
    ...next,
    deadlineAtMs: open.length === 0 ? null : Math.min(...open),
    history: withEvents(saga.history, events),
    version: saga.version + 1,
  };
}

export function awaiting(decision: Decision, nowMs: number, windowMs: number): KeptDecision {
  const { answer, source, eventTimeMs, original, groupId } = decision;
  const deadlineAtMs = nowMs + windowMs;
  return {
    answer,
    source,
    eventTimeMs,
    receivedAtMs: nowMs,
    state: "pending",
    replayed: false,
    deadlineAtMs,
    original,
    groupId,
  };
}

export function joined(kept: KeptDecision): KeptDecision {
  return { ...kept, state: "joined", deadlineAtMs: null, original: null };
}

export function eventOf(
  kind: DecisionEventKind,
  { side, answer, source, eventTimeMs }: Pick<Decision, "side" | "answer" | "source" | "eventTimeMs">,
  atMs: number,
  reason: LetterReason | null = null,
): SagaEvent {
  return { kind, atMs, side, answer, source: source?.slice(0, 100) ?? null, eventTimeMs, reason };
}
