// Which orders have changed, in the order in which it became certain: written with each batch, in its transaction, read by
// whoever tells others. What is told is the order as it is now, so several changes of one order may be told as one.
import type { StoredOrder } from "../store/order-store.ts";

/** A place among the changes, `tx.seq`: what is written later comes after it. */
export type ChangePlace = string;

/** Before all changes. */
export const firstPlace: ChangePlace = "0.0";

export interface ChangedOrders {
  readonly place: ChangePlace;
  readonly orderIds: readonly string[];
}

/** How far the topic with the states has got. */
export interface FeedProgress {
  readonly published: ChangePlace;
  /** The last order from before the feed that is published, `""` before the first; null when all are. */
  readonly filledTo: string | null;
}

export interface OrderChanges {
  /** The next batches after this place, oldest first. Nothing is ever added before what was answered. */
  after(place: ChangePlace, limit: number): Promise<readonly ChangedOrders[]>;
  /** Where the changes end now. */
  end(): Promise<ChangePlace>;
  /** The first one that is kept; undefined when none is. */
  oldest(): Promise<ChangePlace | undefined>;
  /** The orders as they are now; those that do not exist are absent. */
  states(orderIds: readonly string[]): Promise<readonly StoredOrder[]>;
  /**
   * Makes `holder` the publisher until `untilMs`, unless somebody else is at `nowMs`: then undefined. A publisher that has lost
   * its place without noticing is the broker's to refuse, by its transactional id.
   */
  hold(holder: string, nowMs: number, untilMs: number): Promise<FeedProgress | undefined>;
  /** Only of the holder. */
  advance(holder: string, progress: FeedProgress): Promise<void>;
  /** Forgets all but about the newest `keep` batches of those that are published. */
  trim(keep: number): Promise<void>;
  /** Forgets all: from now on nobody writes changes down, so whoever begins again begins with every order. */
  reset(): Promise<void>;
}
