import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type AssignedPartition, createAssignedPartition } from "../worker/partition.ts";
import { createDecisionInbox } from "./decision-inbox.ts";
import { recordOf, type TakenDecision, toTaken } from "./decision-items.ts";

function partitionOf(topic: string): AssignedPartition {
  const partition = createAssignedPartition({ topic, partition: 0 }, "g", topic);
  partition.state = "claimed";
  return partition;
}

function decision(
  partition: AssignedPartition,
  offset: number,
  timestampMs: number,
  bytes = 10,
): TakenDecision {
  const { topic } = partition;
  const value = Buffer.alloc(bytes);
  const record = { topic, partition: 0, offset, timestampMs, key: null, value, headers: [] };
  return toTaken(record, { offset, settled: false, partition });
}

const places = (taken: readonly TakenDecision[]) =>
  taken.map(({ delivery: { partition, offset } }) => `${partition.topic}${offset}`);

const step = fc.oneof(
  fc.record({ kind: fc.constant("push" as const), partition: fc.nat(2), timestampMs: fc.nat(9) }),
  fc.record({ kind: fc.constant("take" as const), limit: fc.integer({ min: 1, max: 5 }), keep: fc.nat(5) }),
  fc.record({ kind: fc.constant("state" as const), partition: fc.nat(2), isClaimed: fc.boolean() }),
);

const none = Buffer.alloc(0);
const bytes = fc.option(fc.uint8Array({ maxLength: 20 }).map((some) => Buffer.from(some)));

describe("the inbox of decisions", () => {
  test("a record that has waited is the record that was delivered, in one buffer with others or not", () => {
    fc.assert(
      fc.property(
        bytes,
        bytes,
        fc.boolean(),
        fc.option(fc.nat()),
        (key, value, isOfOneFetch, timestampMs) => {
          const partition = partitionOf("p");
          const fetched = Buffer.concat([
            Buffer.from("before"),
            key ?? none,
            value ?? none,
            Buffer.from("after"),
          ]);
          const valueAt = 6 + (key?.length ?? 0);
          const record = {
            topic: "p",
            partition: 0,
            offset: 7,
            timestampMs,
            key: isOfOneFetch && key !== null ? fetched.subarray(6, valueAt) : key,
            value: isOfOneFetch && value !== null ? fetched.subarray(valueAt, valueAt + value.length) : value,
            headers: [["trace", Buffer.from("x")] as const],
          };
          const taken = toTaken(record, { offset: 7, settled: false, partition });
          expect(recordOf(taken)).toEqual(record);
        },
      ),
    );
  });

  test("brings the halves of an order into one batch, though the topics came one after the other", () => {
    const inbox = createDecisionInbox();
    const [payment, stock] = [partitionOf("p"), partitionOf("s")];
    for (let offset = 0; offset < 100; offset += 1) inbox.push(decision(payment, offset, offset));
    for (let offset = 0; offset < 100; offset += 1) inbox.push(decision(stock, offset, offset));
    expect(places(inbox.take(6))).toEqual(["p0", "s0", "p1", "s1", "p2", "s2"]);
    expect(inbox.length).toBe(194);
  });

  test("takes something of each partition every time, whatever its times say", () => {
    const inbox = createDecisionInbox();
    const [now, future] = [partitionOf("n"), partitionOf("f")];
    for (let offset = 0; offset < 4; offset += 1)
      inbox.push(decision(future, offset, Number.MAX_SAFE_INTEGER));
    for (let offset = 0; offset < 9; offset += 1) inbox.push(decision(now, offset, 1));
    expect(places(inbox.take(3))).toEqual(["n0", "f0", "n1"]);
    expect(places(inbox.take(3))).toEqual(["n2", "f1", "n3"]);
  });

  test("hands out each record once and in its partition's order, whatever is put back and whoever is claimed", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const inbox = createDecisionInbox();
        const partitions = ["a", "b", "c"].map(partitionOf);
        const pushed = new Map(partitions.map((partition) => [partition, 0]));
        const done = new Map(partitions.map((partition) => [partition, 0]));
        const take = (limit: number, keep: number) => {
          const taken = inbox.take(limit);
          expect(taken.length).toBeLessThanOrEqual(limit);
          for (const { delivery } of taken.slice(0, keep)) {
            const { partition, offset } = delivery;
            expect(partition.state).toBe("claimed");
            expect(offset).toBe(done.get(partition) ?? -1);
            done.set(partition, offset + 1);
          }
          inbox.putBack(taken.slice(keep));
        };
        for (const next of steps) {
          const partition = next.kind === "take" ? undefined : partitions[next.partition];
          if (next.kind === "take") take(next.limit, next.keep);
          else if (partition === undefined) continue;
          else if (next.kind === "state") partition.state = next.isClaimed ? "claimed" : "unclaimed";
          else {
            const offset = pushed.get(partition) ?? 0;
            pushed.set(partition, offset + 1);
            inbox.push(decision(partition, offset, next.timestampMs));
          }
          const waiting = partitions.reduce(
            (sum, own) => sum + (pushed.get(own) ?? 0) - (done.get(own) ?? 0),
            0,
          );
          expect(inbox.length).toBe(waiting);
        }
        for (const partition of partitions) partition.state = "claimed";
        take(1000, 1000);
        expect(done).toEqual(pushed);
        expect(inbox.load).toBe(0);
      }),
    );
  });

  test("forgets what belongs to others now, also when it is put back", () => {
    const inbox = createDecisionInbox();
    const partition = partitionOf("p");
    for (let offset = 0; offset < 3; offset += 1) inbox.push(decision(partition, offset, offset));
    const taken = inbox.take(1);
    partition.state = "gone";
    inbox.dropForeign();
    inbox.putBack(taken);
    expect([inbox.length, inbox.load]).toEqual([0, 0]);
  });

  test("counts a record of a megabyte as many, and half while a partition has nothing here", () => {
    const inbox = createDecisionInbox();
    const [payment, stock] = [partitionOf("p"), partitionOf("s")];
    inbox.push(decision(payment, 0, 0, 1024 * 1024));
    expect(inbox.load).toBe(256);
    inbox.push(decision(stock, 0, 0));
    inbox.take(1);
    inbox.push(decision(payment, 1, 0));
    inbox.take(2);
    inbox.push(decision(payment, 2, 0));
    expect(inbox.load).toBe(0.5);
  });
});
