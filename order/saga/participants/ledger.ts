// What is there, what is set aside for orders that are not settled, and what is gone for good: money by customer, pieces by
// product. Of each account `available + reserved + booked` is what it was opened with, whatever comes in whatever order.
// Knows no Kafka and no time.

export type Answer = "ACCEPT" | "REJECT";

/** How an order ended. */
export type Outcome = "CONFIRMED" | "REJECTED" | "ROLLBACK";

export interface Balance {
  readonly available: number;
  readonly reserved: number;
  readonly booked: number;
}

/** What an order asks of each account; whole numbers, 0 or more. */
export type Demand = ReadonlyMap<string, number>;

export interface Ledger {
  /** With this much available; an account that is open already stays as it is. */
  open(account: string, amount: number): void;
  isOpen(account: string): boolean;
  /**
   * Accepts when every account has what is asked for, and reserves it; else nothing is reserved. The same order is asked
   * again with the same answer and without another effect. Undefined for an order that is settled: nobody asks any more.
   * An account that is not open has nothing.
   */
  decide(orderId: number, demand: Demand): Answer | undefined;
  /** `CONFIRMED` books what is reserved for the order, anything else gives it back. The first result counts. */
  settle(orderId: number, outcome: Outcome): void;
  balances(): ReadonlyMap<string, Balance>;
}

/** `refused`: nothing is reserved. */
type Entry =
  | { readonly kind: "reserved"; readonly demand: Demand }
  | { readonly kind: "refused" | "settled" };

/**
 * Of settled orders the last `maxSettled` (default 100,000) are remembered: a copy of an older one would be taken for a new
 * order.
 */
export function createLedger({ maxSettled = 100_000 }: { readonly maxSettled?: number } = {}): Ledger {
  const accounts = new Map<string, Balance>();
  const entries = new Map<number, Entry>();
  /** Oldest first. */
  const settled = new Set<number>();

  function move(demand: Demand, from: keyof Balance, to: keyof Balance): void {
    for (const [account, amount] of demand) {
      const balance = accounts.get(account);
      if (balance === undefined) continue;
      accounts.set(account, { ...balance, [from]: balance[from] - amount, [to]: balance[to] + amount });
    }
  }

  function isCovered(demand: Demand): boolean {
    for (const [account, amount] of demand) {
      if ((accounts.get(account)?.available ?? 0) < amount) return false;
    }
    return true;
  }

  return {
    open(account, amount) {
      if (!accounts.has(account)) accounts.set(account, { available: amount, reserved: 0, booked: 0 });
    },
    isOpen: (account) => accounts.has(account),
    decide(orderId, demand) {
      const known = entries.get(orderId);
      if (known !== undefined) return answerOf(known);
      const entry: Entry = isCovered(demand)
        ? { kind: "reserved", demand: new Map(demand) }
        : { kind: "refused" };
      if (entry.kind === "reserved") move(entry.demand, "available", "reserved");
      entries.set(orderId, entry);
      return answerOf(entry);
    },
    settle(orderId, outcome) {
      const entry = entries.get(orderId);
      if (entry?.kind === "settled") return;
      if (entry?.kind === "reserved") {
        move(entry.demand, "reserved", outcome === "CONFIRMED" ? "booked" : "available");
      }
      // Also of an order that was never asked about: were its NEW to come now, its reservation would stay for ever.
      entries.set(orderId, { kind: "settled" });
      settled.add(orderId);
      for (const oldest of settled) {
        if (settled.size <= maxSettled) break;
        settled.delete(oldest);
        entries.delete(oldest);
      }
    },
    balances: () => new Map(accounts),
  };
}

function answerOf({ kind }: Entry): Answer | undefined {
  if (kind === "settled") return undefined;
  return kind === "reserved" ? "ACCEPT" : "REJECT";
}
