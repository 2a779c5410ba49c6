import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { eventHeaders, readEventHeaders } from "./event-headers.ts";

const eventId = "0190163d-8694-739b-aea5-966c26f8ad91";
const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("what cart writes is what order reads", () => {
  expect(eventHeaders({ eventId, traceparent }).map(([name]) => name)).toEqual(["event-id", "traceparent"]);
  expect(readEventHeaders(eventHeaders({ eventId, traceparent }))).toEqual({ eventId, traceparent });
  expect(readEventHeaders(eventHeaders({ eventId }))).toEqual({ eventId });
  expect(readEventHeaders([])).toEqual({});
});

test("a client's traceparent that is not in its form is not passed on", () => {
  expect(eventHeaders({ eventId, traceparent: `${traceparent}\n` })).toHaveLength(1);
  expect(eventHeaders({ eventId: "1", traceparent })).toHaveLength(1);
});

test("the last header of a name decides, also when it is invalid", () => {
  const other = "11111111-2222-4333-8444-555555555555";
  const valid = Buffer.from(eventId);
  expect(
    readEventHeaders([
      ["event-id", Buffer.from(other)],
      ["event-id", valid],
    ]),
  ).toEqual({ eventId });
  expect(
    readEventHeaders([
      ["event-id", valid],
      ["event-id", Buffer.from("x")],
    ]),
  ).toEqual({});
  expect(
    readEventHeaders([
      ["event-id", valid],
      ["event-id", null],
    ]),
  ).toEqual({});
});

test("an event id in capitals is the same event", () => {
  expect(readEventHeaders([["event-id", Buffer.from(eventId.toUpperCase())]])).toEqual({ eventId });
});

describe("a forged header counts as absent", () => {
  const forged: [string, string, Buffer | null][] = [
    ["a null event id", "event-id", null],
    ["an empty event id", "event-id", Buffer.alloc(0)],
    ["an event id of ten megabytes", "event-id", Buffer.alloc(10 * 1024 * 1024, 0x61)],
    ["the sixteen raw bytes of a UUID", "event-id", Buffer.alloc(16, 1)],
    ["36 bytes that are no UUID", "event-id", Buffer.alloc(36, 0xff)],
    ["an event id with a NUL behind it", "event-id", Buffer.from(`${eventId}\0`)],
    ["an all-zero trace id", "traceparent", Buffer.from(`00-${"0".repeat(32)}-00f067aa0ba902b7-01`)],
    [
      "an all-zero span id",
      "traceparent",
      Buffer.from(`00-4bf92f3577b34da6a3ce929d0e0e4736-${"0".repeat(16)}-01`),
    ],
    ["version ff", "traceparent", Buffer.from(`ff${traceparent.slice(2)}`)],
    ["capitals, which the trace context forbids", "traceparent", Buffer.from(traceparent.toUpperCase())],
    ["a header whose name differs in case", "Event-Id", Buffer.from(eventId)],
  ];
  test.each(forged)("%s", (_what, name, value) => {
    expect(readEventHeaders([[name, value]])).toEqual({});
  });
});

test("no header, however odd, makes reading throw, and five thousand of them do no harm", () => {
  const header = fc.tuple(
    fc.oneof(fc.constantFrom("event-id", "traceparent", "__proto__"), fc.string()),
    fc.option(fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes))),
  );
  fc.assert(
    fc.property(fc.array(header), (headers) => {
      const read = readEventHeaders(headers);
      expect(Object.values(read).every((value) => typeof value === "string")).toBe(true);
    }),
  );
  const many = Array.from({ length: 5_000 }, (): [string, Buffer] => ["x-noise", Buffer.alloc(8)]);
  expect(readEventHeaders([["event-id", Buffer.from(eventId)], ...many])).toEqual({ eventId });
});
