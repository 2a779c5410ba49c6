// The topics that the outboxes publish to, as a read_committed reader sees them, and who owns which transactional id.
import type { TransactionOutcome } from "../../../kafka/transactional-publisher.ts";
import type { KafkaRecord, OutgoingRecord } from "../../../kafka/record.ts";

/** Broken on purpose: a broker that lets overtaken publishers commit. */
export type BrokerFlaw = "no-transaction-fence";

export type ModelBroker = ReturnType<typeof createModelBroker>;

const partitions = 2;

export function createModelBroker(flaws: ReadonlySet<BrokerFlaw>) {
  const epochs = new Map<string, number>();
  const logs = new Map<string, KafkaRecord[]>();

  function logOf(topic: string, partition: number): KafkaRecord[] {
    const place = `${topic}/${partition}`;
    const log = logs.get(place) ?? [];
    logs.set(place, log);
    return log;
  }

  return {
    init(transactionalId: string): number {
      const epoch = (epochs.get(transactionalId) ?? 0) + 1;
      epochs.set(transactionalId, epoch);
      return epoch;
    },
    commit(
      transactionalId: string,
      epoch: number,
      records: readonly OutgoingRecord[],
      nowMs: number,
    ): TransactionOutcome {
      if (epochs.get(transactionalId) !== epoch && !flaws.has("no-transaction-fence")) return fenced;
      const value = records.map(({ topic, key, value, headers }) => {
        const partition = [...(key ?? [])].reduce((sum, byte) => sum + byte, 0) % partitions;
        const log = logOf(topic, partition);
        // Every transaction leaves a marker, which has an offset of its own.
        const offset = (log.at(-1)?.offset ?? -1) + 2;
        log.push({ topic, partition, offset, timestampMs: nowMs, key, value, headers });
        return { partition, offset };
      });
      return { ok: true, value };
    },
    /** By partition, the records from the given offsets on and where the next look begins. */
    read(topic: string, from: ReadonlyMap<number, number>) {
      const nextOffsets = new Map<number, number>();
      const records: KafkaRecord[] = [];
      for (let partition = 0; partition < partitions; partition += 1) {
        const log = logOf(topic, partition);
        records.push(...log.filter(({ offset }) => offset >= (from.get(partition) ?? 0)));
        nextOffsets.set(partition, (log.at(-1)?.offset ?? -1) + 1);
      }
      return { records, nextOffsets };
    },
    records: (topic: string): readonly KafkaRecord[] =>
      Array.from({ length: partitions }, (_, partition) => logOf(topic, partition)).flat(),
  };
}

const fenced: TransactionOutcome = {
  ok: false,
  failure: { kind: "fenced", code: -144, message: "simulated", index: null },
};
