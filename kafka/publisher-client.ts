// One native client of a publisher: takes records, says what became of them, and whether a broker answers. It decides nothing.
import type { Logger } from "../service/logger.ts";
import { type ClientSettings, connectNative, createNativeProducer, disconnectNative } from "./binding.ts";
import { createEventListener } from "./client-config.ts";
import { openOutgoingRecords } from "./native/outgoing-records.ts";
import type { OutgoingRecord } from "./record.ts";
import { createBrokerWatch, readStatistics } from "./statistics.ts";

export interface PublisherClient {
  /** Takes copies of a record's bytes, to be reported by this id; 0, or the code of why it is not taken. */
  put(record: OutgoingRecord, id: number): number;
  /** Makes it connect now, not when its next timer fires, and say so before the next statistics. */
  contact(): void;
  /** Nothing is reported any more. Resolves when it is gone, or after two seconds: `false` then, and it goes on by itself. */
  close(): Promise<boolean>;
}

/** Each says which client it is about: of one that has been replaced something may still come. */
export interface PublisherClientEvents {
  readonly onReport: (
    from: PublisherClient,
    id: number,
    code: number,
    partition: number,
    offset: number,
  ) => void;
  readonly onConnected: (from: PublisherClient, connected: boolean) => void;
  /** It is of no more use. */
  readonly onFatal: (from: PublisherClient) => void;
}

const brokerSilenceMs = 2_000;
const firstContactTimeoutMs = 300;
const disconnectTimeoutMs = 2_000;
const now = 0;

/** Resolves when its threads run, whether or not a broker is there; rejects when librdkafka does not accept the settings. */
export async function openPublisherClient(
  settings: ClientSettings,
  logger: Logger,
  { onReport, onConnected, onFatal }: PublisherClientEvents,
): Promise<PublisherClient> {
  const brokerWatch = createBrokerWatch(brokerSilenceMs);
  const native = createNativeProducer(settings);
  let opened: PublisherClient | null = null;
  native.configureCallbacks(true, {
    global: {},
    topic: {},
    event: {
      event_cb: createEventListener(logger, {
        onStatistics(json) {
          if (opened !== null)
            onConnected(opened, brokerWatch.observe(readStatistics(json), performance.now()));
        },
        onAllBrokersDown() {
          if (opened !== null) onConnected(opened, false);
        },
        onFatal() {
          if (opened !== null) onFatal(opened);
        },
      }),
    },
  });
  const outgoing = openOutgoingRecords(await connectNative(native), (id, code, partition, offset) => {
    // There is no JavaScript frame below, so nothing may be thrown.
    try {
      onReport(client, id, code, partition, offset);
    } catch (error) {
      logger.error("A Kafka producer callback failed", { detail: String(error) });
    }
  });
  const client: PublisherClient = {
    put: (record, id) => outgoing.put(record, record.timestampMs ?? now, id),
    contact() {
      native.getMetadata({ allTopics: false, timeout: firstContactTimeoutMs }, (error) => {
        if (error === null) onConnected(client, true);
      });
    },
    close() {
      outgoing.close();
      return disconnectNative(native, disconnectTimeoutMs);
    },
  };
  opened = client;
  return client;
}
