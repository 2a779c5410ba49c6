import { describe, expect, test } from "bun:test";
import { createPartitionGate } from "./partition-gate.ts";
import type { KafkaRecord, TopicPartition } from "./record.ts";

const p = (partition: number): TopicPartition => ({ topic: "t", partition });
const record = (partition: number, offset: number): KafkaRecord => ({
  topic: "t",
  partition,
  offset,
  timestampMs: null,
  key: null,
  value: null,
  headers: [],
});
const names = (records: readonly KafkaRecord[]): readonly string[] =>
  records.map(({ partition, offset }) => `${partition}/${offset}`);

function openGate(keepLimit = 100, assigned: readonly TopicPartition[] = [p(0), p(1)]) {
  const gate = createPartitionGate(keepLimit);
  gate.assign(assigned);
  gate.beginPoll();
  return gate;
}

describe("the gate of assigned partitions", () => {
  test("what comes for assigned partitions passes as it is", () => {
    const batch = [record(0, 1), record(1, 1)];
    expect(openGate().admit(batch)).toBe(batch);
  });

  test("records of a paused partition are kept, in order, and pass first when it is resumed", () => {
    const gate = openGate();
    gate.pause([p(0)]);
    expect(names(gate.admit([record(0, 1), record(1, 1), record(0, 2)]))).toEqual(["1/1"]);
    expect(gate.admit([record(0, 3)])).toEqual([]);
    expect(gate.resume([p(0)])).toEqual([]);
    expect(names(gate.admit([record(0, 4), record(1, 2)]))).toEqual(["0/1", "0/2", "0/3", "0/4", "1/2"]);
  });

  test("a partition that is paused again before its kept records passed keeps them, in order", () => {
    const gate = openGate();
    gate.pause([p(0)]);
    gate.admit([record(0, 1)]);
    gate.resume([p(0)]);
    gate.pause([p(0)]);
    expect(gate.admit([record(0, 2)])).toEqual([]);
    gate.resume([p(0)]);
    expect(names(gate.admit([]))).toEqual(["0/1", "0/2"]);
  });

  test("the client is asked to stop paused partitions once, when too much is kept, and only those", () => {
    const gate = openGate(2);
    gate.pause([p(0)]);
    gate.admit([record(0, 1), record(0, 2)]);
    expect(gate.takeOverfull()).toEqual([]);
    gate.admit([record(0, 3)]);
    expect(gate.takeOverfull()).toEqual([p(0)]);
    gate.admit([record(0, 4)]);
    expect(gate.takeOverfull()).toEqual([]);
    expect(gate.resume([p(0), p(1)])).toEqual([p(0)]);
    expect(gate.resume([p(0)])).toEqual([]);
  });

  test("it is shut while every assigned partition is paused, and only then", () => {
    const gate = openGate();
    expect(gate.isShut).toBe(false);
    gate.pause([p(0)]);
    expect(gate.isShut).toBe(false);
    gate.pause([p(1)]);
    expect(gate.isShut).toBe(true);
    gate.forget([p(0)]);
    expect(gate.isShut).toBe(true);
    gate.resume([p(1)]);
    expect(gate.isShut).toBe(false);
    gate.pause([p(1)]);
    gate.forget([p(1)]);
    expect(gate.isShut).toBe(false);
  });

  test("what is kept counts over all partitions, and no longer once it has passed or was dropped", () => {
    const gate = openGate(2);
    gate.pause([p(0), p(1)]);
    gate.admit([record(0, 1), record(1, 1), record(1, 2)]);
    gate.forget([p(1)]);
    gate.resume([p(0)]);
    gate.admit([]);
    gate.pause([p(0)]);
    gate.admit([record(0, 2), record(0, 3)]);
    expect(gate.takeOverfull()).toEqual([]);
  });

  test("a forgotten partition's records are dropped, also those that were kept or released", () => {
    const gate = openGate();
    gate.pause([p(0), p(1)]);
    gate.admit([record(0, 1), record(1, 1)]);
    gate.resume([p(0)]);
    expect(gate.forget([p(0), p(1), p(7)])).toEqual({ known: [p(0), p(1)], stopped: [] });
    expect(gate.admit([record(0, 2), record(1, 2)])).toEqual([]);
    expect(gate.assignment).toEqual([]);
  });

  test("a pause is forgotten with its partition: assigned again, its records pass", () => {
    const gate = openGate(0);
    gate.pause([p(0)]);
    gate.admit([record(0, 1)]);
    gate.takeOverfull();
    expect(gate.forget([p(0)])).toEqual({ known: [p(0)], stopped: [p(0)] });
    gate.assign([p(0)]);
    gate.beginPoll();
    expect(names(gate.admit([record(0, 1)]))).toEqual(["0/1"]);
  });

  test("pausing and resuming what is not assigned does nothing", () => {
    const gate = openGate();
    gate.pause([p(5)]);
    expect(gate.resume([p(5)])).toEqual([]);
    gate.assign([p(5)]);
    expect(names(gate.admit([record(5, 1)]))).toEqual(["5/1"]);
  });

  test("a commit is allowed while a partition is assigned or its work is being finished", () => {
    const gate = openGate();
    expect([gate.mayCommit(p(0)), gate.mayCommit(p(9))]).toEqual([true, false]);
    gate.forget([p(0)]);
    gate.beginFinishing([p(0)]);
    expect(gate.mayCommit(p(0))).toBe(true);
    gate.endFinishing([p(0)]);
    expect(gate.mayCommit(p(0))).toBe(false);
  });
});
