// An original record as its three columns: key and value as bytes, everything else in a JSON document. In JSON every
// string is expressible, NUL and lone surrogates included, and a list keeps headers in order whatever their names.
import type { OriginalRecord } from "../domain/dead-letter.ts";

/** `OriginalRecord` without its key and value. */
export interface OriginalDocument {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number | null;
  /** Values in base64. */
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

export function toOriginalDocument(record: OriginalRecord): OriginalDocument {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    timestampMs: record.timestampMs,
    headers: record.headers.map(([name, value]) => [name, value?.toString("base64") ?? null]),
  };
}

export function readOriginal(
  document: OriginalDocument,
  key: Uint8Array | null,
  value: Uint8Array | null,
): OriginalRecord {
  return {
    topic: document.topic,
    partition: document.partition,
    offset: document.offset,
    timestampMs: document.timestampMs,
    key: toBuffer(key),
    value: toBuffer(value),
    headers: document.headers.map(([name, value]) => [
      name,
      value === null ? null : Buffer.from(value, "base64"),
    ]),
  };
}

/** The same bytes, not copied. SQLite's driver answers `Uint8Array`. */
function toBuffer(bytes: Uint8Array | null): Buffer | null {
  if (bytes === null || Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
