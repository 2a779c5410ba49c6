// Orders folded from the records that the worker says have had their effect, by rules written down a second time: so the
// checker shares no code with what it checks.
import type { OrderState } from "../../domain/order.ts";
import type { ReplayOutcome } from "../../replays/domain/replay.ts";
import type { Produced } from "./topics.ts";
import { Violation } from "./violation.ts";

interface FoldedOrder {
  readonly status: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly createEventId: string | null;
  readonly applied: Readonly<Record<string, number>>;
  /** Each event that had an effect on it, and whether that was a replay's. */
  readonly effects: readonly Effect[];
}

interface Effect {
  readonly kind: "create" | "status";
  readonly source: string;
  readonly offset: number;
  readonly isReplay: boolean;
}

export interface OrderFold {
  has(orderId: string): boolean;
  /** Milliseconds since the epoch; undefined while it does not exist. */
  createdAtMs(orderId: string): number | undefined;
  /** Whether a create under this event id is one that it was created by, repeated. */
  isCreatedBy(orderId: string, eventId: string | null): boolean;
  /** The record has had its effect, or is recognised as a repeat. @throws Violation when it is neither. */
  apply(produced: Produced, nowMs: number): void;
  /** The same for a replay with this outcome, at the place of the record that failed. @throws Violation when it is another's. */
  applyReplay(origin: Produced, outcome: ReplayOutcome, nowMs: number): void;
  /** @throws Violation unless the batch changes exactly what was folded since the last call, to the same. */
  requireSame(changes: readonly { readonly order: OrderState }[]): void;
}

export function createOrderFold(): OrderFold {
  const orders = new Map<string, FoldedOrder>();
  const touched = new Set<string>();

  return {
    has: (orderId) => orders.has(orderId),
    createdAtMs: (orderId) => orders.get(orderId)?.createdAtMs,
    isCreatedBy: (orderId, eventId) => eventId !== null && orders.get(orderId)?.createEventId === eventId,
    apply({ record: { offset }, source, text }, nowMs) {
      const place = `${source} ${offset}`;
      if (text === null) throw new Violation(`${place} is no event and counts as done`);
      const { event, eventId } = text;
      const before = orders.get(event.orderId);
      // An operator gave up a later record of its order, and its replay had its effect first: this one would undo it.
      if (
        before?.effects.some(
          (effect) => effect.isReplay && effect.source === source && effect.offset > offset,
        )
      )
        return;
      if (event.kind === "create" && before !== undefined) {
        if (eventId !== null && before.createEventId === eventId) return;
        throw new Violation(`${place} repeats the create of ${event.orderId} and counts as done`);
      }
      if (event.kind === "status" && before === undefined) {
        throw new Violation(`${place} updates ${event.orderId}, which does not exist, and counts as done`);
      }
      touched.add(event.orderId);
      orders.set(event.orderId, {
        status: event.status,
        version: (before?.version ?? 0) + 1,
        createdAtMs: before?.createdAtMs ?? nowMs,
        createEventId: before === undefined ? eventId : before.createEventId,
        applied: { ...before?.applied, [source]: offset },
        effects: [...(before?.effects ?? []), { kind: event.kind, source, offset, isReplay: false }],
      });
    },
    applyReplay({ record: { offset }, source, text }, outcome, nowMs) {
      const place = `the replay of ${source} ${offset}`;
      if (text === null) throw new Violation(`${place} is no event and is ${outcome}`);
      const { event, eventId } = text;
      const before = orders.get(event.orderId);
      const expected = expectedOutcomes(before, event.kind, source, offset, eventId);
      if (!expected.includes(outcome)) {
        throw new Violation(
          `${place} is ${outcome}, and not ${expected.join(" or ") || "failed"}: ${JSON.stringify(before)}`,
        );
      }
      if (outcome !== "applied") return;
      touched.add(event.orderId);
      // Before its order's create it is a stream of its own.
      const isEarly = before?.effects.some(
        (effect) => effect.kind === "create" && effect.source === source && effect.offset > offset,
      );
      orders.set(event.orderId, {
        status: event.status,
        version: (before?.version ?? 0) + 1,
        createdAtMs: before?.createdAtMs ?? nowMs,
        createEventId: before === undefined ? eventId : before.createEventId,
        applied: { ...before?.applied, [isEarly === true ? `${source}#before-create` : source]: offset },
        effects: [...(before?.effects ?? []), { kind: event.kind, source, offset, isReplay: true }],
      });
    },
    requireSame(changes) {
      for (const { order } of changes) {
        const { orderId, status, version, applied } = order;
        const folded = orders.get(orderId);
        const isSame =
          touched.delete(orderId) &&
          folded?.status === status &&
          folded.version === version &&
          Bun.deepEquals({ ...folded.applied }, { ...applied });
        if (!isSame) {
          const found = JSON.stringify({ status, version, applied });
          throw new Violation(
            `order ${orderId} was written as ${found}, its records say ${JSON.stringify(folded)}`,
          );
        }
      }
      for (const orderId of touched) throw new Violation(`order ${orderId} was not written with its records`);
    },
  };
}

/** None when it has to fail again. */
function expectedOutcomes(
  before: FoldedOrder | undefined,
  kind: Effect["kind"],
  source: string,
  offset: number,
  eventId: string | null,
): readonly ReplayOutcome[] {
  if (before === undefined) return kind === "create" ? ["applied"] : [];
  const own = before.effects.filter((effect) => effect.source === source);
  if (kind === "create") {
    const isItself = own.some((effect) => effect.kind === "create" && effect.offset === offset);
    return isItself || (eventId !== null && before.createEventId === eventId) ? ["already_applied"] : [];
  }
  if (own.some((effect) => effect.kind === "status" && effect.offset > offset)) return ["stale"];
  return own.some((effect) => effect.offset === offset) ? ["already_applied"] : ["applied"];
}
