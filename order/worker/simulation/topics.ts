// The simulated topics: partitions of records with gaps between offsets, and what each group has committed.
import type { KafkaRecord, TopicPartition } from "../../../kafka/record.ts";
import type { OrderEvent } from "../../domain/order.ts";
import { partitionKey } from "../partition.ts";
import type { Random } from "./random.ts";

/** What a simulated record's value says; `null` stands for bytes that are no event. */
export interface EventText {
  readonly event: OrderEvent;
  readonly eventId: string | null;
  /** Whether a field of it breaks a rule. */
  readonly isInvalid: boolean;
  readonly schemaId: number;
}

export interface Produced {
  readonly record: KafkaRecord;
  readonly source: string;
  readonly text: EventText | null;
  /** Of a record of the replay topic; `forged` was ordered by nobody. */
  readonly replay?: SimulatedReplay | "forged";
}

export interface SimulatedReplay {
  /** Of the letter in its job. */
  readonly key: string;
  /** The record that failed. */
  readonly origin: Produced;
}

export interface SimulatedPartition extends TopicPartition {
  readonly source: string;
  readonly groupId: string;
  readonly log: Produced[];
  endOffset: number;
  committed: number;
}

export function createPartitions(topic: string, groupId: string, count: number): SimulatedPartition[] {
  return Array.from({ length: count }, (_, partition) => {
    const source = partitionKey({ topic, partition });
    return { topic, partition, source, groupId, log: [], endOffset: 0, committed: 0 };
  });
}

/** Appends a record, sometimes behind a gap as compaction and transactions leave them. */
export function append(
  to: SimulatedPartition,
  key: string,
  text: EventText | null,
  nowMs: number,
  random: Random,
): Produced {
  const offset = to.endOffset + (random.chance(0.2) ? random.between(1, 3) : 0);
  to.endOffset = offset + 1;
  // Nobody looks into the bytes but this room: what they say is kept beside them, which is faster than reading it.
  const value = Buffer.from(text === null ? `poison ${offset}` : JSON.stringify(text));
  if (text !== null) texts.set(value, text);
  const { topic, partition, source } = to;
  const record = { topic, partition, offset, timestampMs: nowMs, key: Buffer.from(key), value, headers: [] };
  const produced = { record, source, text };
  to.log.push(produced);
  return produced;
}

/** The very bytes of a record once more, on the replay topic. */
export function appendReplay(
  to: SimulatedPartition,
  { record: { key, value }, text }: Produced,
  headers: KafkaRecord["headers"],
  replay: Exclude<Produced["replay"], undefined>,
  nowMs: number,
): Produced {
  const { topic, partition, source, endOffset: offset } = to;
  to.endOffset = offset + 1;
  const record = { topic, partition, offset, timestampMs: nowMs, key, value, headers };
  const produced = { record, source, text, replay };
  to.log.push(produced);
  return produced;
}

const texts = new WeakMap<Buffer, EventText>();

/** Null for bytes that are no event. */
export function readText(value: Buffer): EventText | null {
  const known = texts.get(value);
  if (known !== undefined) return known;
  // A copy: what is parked has bytes of its own.
  const text = value.toString();
  return text.startsWith("{") ? JSON.parse(text) : null;
}
