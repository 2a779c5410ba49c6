import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { createInbox } from "./inbox.ts";
import { createAssignedPartition } from "./partition.ts";
import { type DeliveredItem, readDelivered } from "./read-items.ts";
import type { RecordReader } from "./record-reader.ts";

const reader: RecordReader = {
  read: () => ({ kind: "unreadable", reason: "not_avro_framed", message: "", decoded: null }),
  resolve: () => Promise.resolve("known"),
};

const step = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), partition: fc.nat(2) }),
  fc.record({ kind: fc.constant("take" as const), limit: fc.integer({ min: 1, max: 5 }), keep: fc.nat(5) }),
  fc.record({ kind: fc.constant("state" as const), partition: fc.nat(2), isClaimed: fc.boolean() }),
);

describe("the inbox", () => {
  test("hands out each record once and in its partition's order, whatever is put back and whoever is claimed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const inbox = createInbox();
        const partitions = [0, 1, 2].map((partition) =>
          createAssignedPartition({ topic: "t", partition }, "g", `t/${partition}`),
        );
        const pushed = [0, 0, 0];
        const done: number[] = [0, 0, 0];
        const take = (limit: number, keep: number) => {
          const taken = inbox.take(limit);
          expect(taken.length).toBeLessThanOrEqual(limit);
          for (const { partition, delivery } of taken.slice(0, keep)) {
            expect(partition.state).toBe("claimed");
            expect(delivery.offset).toBe(done[partition.partition] ?? -1);
            done[partition.partition] = delivery.offset + 1;
          }
          inbox.putBack(taken.slice(keep));
        };
        const push = (index: number) => {
          const partition = partitions[index];
          if (partition === undefined) return;
          const offset = pushed[index] ?? 0;
          pushed[index] = offset + 1;
          const record = {
            topic: "t",
            partition: index,
            offset,
            timestampMs: 0,
            key: null,
            value: null,
            headers: [],
          };
          const item: DeliveredItem = readDelivered(reader, record, partition, {
            offset,
            settled: false,
            partition,
          });
          inbox.push(item);
        };
        for (const next of steps) {
          if (next.kind === "push") push(next.partition);
          else if (next.kind === "take") take(next.limit, next.keep);
          else {
            const partition = partitions[next.partition];
            if (partition !== undefined) partition.state = next.isClaimed ? "claimed" : "unclaimed";
          }
          expect(inbox.length).toBe(
            pushed.reduce((sum, count, index) => sum + count - (done[index] ?? 0), 0),
          );
        }
        for (const partition of partitions) partition.state = "claimed";
        take(1000, 1000);
        expect(done).toEqual(pushed);
      }),
    );
  });

  test("forgets what belongs to others now, also when it is put back", () => {
    const inbox = createInbox();
    const partition = createAssignedPartition({ topic: "t", partition: 0 }, "g", "t/0");
    partition.state = "claimed";
    for (const offset of [0, 1, 2]) {
      const record = {
        topic: "t",
        partition: 0,
        offset,
        timestampMs: 0,
        key: null,
        value: null,
        headers: [],
      };
      inbox.push(readDelivered(reader, record, partition, { offset, settled: false, partition }));
    }
    const taken = inbox.take(1);
    partition.state = "gone";
    inbox.putBack(taken);
    inbox.dropForeign();
    expect(inbox.length).toBe(0);
  });
});
