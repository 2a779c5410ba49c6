import { describe, expect, test } from "bun:test";
import { openCodec } from "../../schemas/codec.ts";
import { createMockRegistry } from "../../schemas/mock-registry.ts";
import { createRecordReader } from "../worker/record-reader.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import { diffOf, encodeEdited } from "./edited-event.ts";
import { checkEdited } from "./check-edited.ts";
import { startEdited } from "./start-edited.ts";
import { letterAt } from "./store/replay-store.spec.ts";

const topic = "order-events";

async function openTestCodec() {
  const codec = openCodec({
    registry: createMockRegistry(),
    subjects: [
      [topic, "Order"],
      [topic, "OrderEvent"],
    ],
  });
  await codec.ready();
  return codec;
}

describe("an edited event", () => {
  const update = {
    orderId: "A",
    eventType: "UPDATE",
    timestamp: "2026-03-02T09:30:00.000Z",
    payload: { status: "x" },
  };

  test("that fits its schema becomes bytes, and those become the event again", async () => {
    const codec = await openTestCodec();
    const encoded = encodeEdited(codec, topic, "OrderEvent", update);
    if (!encoded.ok || !encoded.value.ok) throw new Error("not encoded");
    const { key } = { key: Buffer.from("A") };
    const record = {
      topic,
      partition: 0,
      offset: 0,
      timestampMs: 0,
      key,
      value: encoded.value.value,
      headers: [],
    };
    expect(createRecordReader(codec).read(record)).toMatchObject({
      kind: "event",
      event: { orderId: "A", status: "x" },
    });
    codec.close();
  });

  test.each([
    ["OrderEvent", { ...update, payload: {} }],
    ["OrderEvent", { ...update, eventType: "DELETE" }],
    ["OrderEvent", { ...update, more: 1 }],
    ["Order", { orderId: "A" }],
    ["OrderStatusUpdate", { orderId: "A", status: null }],
    [null, update],
  ])("of type %p that does not fit is refused by lines", async (eventType, event) => {
    const codec = await openTestCodec();
    const refused = encodeEdited(codec, topic, eventType, event);
    expect(refused).toMatchObject({ ok: false, failure: { code: "invalid_request" } });
    codec.close();
  });
});

test("a diff names each value that differs, and is bounded", () => {
  const before = { a: 1, b: { c: "x", d: [1, 2] }, e: true };
  const after = { a: 1, b: { c: "y", d: [1, 3, 4] }, f: null };
  expect(diffOf(before, after).split("\n")).toEqual([
    'b.c: "x" → "y"',
    "b.d.1: 2 → 3",
    "b.d.2: nothing → 4",
    "e: true → nothing",
    "f: nothing → null",
  ]);
  expect(diffOf(before, before)).toBe("nothing was changed");
  expect(diffOf({ a: "x".repeat(9000) }, {}).length).toBeLessThanOrEqual(4000);
});

test("while somebody types, problems and changes are told, and nothing is written", async () => {
  const store = await openOrderStore(undefined);
  await store.deadLetters.add([letterAt(0)]);
  const codec = await openTestCodec();
  const options = { store, codec, reader: createRecordReader(codec), isOurs: () => true };
  const check = (event: Record<string, unknown>) => checkEdited(options, { id: "order-events/0/0", event });
  const broken = await check({ orderId: "ORD-0", items: "none" });
  expect(broken).toMatchObject({
    ok: true,
    value: { changes: [{ path: "items", before: null, after: '"none"' }] },
  });
  expect(broken.ok && broken.value.problems.some((problem) => problem.includes("'items'"))).toBe(true);
  const other = { orderId: "ORD-1", customerId: "C", orderDate: "2026-03-02T09:30:00.000Z", items: [] };
  const amounts = { totalAmount: 1, currency: "USD", status: "new" };
  const foreign = await check({ ...other, ...amounts });
  expect(foreign.ok && foreign.value.problems.length).toBe(1);
  expect(await check({})).toMatchObject({ ok: true });
  expect(await checkEdited(options, { id: "order-events/0/9", event: {} })).toMatchObject({
    ok: false,
    failure: { code: "not_found" },
  });
  expect(await store.replays.list({ limit: 9 })).toEqual([]);
  codec.close();
  await store.close();
});

test("what is on no topic of systems A and B is not to be edited, and that is said while somebody types", async () => {
  const store = await openOrderStore(undefined);
  await store.deadLetters.add([letterAt(0)]);
  const codec = await openTestCodec();
  const options = { store, codec, reader: createRecordReader(codec), isOurs: () => false };
  expect(await checkEdited(options, { id: "order-events/0/0", event: { orderId: 7 } })).toMatchObject({
    ok: true,
    value: { problems: [expect.stringMatching(/systems A and B.*replay this one as it is, or discard it/)] },
  });
  codec.close();
  await store.close();
});

test("editing is off unless it was switched on, and then nothing is written", async () => {
  const store = await openOrderStore(undefined);
  await store.deadLetters.add([letterAt(0)]);
  const codec = await openTestCodec();
  const outcome = await startEdited(
    {
      store,
      codec,
      reader: createRecordReader(codec),
      isEditingOn: false,
      isOurs: () => true,
      newId: () => "id",
      now: () => 0,
      onOrdered: () => undefined,
    },
    { id: "order-events/0/0", event: {}, reason: "why" },
    { requestId: "r" },
  );
  expect(outcome).toMatchObject({ ok: false, failure: { code: "invalid_request" } });
  expect(await store.audit.list({ limit: 9 })).toEqual([]);
  expect(await store.replays.list({ limit: 9 })).toEqual([]);
  codec.close();
  await store.close();
});
