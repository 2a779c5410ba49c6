import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { tailedRecordSchema } from "../../contract/topics.ts";
import type { KafkaRecord } from "../../kafka/record.ts";
import type { Codec } from "../../schemas/codec.ts";
import { tellRecord } from "./tell-record.ts";

const event = { orderId: "ORD-1", status: "shipped", updateTimestamp: "t", eventType: "STATUS_UPDATE" };

/** Knows one schema, once it was asked for it. */
function createCodec(): Pick<Codec, "decode" | "resolve"> & { readonly asked: number } {
  let asked = 0;
  return {
    get asked() {
      return asked;
    },
    decode(_topic, value) {
      if (asked === 0) return { ok: false, failure: { kind: "unresolved-schema", schemaId: 7 } };
      if (value?.[4] === 7) {
        return { ok: true, value: { name: "OrderStatusUpdate", event, schemaId: 7 } };
      }
      const failure = { kind: "undecodable", reason: "truncated", message: "It ends too early." } as const;
      return { ok: false, failure };
    },
    async resolve() {
      asked += 1;
      return "known";
    },
  };
}

function recordOf(differences: Partial<KafkaRecord> = {}): KafkaRecord {
  return {
    topic: "order-events",
    partition: 1,
    offset: 42,
    timestampMs: Date.parse("2026-03-02T09:30:00.000Z"),
    key: Buffer.from("ORD-1"),
    value: Buffer.from([0, 0, 0, 0, 7, 1]),
    headers: [],
    ...differences,
  };
}

describe("a record that is looked at", () => {
  test("is decoded, after one question to the registry where its schema is new", async () => {
    const codec = createCodec();
    const told = await tellRecord(codec, recordOf());
    expect(told).toMatchObject({
      partition: 1,
      offset: 42,
      at: "2026-03-02T09:30:00.000Z",
      key: "ORD-1",
      value: { kind: "decoded", eventType: "OrderStatusUpdate", schemaId: 7, json: JSON.stringify(event) },
    });
    await tellRecord(codec, recordOf());
    expect(codec.asked).toBe(1);
  });

  test("is JSON, text, bytes or a tombstone where it is no event, and says why", async () => {
    const kindOf = async (value: Buffer | null) =>
      (await tellRecord(createCodec(), recordOf({ value }))).value;
    expect(await kindOf(Buffer.from('{"orderId":1}'))).toMatchObject({ kind: "json" });
    expect(await kindOf(Buffer.from("{nonsense"))).toMatchObject({ kind: "text", text: "{nonsense" });
    expect(await kindOf(Buffer.from([0xff, 0xfe]))).toMatchObject({ kind: "bytes", base64: "//4=" });
    expect(await kindOf(Buffer.from([0, 0, 0, 0, 9]))).toMatchObject({
      kind: "bytes",
      why: "It ends too early.",
    });
    expect(await kindOf(null)).toEqual({ kind: "tombstone" });
  });

  test("costs a bounded amount, whatever is in it, and always fits the contract", async () => {
    const bytes = fc.option(
      fc.uint8Array({ maxLength: 60 }).map((part) => Buffer.concat(Array.from({ length: 800 }, () => part))),
    );
    const text = fc.string({ unit: "binary", maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(
        bytes,
        bytes,
        fc.option(fc.double({ noNaN: true })),
        fc.array(fc.tuple(text, bytes), { maxLength: 30 }),
        async (key, value, timestampMs, headers) => {
          const told = await tellRecord(createCodec(), recordOf({ key, value, timestampMs, headers }));
          expect(tailedRecordSchema.parse(told)).toEqual(told);
          expect(JSON.stringify(told).length).toBeLessThan(120_000);
        },
      ),
      { numRuns: 60 },
    );
  });
});
