// Which lanes of a partition have parked records, in memory: asked for every new record, so it must cost nothing while
// nothing is parked. The store has the truth; this follows what was saved.
import type { ParkedId, ParkedProgress, ParkedRecord, ParkedSummary } from "../store/parked-records.ts";

export interface ParkedLanes {
  /** Forgets everything and takes this instead. */
  replace(parked: readonly ParkedSummary[]): void;
  isHeld(lane: string): boolean;
  /** Offsets of the lane's waiting records and of those behind, ascending. */
  offsetsOf(lane: string): readonly number[];
  park(records: readonly ParkedRecord[]): void;
  repark(changes: readonly (ParkedId & ParkedProgress)[]): void;
  unpark(ids: readonly ParkedId[]): void;
  /** Lets other lanes have their turn first, until then. Only in memory: what is stored stays due. */
  postpone(lane: string, untilMs: number): void;
  /** Records that wait for an attempt, with those behind them. */
  readonly waiting: number;
  /** At most `limit` lanes whose first record is due, the earliest first. */
  dueLanes(nowMs: number, limit: number): string[];
  /** When the next record is due that was not due at `afterMs`; undefined when there is none. */
  nextDueAtMs(afterMs: number): number | undefined;
}

interface ParkedPlace {
  readonly lane: string;
  /** Its own, also while it is not the first of its lane: what was tried waits out its delay, what was not is due at once. */
  dueAtMs: number;
}

export function createParkedLanes(): ParkedLanes {
  /** Offsets of each lane, ascending. */
  const lanes = new Map<string, readonly number[]>();
  const places = new Map<number, ParkedPlace>();

  function add({ offset, lane, dueAtMs }: Pick<ParkedSummary, "offset" | "lane" | "dueAtMs">): void {
    if (places.has(offset)) return;
    places.set(offset, { lane, dueAtMs: dueAtMs ?? 0 });
    const offsets = lanes.get(lane);
    lanes.set(lane, offsets === undefined ? [offset] : [...offsets, offset]);
  }

  function remove(offset: number): void {
    const lane = places.get(offset)?.lane;
    if (lane === undefined) return;
    places.delete(offset);
    const left = lanes.get(lane)?.filter((own) => own !== offset) ?? [];
    if (left.length === 0) lanes.delete(lane);
    else lanes.set(lane, left);
  }

  const dueAtMsOf = ([first]: readonly number[]) =>
    (first === undefined ? undefined : places.get(first)?.dueAtMs) ?? 0;

  return {
    replace(parked) {
      lanes.clear();
      places.clear();
      for (const record of parked) if (record.state !== "dead") add(record);
    },
    isHeld: (lane) => lanes.size > 0 && lanes.has(lane),
    offsetsOf: (lane) => lanes.get(lane) ?? [],
    park(records) {
      for (const record of records) if (record.state !== "dead") add(record);
    },
    repark(changes) {
      for (const { offset, state, dueAtMs } of changes) {
        const place = places.get(offset);
        if (state === "dead") remove(offset);
        else if (place !== undefined) place.dueAtMs = dueAtMs ?? 0;
      }
    },
    unpark(ids) {
      for (const { offset } of ids) remove(offset);
    },
    postpone(lane, untilMs) {
      const [first] = lanes.get(lane) ?? [];
      const place = first === undefined ? undefined : places.get(first);
      if (place !== undefined) place.dueAtMs = Math.max(place.dueAtMs, untilMs);
    },
    get waiting() {
      return places.size;
    },
    dueLanes(nowMs, limit) {
      if (lanes.size === 0) return [];
      return [...lanes]
        .map(([lane, offsets]) => ({ lane, dueAtMs: dueAtMsOf(offsets) }))
        .filter(({ dueAtMs }) => dueAtMs <= nowMs)
        .toSorted((a, b) => a.dueAtMs - b.dueAtMs)
        .slice(0, limit)
        .map(({ lane }) => lane);
    },
    nextDueAtMs(afterMs) {
      let next: number | undefined;
      for (const offsets of lanes.values()) {
        const dueAtMs = dueAtMsOf(offsets);
        if (dueAtMs > afterMs) next = Math.min(next ?? dueAtMs, dueAtMs);
      }
      return next;
    },
  };
}
