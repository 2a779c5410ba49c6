// A batch as the stores write it: checked, each thing once, and in one order that every instance agrees on, so that two
// transactions that want the same rows want them in the same order and cannot deadlock.
import type { ReplaySettlement } from "../replays/store/replay-store.ts";
import type { OrderState } from "../domain/order.ts";
import { toKeyText } from "./key-text.ts";
import type { BatchWrite, OrderChange, SourceProgress, StoredOrder } from "./order-store.ts";
import {
  type ParkedKeyRow,
  type ParkedProgressRow,
  type ParkedRow,
  toParkedKeyRow,
  toParkedProgressRow,
  toParkedRow,
} from "./parked-row.ts";
import type { ParkedId } from "./parked-records.ts";
import { requireStorable, requireStorableState, UnstorableOrder } from "./storable.ts";

export interface WritableBatch extends WritableChanges, WritableRows {}

export interface WritableChanges {
  readonly creates: readonly OrderCreation[];
  readonly updates: readonly OrderChange[];
}

export interface OrderCreation extends OrderChange {
  readonly order: StoredOrder;
}

/** The rows of everything but orders: few, and with bytes. */
export interface WritableRows {
  readonly progress: readonly ProgressRow[];
  readonly park: readonly ParkedRow[];
  readonly repark: readonly ParkedProgressRow[];
  readonly unpark: readonly ParkedKeyRow[];
  readonly settle: readonly ReplaySettlement[];
  readonly announce: boolean;
}

/** A row of `source_claims` as a batch moves it. */
export interface ProgressRow {
  /** The source as it is called. */
  readonly name: string;
  /** Key text of the source. */
  readonly source: string;
  readonly epoch: number;
  readonly next_offset: number | null;
}

/** Throws on what only a bug can ask for: anything given twice, or a record of a source without progress. */
export function prepareRows(batch: Omit<BatchWrite, "changes">): WritableRows {
  const { progress, settle = [], announce = false } = batch;
  return { progress: prepareProgress(progress), ...prepareParked(batch), settle, announce };
}

export function isNothing({ progress, changes, park, repark, unpark, settle = [] }: BatchWrite): boolean {
  return [progress, changes, park, repark, unpark, settle].every((parts) => parts.length === 0);
}

export function prepareProgress(progress: readonly SourceProgress[]): readonly ProgressRow[] {
  const sorted = progress.toSorted((left, right) => compareText(left.source, right.source));
  requireOnce(
    sorted,
    (next, previous) => next.source === previous.source,
    ({ source }) => `source ${source}`,
  );
  return sorted.map(({ source, epoch, nextOffset }) => {
    requireOffset(`the epoch of ${source}`, epoch);
    if (nextOffset !== null) requireOffset(`nextOffset of ${source}`, nextOffset);
    return { name: source, source: toKeyText(source), epoch, next_offset: nextOffset };
  });
}

/** Throws `UnstorableOrder`, and on an order given twice, which only a bug can do. */
export function prepareChanges(changes: readonly OrderChange[]): WritableChanges {
  const creates: OrderCreation[] = [];
  const updates: OrderChange[] = [];
  const byId = new Map<string, OrderChange>();
  for (const change of changes) byId.set(change.order.orderId, change);
  // Texts alone are sorted by the engine itself, in a third of the time that it takes with a function of ours.
  const orderIds = changes.map(({ order }) => order.orderId).sort();
  if (byId.size < changes.length)
    requireOnce(
      orderIds,
      (next, previous) => next === previous,
      (orderId) => `order ${JSON.stringify(orderId)}`,
    );
  for (const orderId of orderIds) {
    const change = byId.get(orderId);
    if (change === undefined) continue;
    const { order, expectedVersion } = change;
    if (expectedVersion === 0) {
      if (!isWhole(order))
        throw new Error(`order ${JSON.stringify(order.orderId)} is to be made, and has no lines`);
      requireStorable(order);
      creates.push({ order, expectedVersion });
    } else {
      requireStorableState(order);
      updates.push(change);
    }
    if (!(order.version > expectedVersion)) {
      throw new UnstorableOrder(order.orderId, `version ${order.version} does not follow ${expectedVersion}`);
    }
  }
  return { creates, updates };
}

function prepareParked({
  progress,
  park,
  repark,
  unpark,
}: Omit<BatchWrite, "changes">): Omit<WritableRows, "progress" | "settle" | "announce"> {
  const ids = [...park, ...repark, ...unpark].toSorted(compareIds);
  requireOnce(
    ids,
    (next, previous) => compareIds(next, previous) === 0,
    ({ source, offset }) => `record ${offset} of ${source}`,
  );
  const sources = new Set(progress.map(({ source }) => source));
  for (const { source, offset } of ids) {
    requireOffset(`the offset of a parked record of ${source}`, offset);
    if (!sources.has(source))
      throw new Error(`a parked record of ${source}, which has no progress in its batch`);
  }
  return {
    park: park.toSorted(compareIds).map(toParkedRow),
    repark: repark.toSorted(compareIds).map(toParkedProgressRow),
    unpark: unpark.toSorted(compareIds).map(toParkedKeyRow),
  };
}

/** The orders that a batch changes. */
export function changedIds({ creates, updates }: WritableChanges): readonly string[] {
  return [...creates, ...updates].map(({ order }) => order.orderId);
}

function isWhole(order: OrderState): order is StoredOrder {
  return "items" in order;
}

function requireOnce<Item>(
  sorted: readonly Item[],
  same: (next: Item, previous: Item) => boolean,
  nameOf: (item: Item) => string,
): void {
  let previous: Item | undefined;
  for (const next of sorted) {
    if (previous !== undefined && same(next, previous))
      throw new Error(`${nameOf(next)} is twice in one batch`);
    previous = next;
  }
}

function requireOffset(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 0) return;
  throw new Error(`${name} must be an integer from 0, got ${value}`);
}

function compareIds(left: ParkedId, right: ParkedId): number {
  return compareText(left.source, right.source) || left.offset - right.offset;
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
