// What arrives, and what it does to a saga. Pure: the time comes in, what is to be done goes out.
//
// Every decision has one end: it is joined, or a duplicate, or a dead letter, or still waiting with a deadline. A saga is
// settled at most once, by the first decision of each side, in whatever order they and the order itself come.
import { outcomeOf } from "./outcome.ts";
import type {
  Counted,
  Decision,
  KeptDecision,
  LetterReason,
  Placement,
  Saga,
  SagaEffect,
  SagaEvent,
  Side,
  Transition,
} from "./saga.ts";
import { awaiting, change, emptySaga, eventOf, joined } from "./saga-state.ts";
import { withEvents } from "./time-line.ts";

const sides: readonly Side[] = ["payment", "stock"];

/** The order is announced, and settled at once when its decisions are there already. Placed again, nothing happens. */
export function placeOrder(
  before: Saga | undefined,
  { orderId, customerId, items }: Placement,
  nowMs: number,
  windowMs: number,
): Transition {
  const saga = before ?? emptySaga(orderId);
  if (saga.order !== null) return { saga, effects: [] };
  const placed = change(saga, { order: { customerId, items, placedAtMs: nowMs } }, [
    { kind: "placed", atMs: nowMs },
  ]);
  const { payment, stock } = placed;
  // Two that have expired are an operator's to replay: an id may get its order long after decisions about it were made up.
  const waiting = payment?.state === "pending" || stock?.state === "pending";
  const settled =
    payment !== null && stock !== null && waiting && meet(payment, stock, windowMs)
      ? settle(placed, payment, stock, nowMs)
      : { saga: placed, effects: [] };
  return { saga: settled.saga, effects: [{ kind: "announce" }, ...settled.effects] };
}

/**
 * The first decision of a side counts, and joins its partner when their event times are at most `windowMs` apart. An
 * operator's replay asks no window: it makes the side count again, and the order is settled as soon as both sides have one.
 */
export function decide(
  before: Saga | undefined,
  decision: Decision,
  nowMs: number,
  windowMs: number,
): Transition {
  const saga = before ?? emptySaga(decision.orderId);
  const kept = saga[decision.side];
  if (kept !== null && kept.answer !== decision.answer) return contradict(saga, kept, decision, nowMs);
  if (decision.replayOf !== null) return replay(saga, kept, decision, nowMs, windowMs);
  if (kept !== null) return repeat(saga, decision, nowMs);

  const partner = partnerOf(saga, decision.side);
  const waiting = awaiting(decision, nowMs, windowMs);
  if (partner !== null && !meet(waiting, partner, windowMs)) {
    return dismiss(saga, waiting, partner, decision, nowMs, windowMs);
  }
  const decided = change(saga, { [decision.side]: waiting }, [eventOf("decided", decision, nowMs)]);
  return join(decided, nowMs, saga.order === null ? ["early"] : []);
}

/** Ends the waiting of those decisions whose deadline has passed. */
export function expire(saga: Saga, nowMs: number): Transition {
  const reason: LetterReason = saga.order === null ? "unknown_order" : "partner_missing";
  const ended: Partial<Record<Side, KeptDecision>> = {};
  const events: SagaEvent[] = [];
  const effects: SagaEffect[] = [];
  for (const side of sides) {
    const kept = saga[side];
    if (kept === null || kept.deadlineAtMs === null || kept.deadlineAtMs > nowMs) continue;
    ended[side] = { ...kept, state: "expired", deadlineAtMs: null, original: null };
    events.push(eventOf("expired", { ...kept, side }, nowMs, reason));
    // A pending decision has its record.
    if (kept.original !== null) {
      const { original, groupId } = kept;
      const message = messageOfExpiry(saga, side);
      effects.push({ kind: "dead-letter", side, reason, message, original, groupId });
    }
    effects.push({ kind: "counted", what: "expired" });
  }
  return events.length === 0 ? { saga, effects } : { saga: change(saga, ended, events), effects };
}

function contradict(saga: Saga, kept: KeptDecision, decision: Decision, nowMs: number): Transition {
  const reason = "contradictory_decision";
  const { side, answer, orderId } = decision;
  const message = `The ${side} decision ${answer} about order ${orderId} contradicts the earlier ${kept.answer}`;
  return {
    saga: change(saga, {}, [eventOf("contradictory", decision, nowMs, reason)]),
    effects: [letterOf(decision, reason, message), { kind: "counted", what: "contradictory" }],
  };
}

function repeat(saga: Saga, decision: Decision, nowMs: number): Transition {
  return {
    saga: change(saga, {}, [eventOf("duplicate", decision, nowMs)]),
    effects: [{ kind: "counted", what: "duplicate" }],
  };
}

/** Kept, so that a replay of either can settle the order; the partner waits on, for its deadline or for that replay. */
function dismiss(
  saga: Saga,
  waiting: KeptDecision,
  partner: KeptDecision,
  decision: Decision,
  nowMs: number,
  windowMs: number,
): Transition {
  const reason = "outside_window";
  const { side, orderId, eventTimeMs } = decision;
  const apartMs = Math.abs(eventTimeMs - partner.eventTimeMs);
  const message =
    `The ${side} decision about order ${orderId} and the ${otherThan(side)} decision are ${apartMs} ms apart, ` +
    `and the window is ${windowMs} ms`;
  const late: KeptDecision = { ...waiting, state: "late", deadlineAtMs: null, original: null };
  const early: readonly Counted[] = saga.order === null ? ["early"] : [];
  return {
    saga: change(saga, { [side]: late }, [eventOf("late", decision, nowMs, reason)]),
    effects: [letterOf(decision, reason, message), ...counted(["late", ...early])],
  };
}

/** It has a deadline again: a replay that cannot help is a dead letter once more, and not forgotten. */
function replay(
  saga: Saga,
  kept: KeptDecision | null,
  decision: Decision,
  nowMs: number,
  windowMs: number,
): Transition {
  const again = kept?.state === "pending" && kept.replayed;
  if (again || saga.status !== "NEW") return repeat(saga, decision, nowMs);
  const waiting = awaiting(decision, nowMs, windowMs);
  const first = kept === null ? {} : firstOf(kept);
  const replayed = change(saga, { [decision.side]: { ...waiting, ...first, replayed: true } }, [
    eventOf("replayed", decision, nowMs),
  ]);
  return join(replayed, nowMs, ["replayed"]);
}

/** What stays of a decision when it is replayed; all of it while it waits. */
function firstOf(kept: KeptDecision): Partial<KeptDecision> {
  if (kept.state === "pending") return kept;
  return { source: kept.source, eventTimeMs: kept.eventTimeMs, receivedAtMs: kept.receivedAtMs };
}

/** To be called when the decision that came last waits and meets its partner, if there is one. */
function join(saga: Saga, nowMs: number, what: readonly Counted[]): Transition {
  const { order, payment, stock } = saga;
  if (order === null || payment === null || stock === null) return { saga, effects: counted(what) };
  const settled = settle(saga, payment, stock, nowMs);
  return { saga: settled.saga, effects: [...settled.effects, ...counted(what)] };
}

function settle(saga: Saga, payment: KeptDecision, stock: KeptDecision, nowMs: number): Transition {
  const outcome = outcomeOf(payment, stock);
  return {
    saga: {
      ...saga,
      ...outcome,
      payment: joined(payment),
      stock: joined(stock),
      deadlineAtMs: null,
      settledAtMs: nowMs,
      history: withEvents(saga.history, [{ kind: "settled", atMs: nowMs, ...outcome }]),
    },
    effects: [{ kind: "result" }, { kind: "counted", what: "joined" }],
  };
}

function meet(left: KeptDecision, right: KeptDecision, windowMs: number): boolean {
  if (left.replayed || right.replayed) return true;
  return Math.abs(left.eventTimeMs - right.eventTimeMs) <= windowMs;
}

function letterOf({ side, original, groupId }: Decision, reason: LetterReason, message: string): SagaEffect {
  return { kind: "dead-letter", side, reason, message, original, groupId };
}

function counted(what: readonly Counted[]): readonly SagaEffect[] {
  return what.map((what) => ({ kind: "counted", what }));
}

function messageOfExpiry(saga: Saga, side: Side): string {
  const partner = otherThan(side);
  if (saga.order === null) return `Order ${saga.orderId} is not known`;
  return saga[partner] === null
    ? `No ${partner} decision about order ${saga.orderId} came in time`
    : `The ${partner} decision about order ${saga.orderId} did not come within the window`;
}

function partnerOf(saga: Saga, side: Side): KeptDecision | null {
  return saga[otherThan(side)];
}

function otherThan(side: Side): Side {
  return side === "payment" ? "stock" : "payment";
}
