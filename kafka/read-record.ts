// From the native client's message to a KafkaRecord: bytes are handed on, never copied.
import type { NativeHeader, NativeMessage } from "./binding.ts";
import type { KafkaRecord, RecordHeader } from "./record.ts";

const noHeaders: readonly RecordHeader[] = [];

export function readRecord(message: NativeMessage): KafkaRecord {
  const { topic, partition, offset, timestamp, key, value, headers } = message;
  return {
    topic,
    partition,
    offset,
    timestampMs: timestamp >= 0 ? timestamp : null,
    key,
    value,
    headers: headers === undefined || headers.length === 0 ? noHeaders : headers.map(readHeader),
  };
}

function readHeader(header: NativeHeader): RecordHeader {
  const [name] = Object.keys(header);
  if (name !== undefined) return [name, header[name] ?? null];
  // The native side sets the property by assignment, and assigning to this one name sets the prototype.
  const prototype: unknown = Object.getPrototypeOf(header);
  return ["__proto__", Buffer.isBuffer(prototype) ? prototype : null];
}
