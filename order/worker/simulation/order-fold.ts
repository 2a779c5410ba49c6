// Orders folded from the records that the worker says have had their effect, by rules written down a second time: so the
// checker shares no code with what it checks.
import type { OrderState } from "../../domain/order.ts";
import type { Produced } from "./topics.ts";
import { Violation } from "./violation.ts";

interface FoldedOrder {
  readonly status: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly createEventId: string | null;
  readonly applied: Readonly<Record<string, number>>;
}

export interface OrderFold {
  has(orderId: string): boolean;
  /** Milliseconds since the epoch; undefined while it does not exist. */
  createdAtMs(orderId: string): number | undefined;
  /** The record has had its effect, or is recognised as a repeat. @throws Violation when it is neither. */
  apply(produced: Produced, nowMs: number): void;
  /** @throws Violation unless the batch changes exactly what was folded since the last call, to the same. */
  requireSame(changes: readonly { readonly order: OrderState }[]): void;
}

export function createOrderFold(): OrderFold {
  const orders = new Map<string, FoldedOrder>();
  const touched = new Set<string>();

  return {
    has: (orderId) => orders.has(orderId),
    createdAtMs: (orderId) => orders.get(orderId)?.createdAtMs,
    apply({ record: { offset }, source, text }, nowMs) {
      const place = `${source} ${offset}`;
      if (text === null) throw new Violation(`${place} is no event and counts as done`);
      const { event, eventId } = text;
      const before = orders.get(event.orderId);
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
