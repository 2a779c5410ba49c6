// What must hold after a run of sagas whose process was killed again and again. Pure, on what independent readers found; the
// table of outcomes is written down here once more.
import type { OrderDto } from "../../schemas/events.ts";

export interface FoundDecision {
  readonly orderId: number;
  readonly status: string;
}

export interface AccountBalance {
  readonly available: number;
  readonly reserved: number;
  readonly booked: number;
}

export interface SagaAccount {
  /** In the order of their partitions: records of one order lie on one. */
  readonly orders: readonly OrderDto[];
  readonly payment: readonly FoundDecision[];
  readonly stock: readonly FoundDecision[];
  readonly stored: readonly { readonly orderId: number; readonly status: string }[];
  /** Ids that clients were told with a 201. */
  readonly answered: readonly number[];
  /** The record that each dead letter is about. */
  readonly letters: readonly string[];
  readonly money: ReadonlyMap<string, AccountBalance>;
  readonly pieces: ReadonlyMap<string, AccountBalance>;
  /** What the accounts were opened with. */
  readonly openedWith: (account: string) => number;
}

/** Sentences; empty when it adds up. */
export function checkSagaAccount(account: SagaAccount): readonly string[] {
  return [
    ...topicFaults(account),
    ...storeFaults(account),
    ...letterFaults(account),
    ...balanceFaults(account, account.money, moneyOf),
    ...balanceFaults(account, account.pieces, piecesOf),
  ];
}

function topicFaults({ orders, payment, stock }: SagaAccount): string[] {
  const paid = firstAnswers(payment);
  const stocked = firstAnswers(stock);
  return [...Map.groupBy(orders, ({ orderId }) => orderId)].flatMap(([orderId, records]) => {
    const [first, result, ...more] = records;
    if (first?.status !== "NEW") return [`order ${orderId} begins with ${first?.status}`];
    if (result === undefined) return [`order ${orderId} has no result`];
    if (more.length > 0) return [`order ${orderId} has ${records.length} records`];
    const expected = outcomeOf(paid.get(orderId), stocked.get(orderId));
    const found = `${result.status} ${result.source}`;
    return found === expected ? [] : [`order ${orderId} is ${found} and should be ${expected}`];
  });
}

function storeFaults({ orders, stored, answered }: SagaAccount): string[] {
  const last = new Map(orders.map(({ orderId, status }) => [orderId, status]));
  const rows = new Map(stored.map(({ orderId, status }) => [orderId, status]));
  return [
    ...answered.filter((orderId) => !last.has(orderId)).map((id) => `order ${id} was answered and is lost`),
    ...[...rows].flatMap(([orderId, status]) =>
      last.get(orderId) === status
        ? []
        : [`order ${orderId} is ${status} in the store, ${last.get(orderId)} on its topic`],
    ),
    ...[...last.keys()].filter((id) => !rows.has(id)).map((id) => `order ${id} is not in the store`),
  ];
}

function letterFaults({ letters }: SagaAccount): string[] {
  const seen = new Set<string>();
  return letters.filter((id) => seen.size === seen.add(id).size).map((id) => `${id} has two dead letters`);
}

/** Nothing is made or lost: what is booked is what confirmed orders took, and the rest is there. */
function balanceFaults(
  { orders, openedWith }: SagaAccount,
  balances: ReadonlyMap<string, AccountBalance>,
  demandOf: (order: OrderDto) => ReadonlyMap<string, number>,
): string[] {
  const taken = new Map<string, number>();
  for (const order of orders) {
    if (order.status !== "CONFIRMED") continue;
    for (const [account, amount] of demandOf(order)) taken.set(account, (taken.get(account) ?? 0) + amount);
  }
  return [...balances].flatMap(([account, { available, reserved, booked }]) => {
    const expected = taken.get(account) ?? 0;
    if (reserved !== 0) return [`${account} has ${reserved} reserved`];
    if (booked !== expected) return [`${account} has ${booked} booked and confirmed orders took ${expected}`];
    return available + booked === openedWith(account) ? [] : [`${account} has lost or made something`];
  });
}

function firstAnswers(decisions: readonly FoundDecision[]): ReadonlyMap<number, string> {
  return new Map(decisions.toReversed().map(({ orderId, status }) => [orderId, status]));
}

function outcomeOf(payment: string | undefined, stock: string | undefined): string {
  if (payment === "ACCEPT" && stock === "ACCEPT") return "CONFIRMED null";
  if (payment === "REJECT" && stock === "REJECT") return "REJECTED INVENTORY";
  return payment === "REJECT" ? "ROLLBACK PAYMENT" : "ROLLBACK INVENTORY";
}

function moneyOf({ customerId, items }: OrderDto): ReadonlyMap<string, number> {
  return new Map([
    [customerId, items.reduce((sum, { quantity, price }) => sum + quantity * Math.round(price * 100), 0)],
  ]);
}

function piecesOf({ items }: OrderDto): ReadonlyMap<string, number> {
  const pieces = new Map<string, number>();
  for (const { productId, quantity } of items) pieces.set(productId, (pieces.get(productId) ?? 0) + quantity);
  return pieces;
}
