// Two workers that take one source from each other, at any moment, against the story of one worker alone.
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { batchOf, createdOrder } from "./order-store-fixtures.ts";
import type { BatchWrite, OrderChange, OrderStore, StoredOrder } from "./order-store.ts";
import { behind, claimOne, parkedRecord, waitingUntil } from "./parked-record-fixtures.ts";
import type { StoreInstances } from "./store-instances.ts";

/** A record of the source: what it changes, and whether its first attempt fails, so that it is parked. */
interface SourceRecord {
  readonly order: number;
  readonly fails: boolean;
}

interface Plan {
  readonly batch: BatchWrite;
  readonly next: number;
  readonly parked: ReadonlyMap<number, string>;
}

/**
 * A worker in small. An order's status is the list of the offsets that were applied to it, so that a lost, a doubled and
 * an overtaken effect can all be seen. One `step` is one call of the store.
 */
function createWorker(store: OrderStore, source: string, records: readonly SourceRecord[]) {
  let epoch: number | undefined;
  let next = 0;
  /** Lanes of the parked records by offset. */
  let parked: ReadonlyMap<number, string> = new Map();
  let plan: Plan | undefined;

  const laneOf = (offset: number) => `${source}-${records[offset]?.order}`;

  async function claim(): Promise<void> {
    const claimed = await claimOne(store, source);
    epoch = claimed.epoch;
    next = claimed.nextOffset ?? 0;
    parked = new Map(claimed.parked.map(({ offset, lane }) => [offset, lane]));
  }

  /** Applies these records of the source to their orders. */
  async function applied(offsets: readonly number[]): Promise<readonly OrderChange[]> {
    const before = await store.load(offsets.map(laneOf));
    const after = new Map<string, StoredOrder>();
    for (const offset of offsets) {
      const orderId = laneOf(offset);
      const order = after.get(orderId) ?? before.get(orderId);
      const status = order === undefined ? String(offset) : `${order.status},${offset}`;
      after.set(orderId, createdOrder(orderId, { status, version: (order?.version ?? 0) + 1 }));
    }
    return [...after].map(([orderId, order]) => ({
      order,
      expectedVersion: before.get(orderId)?.version ?? 0,
    }));
  }

  async function planBatch(): Promise<void> {
    const lanes = new Set(parked.values());
    const parkedAfter = new Map(parked);
    const park: { readonly offset: number; readonly first: boolean }[] = [];
    const effects: number[] = [];
    const end = Math.min(next + 3, records.length);
    for (let offset = next; offset < end; offset++) {
      const lane = laneOf(offset);
      if (!lanes.has(lane) && records[offset]?.fails !== true) {
        effects.push(offset);
        continue;
      }
      park.push({ offset, first: !lanes.has(lane) });
      lanes.add(lane);
      parkedAfter.set(offset, lane);
    }
    plan = {
      batch: batchOf({
        progress: [{ source, epoch: epoch ?? 0, nextOffset: end }],
        changes: await applied(effects),
        park: park.map(({ offset, first }) =>
          parkedRecord(offset, { source, lane: laneOf(offset), ...(first ? waitingUntil(offset) : behind) }),
        ),
      }),
      next: end,
      parked: parkedAfter,
    };
  }

  /** Retries the first record of a lane; the next one of the lane waits then. */
  async function planRetry(): Promise<void> {
    const [due] = await store.listDue([source], 1_000_000, 1);
    if (due === undefined || !parked.has(due.offset)) {
      // Somebody else has had what is parked here, so the source is theirs: only a claim tells how it stands now.
      epoch = undefined;
      return;
    }
    const follower = [...parked].find(([offset, lane]) => lane === due.lane && offset > due.offset)?.[0];
    plan = {
      batch: batchOf({
        progress: [{ source, epoch: epoch ?? 0, nextOffset: null }],
        changes: await applied([due.offset]),
        unpark: [{ source, offset: due.offset }],
        repark: follower === undefined ? [] : [{ source, offset: follower, ...waitingUntil(follower) }],
      }),
      next,
      parked: new Map([...parked].filter(([offset]) => offset !== due.offset)),
    };
  }

  async function save({ batch, ...after }: Plan): Promise<void> {
    plan = undefined;
    const outcome = await store.save(batch);
    if (outcome.kind === "fenced") epoch = undefined;
    if (outcome.kind === "saved") ({ next, parked } = after);
  }

  return {
    claim,
    get done(): boolean {
      return epoch !== undefined && plan === undefined && next === records.length && parked.size === 0;
    },
    async step(): Promise<void> {
      if (epoch === undefined) await claim();
      else if (plan !== undefined) await save(plan);
      else if (parked.size > 0 && (next === records.length || parked.size % 2 === 1)) await planRetry();
      else if (next < records.length) await planBatch();
    },
  };
}

export function describeInterleavings(instances: StoreInstances): void {
  test("however two workers take a source from each other, each record has its effect once and in order", async () => {
    const record = fc.record({ order: fc.nat(2), fails: fc.boolean() });
    const turn = fc.constantFrom("left", "right", "both", "left claims", "right claims");
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 10 }),
        fc.array(turn, { maxLength: 40 }),
        async (records, turns) => {
          run += 1;
          const source = `run-${run}/0`;
          const left = createWorker(instances.store, source, records);
          const right = createWorker(instances.neighbour, source, records);
          for (const whose of turns) {
            if (whose === "left" || whose === "both") await left.step();
            if (whose === "right") await right.step();
            if (whose === "both") await Promise.all([left.step(), right.step()]);
            if (whose === "left claims") await left.claim();
            if (whose === "right claims") await Promise.all([right.claim(), left.step()]);
          }
          // Bounded, so that a store which loses progress fails here instead of never ending.
          for (let steps = 0; !left.done && steps < 500; steps++) await left.step();
          expect(left.done).toBe(true);

          const offsets = new Map<string, number[]>();
          records.forEach(({ order }, offset) => {
            const orderId = `${source}-${order}`;
            offsets.set(orderId, [...(offsets.get(orderId) ?? []), offset]);
          });
          const stored = await instances.store.load([...offsets.keys()]);
          expect(new Map([...stored].map(([orderId, { status }]) => [orderId, status]))).toEqual(
            new Map([...offsets].map(([orderId, applied]) => [orderId, applied.join(",")])),
          );
          expect(await instances.store.countParked()).toEqual({ waiting: 0, behind: 0, dead: 0 });
        },
      ),
      { numRuns: 80 },
    );
  });
}
