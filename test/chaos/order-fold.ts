// The orders as they must be: an independent fold of the topics. Pure; knows the documented rules and no code of the product.
//
// On the order topic everything is certain: the first create of an order is applied, every other one is a duplicate unless
// it repeats the first one's event id; an update without a create before it is dead. On the status topic an update may come
// before its create and is tried again until there is one, so it is either applied or dead for want of an order.
import type { RecordLine } from "./run-files.ts";

export interface AppliedEvent {
  /** `topic/partition` */
  readonly source: string;
  readonly offset: number;
  readonly status: string;
}

export interface ExpectedOrder {
  readonly createdBy: string | null;
  /** In the order in which each partition has them, those of the order topic first. */
  readonly events: AppliedEvent[];
}

/** What must become of a record. */
export type Expectation =
  | { readonly end: "applied" }
  /** The same event once more: no effect. */
  | { readonly end: "repeat" }
  /** With one of these reasons; any, where there are none. */
  | { readonly end: "dead"; readonly reasons: readonly string[] };

export interface OrderFold {
  /** Records of the order topic before those of the status topic, of each partition in their order. `letterReason`: of its dead letter, if it has one. */
  add(record: RecordLine, letterReason: string | undefined): Expectation;
  readonly orders: ReadonlyMap<string, ExpectedOrder>;
}

export function createOrderFold(): OrderFold {
  const orders = new Map<string, ExpectedOrder>();
  const texts = new Map<string, string>();
  /** One string of each text, because there are millions of the same. */
  function shared(text: string): string {
    const known = texts.get(text);
    if (known !== undefined) return known;
    texts.set(text, text);
    return text;
  }

  function apply({ topic, partition, offset }: RecordLine, order: ExpectedOrder, status: string): void {
    order.events.push({ source: shared(`${topic}/${partition}`), offset, status: shared(status) });
  }

  return {
    orders,
    add(record, letterReason) {
      const { intent, orderId } = record;
      const order = orders.get(orderId);
      switch (intent.kind) {
        case "poison":
          return { end: "dead", reasons: intent.reasons ?? [] };
        case "create": {
          if (order === undefined) {
            const created: ExpectedOrder = { createdBy: intent.eventId, events: [] };
            orders.set(orderId, created);
            apply(record, created, intent.status);
            return { end: "applied" };
          }
          const isRepeat = intent.eventId !== null && intent.eventId === order.createdBy;
          return isRepeat ? { end: "repeat" } : { end: "dead", reasons: ["duplicate_create"] };
        }
        case "status":
          // Tried four times before its create was read: that is documented.
          if (order === undefined || (intent.system === "A" && letterReason === "unknown_order")) {
            return { end: "dead", reasons: ["unknown_order"] };
          }
          apply(record, order, intent.status);
          return { end: "applied" };
      }
    },
  };
}
