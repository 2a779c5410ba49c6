/** One header: Kafka keeps them as an ordered list in which a name may repeat. A null value is legal. */
export type RecordHeader = readonly [name: string, value: Buffer | null];

/** A record as the broker delivered it. Bytes are kept as they are; nothing is decoded here. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch; null when the record has none. */
  readonly timestampMs: number | null;
  readonly key: Buffer | null;
  /** Null is a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
}

/** A record to be published. Its partition follows from the key (murmur2, what Java producers use). */
export interface OutgoingRecord {
  readonly topic: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly RecordHeader[];
  /** Milliseconds since the epoch. Default: when it is handed to the client. */
  readonly timestampMs?: number;
}

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** The offset to read from next, which is what Kafka calls the committed offset. */
export interface NextOffset extends TopicPartition {
  readonly nextOffset: number;
}
