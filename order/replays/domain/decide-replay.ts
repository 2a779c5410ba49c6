// What a replayed event means for its order. It is the event that failed, so it counts at its own place in its own topic, and
// not at the place that the replay has. Pure.
import {
  decide,
  type EventOrigin,
  type Order,
  type OrderEvent,
  type OrderState,
  type Rejection,
} from "../../domain/order.ts";

export type ReplayDecision<Known extends OrderState = Order> =
  | { readonly kind: "apply"; readonly order: Order | Known }
  /** This very event had its effect before. */
  | { readonly kind: "already-applied" }
  /** A later event of its topic had its effect since: this one would put the order back. */
  | { readonly kind: "stale" }
  | { readonly kind: "reject"; readonly rejection: Rejection };

/** `origin` is the original record's. */
export function decideReplay<Known extends OrderState>(
  order: Known | undefined,
  event: OrderEvent,
  origin: EventOrigin,
): ReplayDecision<Known> {
  if (order === undefined) return decide<Known>(undefined, event, origin);
  const last = order.applied[origin.source];
  if (last === origin.offset) return { kind: "already-applied" };
  if (event.kind === "status") {
    return last !== undefined && last > origin.offset ? { kind: "stale" } : decide(order, event, origin);
  }
  // That it was created elsewhere is no redelivery, however late its last update was.
  const { [origin.source]: _last, ...applied } = order.applied;
  if (last !== undefined && isCreatedBy(order, origin)) return { kind: "already-applied" };
  return decide({ ...order, applied }, event, origin);
}

function isCreatedBy({ createdBy }: OrderState, { topic, partition, offset }: EventOrigin): boolean {
  return createdBy.topic === topic && createdBy.partition === partition && createdBy.offset === offset;
}
