// Parked records whose time has come. What is due is known in memory; what operators ordered is in the store only, which is
// asked twice a second, and only while something is parked.
import type { Clock } from "../../service/clock.ts";
import type { OrderStore } from "../store/order-store.ts";
import type { ParkedId, ParkedRecord } from "../store/parked-records.ts";
import type { AssignedPartition } from "./partition.ts";
import { readParked, type TakenItem } from "./read-items.ts";
import type { RecordReader } from "./record-reader.ts";

export interface DueItems {
  /**
   * The due lanes of these partitions, each from its first record on: about `limit` records, at least one lane. Records that
   * an operator ended come alone.
   */
  take(partitions: readonly AssignedPartition[], limit: number): Promise<TakenItem[]>;
  /** When to look again; undefined while nothing is parked. */
  nextLookMs(partitions: readonly AssignedPartition[]): number | undefined;
  /** The next `take` asks the store. */
  lookNow(): void;
}

const lookIntervalMs = 500;
const maxLanes = 200;
/** More of one lane come with its next turn. */
const maxOfLane = 100;
const maxOrders = 100;

/** `onStale`: the store has something else than what is remembered of this partition, so somebody else wrote for it. */
export function createDueItems(
  store: Pick<OrderStore, "loadParked" | "listDue">,
  reader: RecordReader,
  clock: Clock,
  onStale: (partition: AssignedPartition) => void,
): DueItems {
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let tookAtMs = Number.NEGATIVE_INFINITY;

  const withParked = (partitions: readonly AssignedPartition[]) =>
    partitions.filter(({ lanes }) => lanes.waiting > 0);

  async function load(
    partitions: readonly AssignedPartition[],
    ids: readonly ParkedId[],
  ): Promise<ParkedRecord[]> {
    if (ids.length === 0) return [];
    const bySource = new Set(partitions.map(({ source }) => source));
    return (await store.loadParked(ids)).filter(({ source }) => bySource.has(source));
  }

  /** Ids of records to end, and lanes that became due by an order. */
  async function readOrders(partitions: readonly AssignedPartition[], nowMs: number) {
    const sources = partitions.map(({ source }) => source);
    const due = nowMs - lookedAtMs < lookIntervalMs ? [] : await store.listDue(sources, nowMs, maxOrders);
    if (nowMs - lookedAtMs >= lookIntervalMs) lookedAtMs = nowMs;
    return {
      deaths: due.filter(({ order }) => order === "dead-letter"),
      lanes: due.filter(({ order }) => order === null).map(({ source, lane }) => ({ source, lane })),
    };
  }

  return {
    async take(partitions, limit) {
      const parked = withParked(partitions);
      if (parked.length === 0) return [];
      const nowMs = clock.nowMs();
      tookAtMs = nowMs;
      const { deaths, lanes } = await readOrders(parked, nowMs);
      const partitionOf = new Map(parked.map((partition) => [partition.source, partition]));
      const toItem = (record: ParkedRecord, deathOrdered: boolean): TakenItem[] => {
        const partition = partitionOf.get(record.source);
        if (partition === undefined || record.state === "dead") return [];
        return [readParked(reader, record, partition, deathOrdered)];
      };
      const chosen = new Map<string, ParkedId[]>();
      const choose = (partition: AssignedPartition, lane: string) => {
        const offsets = partition.lanes.offsetsOf(lane).slice(0, maxOfLane);
        chosen.set(
          `${partition.source} ${lane}`,
          offsets.map((offset) => ({ source: partition.source, offset })),
        );
      };
      for (const { source, lane } of lanes) {
        const partition = partitionOf.get(source);
        if (partition !== undefined) choose(partition, lane);
      }
      for (const partition of parked)
        for (const lane of partition.lanes.dueLanes(nowMs, maxLanes)) choose(partition, lane);

      const ended = new Set(deaths.map(idText));
      const ids: ParkedId[] = [];
      for (const lane of chosen.values()) {
        // A lane of which an operator ends a record has its turn without it.
        if (lane.some((id) => ended.has(idText(id)))) continue;
        if (ids.length > 0 && ids.length + lane.length > limit) break;
        ids.push(...lane.slice(0, limit));
      }
      const records = await load(parked, [...deaths, ...ids]);
      const there = new Set(records.filter(({ state }) => state !== "dead").map(idText));
      for (const id of ids) {
        const partition = there.has(idText(id)) ? undefined : partitionOf.get(id.source);
        if (partition !== undefined) onStale(partition);
      }
      return records.flatMap((record) => toItem(record, ended.has(idText(record))));
    },

    nextLookMs(partitions) {
      const parked = withParked(partitions);
      if (parked.length === 0) return undefined;
      // What was due at the last take and is so still cannot be taken now: somebody else may have it already.
      const dueMs = parked.flatMap(({ lanes }) => lanes.nextDueAtMs(tookAtMs) ?? []);
      return Math.min(lookedAtMs + lookIntervalMs, ...dueMs);
    },

    lookNow() {
      lookedAtMs = Number.NEGATIVE_INFINITY;
    },
  };
}

function idText({ source, offset }: ParkedId): string {
  return `${source} ${offset}`;
}
