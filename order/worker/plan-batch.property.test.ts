// What must hold for any batch, whatever fails in it.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { OrderEvent } from "../domain/order.ts";
import { retryPolicies } from "../domain/verdict.ts";
import { createAssignedPartition } from "./partition.ts";
import { planBatch } from "./plan-batch.ts";
import type { Reading } from "./record-reader.ts";
import type { WorkItem } from "./work-item.ts";

const policies = retryPolicies({ maxRetries: 3, backoffMs: 1000, maxBackoffMs: 30_000 });
const partitions = [0, 1].map((partition) =>
  createAssignedPartition({ topic: "t", partition }, "g", `t/${partition}`),
);

const spec = fc.record({
  orderId: fc.constantFrom("A", "B", "C"),
  partition: fc.constantFrom(0, 1),
  isCreate: fc.boolean(),
  eventType: fc.constantFrom<OrderEvent["eventType"][]>("Order", "OrderStatusUpdate", "OrderEvent"),
  fails: fc.constantFrom<("no" | "simulated" | "unreadable")[]>("no", "no", "no", "simulated", "unreadable"),
  isHeld: fc.constantFrom(false, false, false, true),
});
type Spec = typeof spec extends fc.Arbitrary<infer Value> ? Value : never;

function toItem({ orderId, partition: index, isCreate, eventType, fails }: Spec, offset: number): WorkItem {
  const partition = partitions[index];
  if (partition === undefined) throw new RangeError(`partition ${index}`);
  const decoded = { name: eventType, event: {}, schemaId: 1 } as Extract<
    Reading,
    { kind: "event" }
  >["decoded"];
  const event: OrderEvent = isCreate
    ? {
        kind: "create",
        eventType,
        orderId,
        customerId: "C",
        orderDate: "",
        items: [],
        totalCents: 1,
        currency: "USD",
        status: "new",
      }
    : { kind: "status", eventType, orderId, status: `after ${offset}` };
  return {
    partition,
    record: {
      topic: "t",
      partition: index,
      offset,
      timestampMs: 0,
      key: Buffer.from(orderId),
      value: null,
      headers: [],
    },
    reading:
      fails === "unreadable"
        ? { kind: "unreadable", reason: "not_avro_framed", message: "", decoded: null }
        : { kind: "event", event, eventId: null, decoded },
    lane: orderId,
    delivery: { offset, settled: false, partition },
    parked: null,
    deathOrdered: false,
  };
}

describe("any batch", () => {
  test("ends each record once, keeps each lane's order, and counts each effect", () => {
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 30 }), (specs) => {
        const items = specs.map(toItem);
        const failing = {
          kind: "processing",
          reason: "simulated_failure",
          errorType: "E",
          message: "m",
        } as const;
        const specOf = (item: WorkItem) => specs[item.record.offset];
        const plan = planBatch(items, new Map(), {
          policies,
          nowMs: 100,
          isHeld: (item) => specOf(item)?.isHeld === true,
          failureOf: (item) => (specOf(item)?.fails === "simulated" ? failing : undefined),
        });
        expect(plan.ends).toHaveLength(items.length);
        expect([plan.repark, plan.unpark]).toEqual([[], []]);

        const blocked = new Set<string>();
        const versions = new Map<string, number>();
        for (const [index, item] of items.entries()) {
          const end = plan.ends[index]?.kind;
          const lane = `${item.partition.source} ${item.lane}`;
          if (item.reading.kind === "unreadable") {
            expect(end).toBe("dead");
            continue;
          }
          if (blocked.has(lane) || specs[index]?.isHeld === true) expect(end).toBe("behind");
          if (end === "behind" || end === "waiting") blocked.add(lane);
          if (end === "done") versions.set(item.lane, (versions.get(item.lane) ?? 0) + 1);
        }
        expect(new Map(plan.changes.map(({ order }) => [order.orderId, order.version]))).toEqual(versions);
        expect(plan.changes.every(({ expectedVersion }) => expectedVersion === 0)).toBe(true);
        const parked = items
          .filter((_, index) => plan.ends[index]?.kind !== "done")
          .map(({ record }) => record.offset);
        expect(plan.park.map(({ offset }) => offset)).toEqual(parked);
      }),
    );
  });
});
