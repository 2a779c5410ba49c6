// Promises the stage of a fault run: topics, groups and a database of its own, a planned stream of events that is published
// in parts, and the account at the end.
import { silentLogger } from "../../kafka/client-fixtures.ts";
import { ensureTopics } from "../../kafka/admin.ts";
import { createRegistry } from "../../schemas/registry.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { topicSpecs } from "../../service/topics.ts";
import { openEventWriter } from "../system/event-writer.ts";
import { eventually } from "../system/eventually.ts";
import { openRawProducer } from "../system/raw-producer.ts";
import { environmentOn, type PartsAddresses } from "../system/real-environment.ts";
import { type Account, type Attempt, checkAccount } from "./account.ts";
import { planLoad } from "./plan-load.ts";
import { openProgressReader, type Progress, readAccount, readAttempts } from "./read-account.ts";

export interface FaultRunOptions {
  readonly addresses: PartsAddresses;
  readonly events: number;
  readonly seed: number;
}

export interface FaultRun {
  /** For cart and order. */
  readonly environment: Readonly<Record<string, string>>;
  readonly settings: Settings;
  /** Planned records. */
  readonly total: number;
  /** Publishes what is planned from one share of the stream to another; every record is acknowledged. */
  publish(fromShare: number, toShare: number): Promise<void>;
  progress(): Promise<Progress>;
  /** Keeps what parked records have been through so far, for the account. */
  noteAttempts(): Promise<void>;
  /** Waits until the store has every published record, applied or parked or dead. */
  untilRead(withinMs: number): Promise<void>;
  /** Waits until every published record is settled and nothing is parked. */
  untilSettled(withinMs: number): Promise<void>;
  /** What does not add up; empty when all is well. Waits a little for commits and for the index. */
  faults(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Short, so that a run need not wait for long; long enough that an update which overtook its create is cured. */
const retryDelaysMs = [500, 1000, 2000];
const publishAtOnce = 5000;

export async function openFaultRun({ addresses, events, seed }: FaultRunOptions): Promise<FaultRun> {
  const own = environmentOn(addresses);
  const environment: Readonly<Record<string, string>> = {
    ...(await own.open()),
    HOST: "127.0.0.1",
    LOG_LEVEL: "info",
    LOG_FORMAT: "json",
    DLQ_RETRY_BACKOFF_MS: String(retryDelaysMs[0]),
  };
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  const settings = read.value;
  const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: registryUrl } = addresses;
  const made = await ensureTopics({
    brokers,
    clientId: "suite",
    topics: topicSpecs(settings),
    logger: silentLogger,
  });
  if (!made.ok) throw new Error(made.failure.message);

  const writer = await openEventWriter(createRegistry({ url: registryUrl, timeoutMs: 4000 }), settings);
  const plan = planLoad(events, seed, writer);
  writer.close();
  const producer = await openRawProducer(brokers);
  const databaseUrl = environment["DATABASE_URL"] ?? "";
  const progressReader = openProgressReader(databaseUrl);
  const topicOf = { orders: settings.KAFKA_ORDER_TOPIC, statusUpdates: settings.KAFKA_STATUS_UPDATE_TOPIC };
  const seenAttempts: { id: string; attempts: readonly Attempt[] }[] = [];
  let published = 0;

  async function account(): Promise<Account> {
    const found = await readAccount({ brokers, databaseUrl, settings });
    return { ...found, seenAttempts, retryDelaysMs };
  }

  async function untilPublishedIs(
    withinMs: number,
    isEnough: (progress: Progress) => boolean,
  ): Promise<void> {
    await eventually(async () => {
      const now = await progressReader.read();
      if (now.settled < published || !isEnough(now))
        throw new Error(`${now.settled} of ${published} settled, ${now.parked} parked`);
    }, withinMs);
  }

  return {
    environment,
    settings,
    total: plan.length,
    async publish(fromShare, toShare) {
      const records = plan.slice(Math.round(plan.length * fromShare), Math.round(plan.length * toShare));
      for (let start = 0; start < records.length; start += publishAtOnce) {
        const some = records.slice(start, start + publishAtOnce);
        await Promise.all(
          some.map((record) => producer.produce({ ...record, topic: topicOf[record.topic] })),
        );
        published += some.length;
      }
    },
    progress: () => progressReader.read(),
    async noteAttempts() {
      seenAttempts.push(...(await readAttempts(databaseUrl)));
    },
    untilRead: (withinMs) => untilPublishedIs(withinMs, () => true),
    untilSettled: (withinMs) => untilPublishedIs(withinMs, ({ parked }) => parked === 0),
    async faults() {
      const untilMs = Date.now() + 10_000;
      for (;;) {
        const found = checkAccount(await account());
        if (found.length === 0 || Date.now() > untilMs) return found;
        await Bun.sleep(500);
      }
    },
    async close() {
      await producer.close();
      await progressReader.close();
      await own.remove();
    },
  };
}
