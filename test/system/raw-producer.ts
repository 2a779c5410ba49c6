// Writes any bytes to any partition, as a stranger could: without a key, with a time of its own, past cart and its checks.
import {
  connectNative,
  disconnectNative,
  type DeliveryReport,
  type NativeProducer,
} from "../../kafka/binding.ts";
import { loadKafkaClient } from "../../kafka/native/load.ts";
import type { RecordHeader } from "../../kafka/record.ts";

export interface RawRecord {
  readonly topic: string;
  /** Left out: chosen by the key, as Java producers do. */
  readonly partition?: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers?: readonly RecordHeader[];
  /** Milliseconds since the epoch; left out: now. */
  readonly timestampMs?: number;
}

export interface RecordPlace {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export interface RawProducer {
  /** Records of one partition are written in the order of these calls. Rejects with librdkafka's code when refused. */
  produce(record: RawRecord): Promise<RecordPlace>;
  close(): Promise<void>;
}

interface Pending {
  readonly topic: string;
  readonly resolve: (place: RecordPlace) => void;
  readonly reject: (error: Error) => void;
}

/** As the binding really is: a key may be null. */
interface RawNative extends Omit<NativeProducer, "produce"> {
  produce(
    topic: string,
    partition: number,
    value: Buffer | null,
    key: Buffer | null,
    timestampMs: number,
    opaque: number,
    headers: readonly Readonly<Record<string, Buffer>>[],
  ): number;
}

const closeTimeoutMs = 5000;

export async function openRawProducer(brokers: string): Promise<RawProducer> {
  const { Producer } = loadKafkaClient();
  const native: RawNative = new Producer({
    "bootstrap.servers": brokers,
    "client.id": "suite",
    "enable.idempotence": true,
    partitioner: "murmur2_random",
    dr_cb: true,
    "message.timeout.ms": 60_000,
    "message.max.bytes": 8_000_000,
    "queue.buffering.max.messages": 200_000,
  }).getClient();
  const pending = new Map<number, Pending>();
  let lastId = 0;

  function onDelivery(code: number | null, { partition, offset, opaque }: DeliveryReport): void {
    const waiting = pending.get(opaque);
    pending.delete(opaque);
    if (code === null || code === 0) waiting?.resolve({ topic: waiting.topic, partition, offset });
    else waiting?.reject(new Error(`not delivered: librdkafka's code ${code}`));
  }

  native.configureCallbacks(true, {
    global: {},
    topic: {},
    event: { event_cb: () => undefined, delivery_cb: onDelivery },
  });
  await connectNative(native);
  native.setPollInBackground(true);

  return {
    async produce({ topic, partition = -1, key, value, headers = [], timestampMs = 0 }) {
      const nativeHeaders = headers.map(([name, bytes]) => ({ [name]: bytes ?? Buffer.alloc(0) }));
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<RecordPlace>();
      pending.set(id, { topic, resolve, reject });
      const code = native.produce(topic, partition, value, key, timestampMs, id, nativeHeaders);
      if (code !== 0) {
        pending.delete(id);
        throw new Error(`produce answered ${code}`);
      }
      return await promise;
    },
    async close() {
      await disconnectNative(native, closeTimeoutMs);
    },
  };
}
