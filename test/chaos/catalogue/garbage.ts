// Records that are no event, as the catalogue writes them.
import { intentAs, type PlannedRecord } from "../intent.ts";

export interface GarbageOptions {
  readonly partition?: number;
  /** Of the values; default: 12. */
  readonly bytes?: number;
  /** Of different keys; default: all the same. */
  readonly keys?: number;
}

/** So many of them on the order topic; each is one dead letter. */
export function garbage(name: string, count: number, options: GarbageOptions = {}): readonly PlannedRecord[] {
  const { partition, bytes = 12, keys = 1 } = options;
  return Array.from({ length: count }, (_, index) => ({
    topic: "orders",
    ...(partition === undefined ? {} : { partition }),
    key: Buffer.from(`${name}-${index % keys}`),
    value: Buffer.from(`x${index}`.padEnd(bytes, ".")),
    headers: [intentAs({ kind: "poison", reasons: ["not_avro_framed"] })],
  }));
}
