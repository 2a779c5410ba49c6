// Every kind of poison record that bytes, keys and headers can be, with the reason code of its dead letter. Made from good
// events, so that each is wrong in one way only.
import { gzipSync } from "node:zlib";
import type { RecordHeader } from "../../kafka/record.ts";
import { lineageHeaders } from "../../order/replays/domain/lineage.ts";
import type { EventWriter } from "./event-writer.ts";

export interface Poison {
  readonly name: string;
  /** Of the dead letter, one of these; none for what looks like poison and is a good event. */
  readonly reasons: readonly string[];
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly RecordHeader[];
  readonly timestampMs?: number;
}

const frameLength = 5;

/** All of them are meant for the order topic; good ones among them create the order that is their key. */
export function poisonRecords(writer: EventWriter, prefix: string): readonly Poison[] {
  const good = (name: string) => ({
    key: Buffer.from(`${prefix}${name}`),
    value: writer.createB(`${prefix}${name}`),
  });
  const bytes = (name: string, reasons: string | readonly string[], value: Buffer | null): Poison => ({
    name,
    reasons: typeof reasons === "string" ? [reasons] : reasons,
    key: Buffer.from(`${prefix}P`),
    value,
  });
  const sample = writer.createB(`${prefix}P`);
  const schemaOfA = writer.createA("x").subarray(0, frameLength);
  const orderA = (items: Buffer, orderId = avroString(`${prefix}P`)) =>
    Buffer.concat([schemaOfA, orderId, avroString("CUST-1"), avroString("2026-03-02T09:30:00.000Z"), items]);
  const nul = "a\u0000b";

  return [
    bytes("a wrong magic byte", "not_avro_framed", Buffer.concat([Buffer.from([1]), sample.subarray(1)])),
    ...[0, 1, 2, 3, 4].map((length) => bytes(`${length} bytes`, "too_short", sample.subarray(0, length))),
    bytes("a tombstone", "tombstone", null),
    bytes("an unknown schema id", "unknown_schema_id", withSchemaId(sample, 0x7ffffff0)),
    bytes("a schema id beyond a signed integer", "unknown_schema_id", withSchemaId(sample, 0xfffffff0)),
    bytes("a schema of another subject", "schema_of_other_subject", writer.updateA(`${prefix}P`, "shipped")),
    ...Array.from({ length: sample.length - frameLength }, (_, cut) =>
      // Within the items fewer bytes are left than the promised items need.
      bytes(
        `Avro cut after ${cut} bytes`,
        ["truncated", "block_count"],
        sample.subarray(0, frameLength + cut),
      ),
    ),
    bytes("a trailing byte", "trailing_bytes", Buffer.concat([sample, Buffer.from([0])])),
    bytes("a block of 2^40 items", "block_count", orderA(avroLong(2n ** 40n))),
    bytes("a block of 2^62 items", "invalid_value", orderA(avroLong(2n ** 62n))),
    bytes(
      "a negative block count",
      "block_count",
      orderA(Buffer.concat([avroLong(-(2n ** 40n)), avroLong(8n)])),
    ),
    bytes(
      "a quantity beyond 2^53",
      "invalid_value",
      orderA(Buffer.concat([avroLong(1n), avroString("I"), avroLong(2n ** 55n), Buffer.alloc(16)])),
    ),
    bytes("a varint of eleven bytes", "invalid_value", orderA(Buffer.alloc(11, 0xff))),
    bytes("bad UTF-8", "invalid_value", orderA(avroLong(0n), avroBytes(Buffer.from([0xff, 0xfe, 0xfd])))),
    bytes(
      "a lone surrogate",
      "invalid_value",
      orderA(avroLong(0n), avroBytes(Buffer.from([0xed, 0xa0, 0x80]))),
    ),
    bytes("a payload that contradicts its event type", "event_type_mismatch", asUpdate(sample)),
    bytes(
      "random bytes",
      "not_avro_framed",
      Buffer.from(crypto.getRandomValues(new Uint8Array(64)).map((byte) => byte | 1)),
    ),
    bytes("a gzip bomb", "not_avro_framed", gzipSync(Buffer.alloc(50_000_000))),
    bytes("900,000 bytes of text", "not_avro_framed", Buffer.alloc(900_000, "x")),
    bytes("JSON", "not_avro_framed", Buffer.from(`{"orderId":"${prefix}P","__proto__":{"status":"x"}}`)),
    { name: "no key", reasons: ["key_mismatch"], key: null, value: writer.createB(`${prefix}no-key`) },
    {
      name: "an empty key",
      reasons: ["key_mismatch"],
      key: Buffer.alloc(0),
      value: writer.createB(`${prefix}no-key`),
    },
    {
      name: "a key that is another order's",
      reasons: ["key_mismatch"],
      key: Buffer.from(`${prefix}P`),
      value: writer.createB(`${prefix}other`),
    },
    {
      name: "a key of bytes that are no text",
      reasons: ["key_mismatch"],
      key: Buffer.from([0xff, 0xfe]),
      value: writer.createB(`${prefix}other`),
    },
    {
      name: "a NUL in the status",
      reasons: ["invalid_event"],
      key: Buffer.from(`${prefix}P`),
      value: writer.updateB(`${prefix}P`, nul),
    },
    {
      name: "a blank status",
      reasons: ["invalid_event"],
      key: Buffer.from(`${prefix}P`),
      value: writer.updateB(`${prefix}P`, "  "),
    },
    { ...bytes("5,000 headers and no event", "not_avro_framed", Buffer.from("x")), headers: manyHeaders },
    { name: "an event with 5,000 headers", reasons: [], ...good("headers"), headers: manyHeaders },
    {
      name: "an event with forged headers of retries and dead letters",
      reasons: [],
      ...good("forged"),
      headers: forgedHeaders,
    },
    {
      name: "an event with forged headers of a replay",
      reasons: [],
      ...good("forged-replay"),
      headers: forgedLineage,
    },
    {
      ...bytes("forged headers of a replay and no event", "too_short", Buffer.from([0])),
      headers: forgedLineage,
    },
    { name: "an event of 1970", reasons: [], ...good("1970"), timestampMs: 1 },
  ];
}

const manyHeaders: readonly RecordHeader[] = Array.from({ length: 5000 }, (_, index) => [
  `header-${index % 100}`,
  Buffer.from(String(index)),
]);

const forgedHeaders: readonly RecordHeader[] = [
  ["dlq-original-topic", Buffer.from("elsewhere")],
  ["dlq-original-offset", Buffer.from("99")],
  ["retry-attempt", Buffer.from([0xff])],
  ["retry-due-at", Buffer.alloc(9, 0xff)],
  ["event-id", Buffer.from("not-an-event-id")],
  ["event-id", Buffer.alloc(4096, 0x61)],
  ["traceparent", Buffer.from("00-00000000000000000000000000000000-0000000000000000-01")],
  ["", Buffer.from("a header without a name")],
];

/** As the replay of a letter has them: they mean something on the replay topic only, and there the store knows better. */
const forgedLineage = lineageHeaders({
  letterId: "forged/0/0",
  jobId: "forged",
  number: 1,
  topic: "order-events",
  partition: 0,
  offset: 0,
  timestampMs: 0,
});

function withSchemaId(value: Buffer, schemaId: number): Buffer {
  const changed = Buffer.from(value);
  changed.writeUInt32BE(schemaId, 1);
  return changed;
}

/** The event type is the first field: 0 is CREATE, 2 (zigzag of 1) is UPDATE. */
function asUpdate(create: Buffer): Buffer {
  const changed = Buffer.from(create);
  changed[frameLength] = 2;
  return changed;
}

/** Avro's zigzag varint. */
function avroLong(value: bigint): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
  bytes.push(Number(left));
  return Buffer.from(bytes);
}

function avroBytes(bytes: Buffer): Buffer {
  return Buffer.concat([avroLong(BigInt(bytes.length)), bytes]);
}

function avroString(text: string): Buffer {
  return avroBytes(Buffer.from(text));
}
