// Records of the DLQ topics become rows for the index, or the reason why not. Bytes are other people's: never throws.
import type { KafkaRecord } from "../../kafka/record.ts";
import type { Codec } from "../../schemas/codec.ts";
import type { IndexedDeadLetter } from "../store/dead-letter-index.ts";
import { readDeadLetter } from "./read-dead-letter.ts";

export type LetterReading =
  | { readonly kind: "letter"; readonly letter: IndexedDeadLetter }
  /** Will never be readable; `reason` is a stable code or one sentence. */
  | { readonly kind: "unreadable"; readonly reason: string }
  /** The schema registry is away: ask again. */
  | { readonly kind: "registry-away" };

export interface LetterReader {
  read(record: KafkaRecord): Promise<LetterReading> | LetterReading;
}

/** `clusterLife`: see `DeadLetterRecordPlace`. */
export function createLetterReader(
  codec: Pick<Codec, "decode" | "resolve">,
  clusterLife: string | undefined,
): LetterReader {
  function readKnown(
    record: KafkaRecord,
  ): LetterReading | { readonly kind: "unresolved"; readonly schemaId: number } {
    const decoded = codec.decode(record.topic, record.value);
    if (!decoded.ok) {
      const { failure } = decoded;
      return failure.kind === "unresolved-schema"
        ? { kind: "unresolved", schemaId: failure.schemaId }
        : { kind: "unreadable", reason: failure.reason };
    }
    if (decoded.value.name !== "DeadLetter") return { kind: "unreadable", reason: "no_dead_letter" };
    const letter = readDeadLetter(decoded.value.event, {
      dlqTopic: record.topic,
      dlqPartition: record.partition,
      dlqOffset: record.offset,
      writtenAtMs: record.timestampMs,
      headers: record.headers,
      ...(clusterLife === undefined ? {} : { clusterLife }),
    });
    return letter.ok
      ? { kind: "letter", letter: letter.value }
      : { kind: "unreadable", reason: letter.failure };
  }

  async function readUnresolved(record: KafkaRecord, schemaId: number): Promise<LetterReading> {
    if ((await codec.resolve(schemaId)) === "unavailable") return { kind: "registry-away" };
    const reading = readKnown(record);
    // Known a moment ago and forgotten again: the next try asks anew.
    return reading.kind === "unresolved" ? { kind: "registry-away" } : reading;
  }

  return {
    read(record) {
      const reading = readKnown(record);
      return reading.kind === "unresolved" ? readUnresolved(record, reading.schemaId) : reading;
    },
  };
}
