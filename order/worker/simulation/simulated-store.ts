// The order store's promises (store/order-store.ts) in plain maps, without any latency: each call is one transaction.
import type { OrderState } from "../../domain/order.ts";
import { type AnnouncedItem, itemKey } from "../../replays/store/replay-store.ts";
import type { BatchWrite, Claim, OrderStore, SaveOutcome } from "../../store/order-store.ts";
import type { DueRecord, ParkedId, ParkedOrder, ParkedRecord } from "../../store/parked-records.ts";

interface Row {
  record: ParkedRecord;
  order: ParkedOrder | null;
}

interface SourceRow {
  epoch: number;
  nextOffset: number | null;
  /** By offset. */
  readonly parked: Map<number, Row>;
}

/** Broken on purpose, to show that the checker sees it. */
export type StoreFlaw =
  | "no-fence"
  | "no-version-guard"
  | "progress-is-forgotten"
  | "parked-is-forgotten"
  | "attempts-are-forgotten"
  | "outcomes-are-forgotten";

type Async = Pick<
  OrderStore,
  "load" | "save" | "claim" | "readProgress" | "loadParked" | "listDue" | "retryNow" | "orderDeath"
>;

/** The store's operations as they happen inside of it. */
export type SimulatedStore = {
  readonly [Name in keyof Async]: (...values: Parameters<Async[Name]>) => Awaited<ReturnType<Async[Name]>>;
} & {
  readonly orders: ReadonlyMap<string, OrderState>;
  /** Replays as they were announced, by `itemKey`. */
  readonly items: Map<string, AnnouncedItem>;
  parked(): ParkedRecord[];
  parkedAt(id: ParkedId): ParkedRecord | undefined;
};

export function createSimulatedStore(flaws: ReadonlySet<StoreFlaw> = new Set()): SimulatedStore {
  const orders = new Map<string, OrderState>();
  const sources = new Map<string, SourceRow>();
  const items = new Map<string, AnnouncedItem>();

  const rowAt = ({ source, offset }: ParkedId) => sources.get(source)?.parked.get(offset);
  const byOffset = (row: SourceRow) =>
    [...row.parked.values()].toSorted((a, b) => a.record.offset - b.record.offset);

  function refusal({ progress, changes, settle = [] }: BatchWrite): SaveOutcome | undefined {
    const fenced = progress.filter(({ source, epoch }) => sources.get(source)?.epoch !== epoch);
    if (fenced.length > 0 && !flaws.has("no-fence")) {
      return { kind: "fenced", sources: fenced.map(({ source }) => source) };
    }
    const conflicts = changes.filter(({ order, expectedVersion }) => {
      const version = orders.get(order.orderId)?.version ?? 0;
      return flaws.has("no-version-guard")
        ? version === 0 && expectedVersion > 0
        : version !== expectedVersion;
    });
    if (conflicts.length > 0) {
      return { kind: "conflicts", orderIds: conflicts.map(({ order }) => order.orderId) };
    }
    const ended = settle.filter((item) => items.get(itemKey(item))?.state !== "sent");
    return ended.length === 0 ? undefined : { kind: "settled", items: ended };
  }

  function write({ progress, changes, park, repark, unpark, settle = [] }: BatchWrite): void {
    for (const { outcome, ...item } of flaws.has("outcomes-are-forgotten") ? [] : settle) {
      const announced = items.get(itemKey(item));
      if (announced !== undefined) items.set(itemKey(item), { ...announced, state: outcome });
    }
    for (const { order } of changes) orders.set(order.orderId, order);
    for (const { source, nextOffset } of progress) {
      const row = sources.get(source);
      if (row === undefined || nextOffset === null || flaws.has("progress-is-forgotten")) continue;
      row.nextOffset = Math.max(row.nextOffset ?? 0, nextOffset);
    }
    for (const record of park) {
      const parked = flaws.has("parked-is-forgotten") ? undefined : sources.get(record.source)?.parked;
      if (parked?.has(record.offset) === false) parked.set(record.offset, { record, order: null });
    }
    for (const change of repark) {
      const row = rowAt(change);
      if (row === undefined) continue;
      row.record = { ...row.record, ...change };
      if (change.state === "dead") row.order = null;
    }
    for (const { source, offset } of unpark) sources.get(source)?.parked.delete(offset);
  }

  return {
    load: (ids) =>
      new Map(
        ids.flatMap((id) => {
          const order = orders.get(id);
          return order === undefined ? [] : [[id, order] as const];
        }),
      ),
    save(batch) {
      const refused = refusal(batch);
      if (refused !== undefined) return refused;
      write(batch);
      return { kind: "saved" };
    },
    claim: (names) =>
      [...new Set(names)].sort().map((source): Claim => {
        const row = sources.get(source) ?? { epoch: 0, nextOffset: null, parked: new Map<number, Row>() };
        sources.set(source, row);
        row.epoch += 1;
        const parked = byOffset(row).map(({ record: { offset, lane, state, dueAtMs } }) => ({
          source,
          offset,
          lane,
          state,
          dueAtMs,
        }));
        return { source, epoch: row.epoch, nextOffset: row.nextOffset, parked };
      }),
    readProgress: (names) =>
      new Map(
        names.flatMap((source) => {
          const nextOffset = sources.get(source)?.nextOffset ?? null;
          return nextOffset === null ? [] : [[source, nextOffset] as const];
        }),
      ),
    loadParked(ids) {
      const rows = new Map(
        ids.flatMap((id) => {
          const row = rowAt(id);
          return row === undefined ? [] : [[`${id.source} ${id.offset}`, row.record] as const];
        }),
      );
      const sorted = [...rows.values()].toSorted(
        (a, b) => compare(a.source, b.source) || a.offset - b.offset,
      );
      return flaws.has("attempts-are-forgotten")
        ? sorted.map((record) => ({ ...record, attempts: record.attempts.slice(0, 1) }))
        : sorted;
    },
    listDue: (names, nowMs, limit) =>
      [...new Set(names)]
        .flatMap((source) => [...(sources.get(source)?.parked.values() ?? [])])
        .filter(
          ({ record, order }) =>
            order !== null || (record.state === "waiting" && (record.dueAtMs ?? 0) <= nowMs),
        )
        .map(({ record: { source, offset, lane, state, dueAtMs }, order }): DueRecord => ({
          source,
          offset,
          lane,
          state,
          dueAtMs,
          order,
        }))
        .toSorted(compareDue)
        .slice(0, limit),
    retryNow(id, nowMs) {
      const row = rowAt(id);
      if (row?.record.state !== "waiting") return false;
      row.record = { ...row.record, dueAtMs: Math.min(row.record.dueAtMs ?? nowMs, nowMs) };
      return true;
    },
    orderDeath(id) {
      const row = rowAt(id);
      if (row !== undefined && row.record.state !== "dead") row.order = "dead-letter";
      return row !== undefined;
    },
    orders,
    items,
    parked: () => [...sources.values()].flatMap((row) => byOffset(row).map(({ record }) => record)),
    parkedAt: (id) => rowAt(id)?.record,
  };
}

function compareDue(left: DueRecord, right: DueRecord): number {
  return (
    Number(left.order === null) - Number(right.order === null) ||
    (left.dueAtMs ?? Number.NEGATIVE_INFINITY) - (right.dueAtMs ?? Number.NEGATIVE_INFINITY) ||
    compare(left.source, right.source) ||
    left.offset - right.offset
  );
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
