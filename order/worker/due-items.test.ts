import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createTestClock } from "../../service/test-clock.ts";
import type { DueRecord, ParkedId, ParkedRecord } from "../store/parked-records.ts";
import { createDueItems } from "./due-items.ts";
import { createAssignedPartition } from "./partition.ts";
import type { RecordReader } from "./record-reader.ts";

const source = "order-events/0";
const reader: RecordReader = {
  read: () => ({ kind: "unreadable", reason: "not_avro_framed", message: "", decoded: null }),
  resolve: () => Promise.resolve("known"),
};

function parked(offset: number, lane: string, dueAtMs: number | null): ParkedRecord {
  const original = {
    topic: "order-events",
    partition: 0,
    offset,
    timestampMs: 0,
    key: Buffer.from(lane),
    value: null,
    headers: [],
  };
  const state = dueAtMs === null ? "behind" : "waiting";
  const event = { eventType: null, eventId: null, schemaId: null, eventJson: null };
  return { source, offset, lane, groupId: "g", state, attempts: [], dueAtMs, death: null, original, event };
}

function openBench(rows: readonly ParkedRecord[]) {
  const clock = createTestClock(0);
  const orders: DueRecord[] = [];
  const looks: number[] = [];
  const isAsked = (ids: readonly ParkedId[]) => (row: ParkedRecord) =>
    ids.some(({ offset }) => offset === row.offset);
  const store = {
    loadParked: (ids: readonly ParkedId[]) => Promise.resolve(rows.filter(isAsked(ids))),
    listDue: () => {
      looks.push(clock.nowMs());
      return Promise.resolve(orders);
    },
  };
  const partition = createAssignedPartition({ topic: "order-events", partition: 0 }, "g", source);
  partition.state = "claimed";
  partition.lanes.replace(rows);
  const stale: string[] = [];
  const due = createDueItems(store, reader, clock, (own) => void stale.push(own.source));
  return { clock, orders, looks, stale, partition, due };
}

describe("due items", () => {
  test("are whole lanes from their first record on, never one before its time, and about as many as asked for", async () => {
    const laneSpec = fc.record({ dueAtMs: fc.integer({ min: 1, max: 2000 }), behind: fc.nat(5) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(laneSpec, { maxLength: 12 }),
        fc.nat(2000),
        fc.integer({ min: 1, max: 8 }),
        async (specs, nowMs, limit) => {
          let offset = 0;
          const rows = specs.flatMap(({ dueAtMs, behind }, index) =>
            Array.from({ length: behind + 1 }, (_, place) =>
              parked(offset++, `lane ${index}`, place === 0 ? dueAtMs : null),
            ),
          );
          const { clock, partition, due } = openBench(rows);
          clock.advance(nowMs);
          const taken = (await due.take([partition], limit)).map(({ record }) => record.offset);
          const lanesTaken = new Set(
            rows.filter((row) => taken.includes(row.offset)).map(({ lane }) => lane),
          );
          for (const lane of lanesTaken) {
            const offsets = rows.filter((row) => row.lane === lane).map((row) => row.offset);
            expect(rows.find((row) => row.lane === lane)?.dueAtMs ?? 0).toBeLessThanOrEqual(nowMs);
            const own = taken.filter((other) => offsets.includes(other));
            expect(own).toEqual(offsets.slice(0, own.length));
          }
          expect(taken.length).toBeLessThanOrEqual(limit);
          const dueAt = specs.map(({ dueAtMs }) => dueAtMs);
          expect(taken.length > 0).toBe(dueAt.some((dueAtMs) => dueAtMs <= nowMs));
          if (rows.length > 0) {
            const nextMs = Math.min(nowMs + 500, ...dueAt.filter((dueAtMs) => dueAtMs > nowMs));
            expect(due.nextLookMs([partition])).toBe(nextMs);
          }
        },
      ),
    );
  });

  test("ask the store for orders of operators twice a second at most, and at once when told", async () => {
    const { clock, looks, partition, due } = openBench([parked(0, "A", 60_000)]);
    for (let step = 0; step < 20; step += 1) {
      await due.take([partition], 10);
      clock.advance(100);
    }
    expect(looks).toEqual([0, 500, 1000, 1500]);
    due.lookNow();
    await due.take([partition], 10);
    expect(looks).toHaveLength(5);
  });

  test("a record that an operator ends comes without the rest of its lane", async () => {
    const { orders, partition, due } = openBench([
      parked(0, "A", 0),
      parked(1, "A", null),
      parked(2, "B", 0),
    ]);
    orders.push({ source, offset: 1, lane: "A", state: "behind", dueAtMs: null, order: "dead-letter" });
    const taken = await due.take([partition], 10);
    expect(taken.map(({ record, deathOrdered }) => [record.offset, deathOrdered])).toEqual([
      [1, true],
      [2, false],
    ]);
  });

  test("cost nothing while nothing is parked", async () => {
    const { looks, partition, due } = openBench([]);
    expect(await due.take([partition], 10)).toEqual([]);
    expect(due.nextLookMs([partition])).toBeUndefined();
    expect(looks).toEqual([]);
  });

  test("that the store has no longer, or has as dead, show that the partition is not as it is remembered", async () => {
    const rows = [parked(1, "A", 10), parked(2, "B", 10), parked(3, "C", 10)];
    for (const found of [
      rows.slice(1),
      rows.map((row) => (row.offset === 2 ? { ...row, state: "dead" as const } : row)),
    ]) {
      const bench = openBench(found);
      bench.partition.lanes.replace(rows);
      bench.clock.advance(20);
      expect(await bench.due.take([bench.partition], 10)).toHaveLength(2);
      expect(bench.stale).toEqual([source]);
    }
    const bench = openBench(rows);
    bench.clock.advance(20);
    expect(await bench.due.take([bench.partition], 10)).toHaveLength(3);
    expect(bench.stale).toEqual([]);
  });
});
