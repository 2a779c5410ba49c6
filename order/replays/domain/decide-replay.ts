// What a replayed event means for its order. It is the event that failed, so it counts at its own place in its own topic, and
// not at the place that the replay has. Pure.
import {
  decide,
  type EventOrigin,
  type Order,
  type OrderEvent,
  type OrderState,
  type Rejection,
  type Source,
  type StatusEvent,
} from "../../domain/order.ts";

export type ReplayDecision<Known extends OrderState = Order> =
  | { readonly kind: "apply"; readonly order: Order | Known }
  /** This very event had its effect before. */
  | { readonly kind: "already-applied" }
  /** A later update of its topic had its effect since: this one would put the order back. */
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
    if (last === undefined || last < origin.offset) return decide(order, event, origin);
    // Only its create is later: no update has changed its status since, so there is nothing that this one would undo.
    return isCreatedBy(order, { ...origin, offset: last })
      ? decideEarly(order, event, origin)
      : { kind: "stale" };
  }
  // That it was created elsewhere is no redelivery, however late its last update was.
  const { [origin.source]: _last, ...applied } = order.applied;
  if (last !== undefined && isCreatedBy(order, origin)) return { kind: "already-applied" };
  return decide({ ...order, applied }, event, origin);
}

/**
 * An update that came before its order did. What is before the create is a stream of its own, so that its offsets are compared with
 * each other only, and what the source has brought since stays as it is.
 */
function decideEarly<Known extends OrderState>(
  order: Known,
  event: StatusEvent,
  origin: EventOrigin,
): ReplayDecision<Known> {
  const source = beforeCreate(origin.source);
  const last = order.applied[source];
  if (last === origin.offset) return { kind: "already-applied" };
  return last !== undefined && last > origin.offset
    ? { kind: "stale" }
    : decide(order, event, { ...origin, source });
}

/** No topic has this in its name, and no life of a topic: it is behind both. */
function beforeCreate(source: Source): Source {
  return `${source}#before-create`;
}

function isCreatedBy(
  { createdBy }: OrderState,
  { topic, partition, offset }: Pick<EventOrigin, "topic" | "partition" | "offset">,
): boolean {
  return createdBy.topic === topic && createdBy.partition === partition && createdBy.offset === offset;
}
