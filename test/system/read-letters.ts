// Dead letters as they lie on their topic, read with avsc alone: no code of the product decodes them.
import { Type } from "avsc";
import type { KafkaRecord } from "../../kafka/record.ts";
import definition from "../../schemas/dlq.avsc" with { type: "json" };

export interface LetterOnTopic {
  /** `topic/partition/offset` of the original record. */
  readonly id: string;
  readonly originalMessage: string | null;
  readonly originalValue: Buffer | null;
  readonly originalKey: Buffer | null;
  readonly originalHeaders: readonly { readonly name: string; readonly value: Buffer | null }[];
  readonly consumerGroup: string;
  readonly errorCategory: string;
  readonly reasonCode: string | null;
  readonly errorMessage: string;
  readonly failedAttempts: number;
  readonly attempts: readonly { readonly attempt: number; readonly failedAt: string }[];
}

type WireLetter = Omit<LetterOnTopic, "id"> & {
  readonly originalTopic: string;
  readonly originalPartition: number;
  readonly originalOffset: number;
};

const type = Type.forSchema(definition);
/** The zero byte and the schema's id. */
const frameLength = 5;

/** Throws on a record that is no dead letter. */
export function readLetter({ value }: Pick<KafkaRecord, "value">): LetterOnTopic {
  if (value === null) throw new Error("a tombstone lies on the dead-letter topic");
  const letter: WireLetter = type.fromBuffer(value.subarray(frameLength));
  const { originalTopic: topic, originalPartition: partition, originalOffset: offset } = letter;
  return { ...letter, id: `${topic}/${partition}/${offset}` };
}
