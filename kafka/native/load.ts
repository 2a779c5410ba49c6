// The one place that loads @confluentinc/kafka-javascript. Only its callback API: the KafkaJS-like layer on top costs as
// much to load again (20 ms each, measured) and is not used.
import { createRequire } from "node:module";
import type * as RdKafka from "@confluentinc/kafka-javascript/types/rdkafka.js";

/** Producer, KafkaConsumer, AdminClient, CODES, features. */
export type KafkaClient = typeof RdKafka;

const require = createRequire(import.meta.url);
const packageName = "@confluentinc/kafka-javascript";
let loaded: KafkaClient | undefined;

/**
 * Loads the native client, once a process; 20 ms. Not in a Worker: an add-on of this kind belongs to one thread.
 * @throws an Error of one sentence, which says what to run, when it was not built for this Bun.
 */
export function loadKafkaClient(): KafkaClient {
  try {
    const client: KafkaClient = (loaded ??= require(`${packageName}/lib/rdkafka.js`));
    return client;
  } catch (error) {
    const [reason = ""] = String(error instanceof Error ? error.message : error).split("\n", 1);
    throw new Error(
      `The native Kafka client could not be loaded by Bun ${process.versions.bun} (${reason}): run ` +
        "`bun kafka/native/build.ts`, or start with `bun run start`, which does so.",
      { cause: error },
    );
  }
}

/** The add-on's file. Load the client first: only then does Bun know the add-on, however often the file is opened. */
export function kafkaAddonPath(): string {
  return require.resolve(`${packageName}/build/Release/confluent-kafka-javascript.node`);
}
