// A record of a topic as a person looks at it: decoded where it can be, else as text, else as bytes; bounded, whatever it holds.
import type { TailedRecord, TailedValue } from "../../contract/topics.ts";
import type { KafkaRecord } from "../../kafka/record.ts";
import type { Codec, DecodeOutcome } from "../../schemas/codec.ts";
import { orderIdOf } from "../domain/dead-letter.ts";
import { instantOf, textOf } from "../told-failure.ts";

const maxText = 8000;
const maxBytes = 2000;
const maxKey = 300;
const maxHeaders = 20;
const maxHeader = 200;
/** What is larger is not parsed for a look at it. */
const maxParsedBytes = 256 * 1024;
const magicByte = 0;

type TailCodec = Pick<Codec, "decode" | "resolve">;

/** Asks the registry once for a schema that it does not know yet. Does not reject. */
export async function tellRecord(codec: TailCodec, record: KafkaRecord): Promise<TailedRecord> {
  const { partition, offset, timestampMs, key, value, headers } = record;
  return {
    partition,
    offset,
    at: timestampMs === null ? null : instantOf(timestampMs),
    key: key === null ? null : orderIdOf(key).slice(0, maxKey),
    sizeBytes: value?.length ?? 0,
    value: await tellValue(codec, record.topic, value),
    headers: headers.slice(0, maxHeaders).map(([name, bytes]) => ({
      name: name.slice(0, maxHeader),
      value: bytes === null ? null : headerText(bytes),
    })),
  };
}

function headerText(bytes: Buffer): string {
  const start = bytes.subarray(0, 2 * maxHeader);
  return (textOf(bytes.length > start.length ? start : bytes) ?? start.toString("base64")).slice(
    0,
    maxHeader,
  );
}

async function tellValue(codec: TailCodec, topic: string, value: Buffer | null): Promise<TailedValue> {
  if (value === null) return { kind: "tombstone" };
  if (value[0] !== magicByte) return tellUnframed(value);
  const outcome = await decoded(codec, topic, value);
  if (!outcome.ok) {
    const why =
      outcome.failure.kind === "undecodable"
        ? outcome.failure.message
        : `The schema registry does not answer about schema ${outcome.failure.schemaId}.`;
    return tellBytes(value, why);
  }
  const { name, event, schemaId } = outcome.value;
  return { kind: "decoded", eventType: name, schemaId, ...cutJson(jsonOf(event)) };
}

async function decoded(codec: TailCodec, topic: string, value: Buffer): Promise<DecodeOutcome> {
  const outcome = codec.decode(topic, value);
  if (outcome.ok || outcome.failure.kind !== "unresolved-schema") return outcome;
  await codec.resolve(outcome.failure.schemaId);
  return codec.decode(topic, value);
}

function tellUnframed(value: Buffer): TailedValue {
  const text = textOf(value);
  if (text === null) return tellBytes(value, "The value is neither framed Avro nor text.");
  if (isJson(text)) return { kind: "json", ...cutJson(text) };
  const why = "The value does not begin with the zero byte of framed Avro, and is no JSON.";
  return { kind: "text", text: text.slice(0, maxText), cut: text.length > maxText, why };
}

function isJson(text: string): boolean {
  if (text.length > maxParsedBytes || !/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Bytes inside an event, of a dead letter for instance, as base64. */
function jsonOf(event: unknown): string {
  // What comes as `value` is a Buffer's own JSON form already; its holder still has the Buffer.
  return JSON.stringify(event, function (this: Record<string, unknown>, name: string, value: unknown) {
    const own = this[name];
    return Buffer.isBuffer(own) ? `base64:${own.toString("base64")}` : value;
  });
}

function cutJson(json: string) {
  return { json: json.slice(0, maxText), cut: json.length > maxText };
}

function tellBytes(value: Buffer, why: string): TailedValue {
  return {
    kind: "bytes",
    base64: value.subarray(0, maxBytes).toString("base64"),
    cut: value.length > maxBytes,
    why,
  };
}
