// What the cases of `bench growth` are called, for who makes them and who reads them.
import type { StoreKind } from "../databases.ts";
import type { IdOrder } from "../order-events.ts";

export interface Stored {
  readonly orders: number;
  readonly letters: number;
  /** Of the orders that are stored and of those that come. */
  readonly idOrder: IdOrder;
}

export const idOrderNames: Readonly<Record<IdOrder, string>> = {
  time: "ids in the order of time",
  none: "ids in no order",
};
export const startGroup = "start and rest";
export const flatnessGroup = "long load";

/** Of the cases that differ in what is stored, by store. */
export function growthGroup(kind: StoreKind): string {
  return kind;
}

export function storedName({ orders, letters, idOrder }: Stored): string {
  const parts = [
    ...(orders === 0 ? [] : [`${orders.toLocaleString("en")} orders`]),
    ...(letters === 0 ? [] : [`${letters.toLocaleString("en")} dead letters`]),
  ];
  return [parts.length === 0 ? "empty" : parts.join(", "), idOrderNames[idOrder]].join(", ");
}

/** In one process, as `bun run start` has them. */
export const embeddedName = "cart and order in one process, embedded parts";

export function onServersName(service: "cart" | "order", kind?: StoreKind): string {
  return `${service}, real servers${kind === undefined ? "" : `, ${kind}`}`;
}

export const cartLoadConnections = [64, 256] as const;

export function cartLoadName(connections: number): string {
  return `cart, ${connections} connections`;
}

export function orderLoadName(kind: StoreKind): string {
  return `order → ${kind}`;
}
