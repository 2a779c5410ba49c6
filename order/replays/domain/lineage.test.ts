import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { RecordHeader } from "../../../kafka/record.ts";
import { lineageHeaders, originalOf, readLineage, type ReplayLineage } from "./lineage.ts";

const lineage: ReplayLineage = {
  letterId: "order-events/2@1f2e3d4c/17",
  jobId: "0190f6a2-6d7e-7c0c-9d0e-3b7a5f1c2d4e",
  number: 4,
  topic: "order-events",
  partition: 2,
  offset: 17,
  timestampMs: 1_788_000_000_000,
};
const header = fc.tuple(
  fc.oneof(fc.string(), fc.constantFrom("orderwire-replay-of", "orderwire-original", "event-id")),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
);

test("the lineage comes back, and taking it off gives the original's own headers, forged ones included", () => {
  const anyLineage = fc.record({
    letterId: fc.constantFrom("a/0/1", "order-events/2@life/17"),
    jobId: fc.uuid(),
    number: fc.integer({ min: 1, max: 10_000_000 }),
    topic: fc.constantFrom("order-events", "order-status-updates"),
    partition: fc.nat(100),
    offset: fc.maxSafeNat(),
    timestampMs: fc.option(fc.integer()),
  });
  fc.assert(
    fc.property(anyLineage, fc.array(header, { maxLength: 12 }), (given, own: RecordHeader[]) => {
      const headers = [...own, ...lineageHeaders(given)];
      expect(readLineage(headers)).toEqual(given);
      const key = Buffer.from("ORD-1");
      const replay = { topic: "replays", partition: 9, offset: 9, timestampMs: 9, key, value: key, headers };
      const { topic, partition, offset, timestampMs } = given;
      expect(originalOf(replay, given)).toEqual({
        ...replay,
        topic,
        partition,
        offset,
        timestampMs,
        headers: own,
      });
    }),
  );
});

test("headers that are not exactly ours are no lineage", () => {
  const headers = lineageHeaders(lineage);
  expect(readLineage([])).toBeUndefined();
  expect(readLineage(headers.toReversed())).toBeUndefined();
  expect(readLineage([...headers, ["x", Buffer.alloc(0)]])).toBeUndefined();
  for (const [index, value] of [
    [0, null],
    [2, "1.5"],
    [2, "-1"],
    [3, "order-events/0"],
    [3, "a b/0/1"],
    [4, "soon"],
    [0, "x".repeat(500)],
  ] as const) {
    const bytes = value === null ? null : Buffer.from(value);
    const forged = headers.map(([name, own], place): RecordHeader => [name, place === index ? bytes : own]);
    expect(readLineage(forged)).toBeUndefined();
  }
});
