// Promises a stage that is ready: topics, group and database of its own on the given servers, cart and order in their
// places and started, a witness in the database, the load not yet begun. At the end: everything settled, everything stopped in order,
// and whatever an independent reader finds in files.
import { SQL } from "bun";
import { ensureTopics } from "../../kafka/admin.ts";
import { silentLogger } from "../../kafka/client-fixtures.ts";
import { createRegistry } from "../../schemas/registry.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { topicSpecs } from "../../service/topics.ts";
import type { RealParts } from "../parts/parts.ts";
import { openEventWriter } from "../system/event-writer.ts";
import { openRawProducer } from "../system/raw-producer.ts";
import { environmentOn } from "../system/real-environment.ts";
import { type OpenLoad, openLoad } from "./open-load.ts";
import { type OpenSlot, openSlot, type SlotOptions } from "./open-slot.ts";
import { hasReached, openPositionReader } from "./position-reader.ts";
import { createRandom, seedFor } from "./random.ts";
import { readAttempts, readRun } from "./read-run.ts";
import { type EventLine, openLineWriter } from "./run-files.ts";
import { openSagaLoad, type SagaLoad } from "./saga-load.ts";
import type { Environment, Stage } from "./stage.ts";
import { openWatch } from "./watch-stage.ts";
import { installWitness } from "./witness.ts";

export interface StageOptions {
  readonly parts: RealParts;
  /** Where its files go. */
  readonly directory: string;
  readonly seed: number;
  readonly instances: number;
  readonly ordersPerSecond: number;
  /** Of system C's. */
  readonly sagasPerSecond: number;
  readonly environment?: Environment;
  readonly checkout?: string | undefined;
  /** Default: PostgreSQL. */
  readonly store?: "postgres" | "sqlite";
  /** Whether the services are started. Default: yes. */
  readonly isStarted?: boolean;
}

export interface OpenStage extends Stage {
  readonly load: OpenLoad;
  readonly cart: OpenSlot;
  readonly orders: readonly [OpenSlot, ...OpenSlot[]];
  readonly sagas: SagaLoad;
  record(event: Omit<EventLine, "atMs">): void;
  /** Keeps what waiting records have been through, for the account. */
  noteAttempts(): Promise<void>;
  /** Every service runs again, thawed. */
  restore(): Promise<void>;
  /** Ends the load and waits until nothing is left to do; a sentence when that does not come within the time. */
  settle(withinMs: number): Promise<string | undefined>;
  /** Stops all services and writes down what is left. Sentences about services that did not stop as they should. */
  finish(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Short, so that a run need not wait for long; long enough that an update which overtook its create is cured. */
export const retryDelaysMs = [500, 1000, 2000];
const connections = 24;
const pollMs = 40;

export async function openStage(options: StageOptions): Promise<OpenStage> {
  const { parts, directory, seed, instances, ordersPerSecond, sagasPerSecond, checkout } = options;
  const { kafka, registry, postgres } = parts;
  const own = environmentOn(parts.environment);
  const environment: Environment = {
    ...(await own.open()),
    HOST: "127.0.0.1",
    LOG_LEVEL: "info",
    LOG_FORMAT: "json",
    DLQ_RETRY_BACKOFF_MS: String(retryDelaysMs[0]),
    SAGA_PARTICIPANTS: "off",
    // Decisions that an outage keeps apart are joined all the same, so that the result is certain.
    SAGA_JOIN_WINDOW: "PT30M",
    ...(options.store === "sqlite" ? { DATABASE_URL: `sqlite:${directory}/order.sqlite` } : {}),
    ...options.environment,
  };
  const settings = settingsOf(environment);
  const brokers = kafka.brokers;
  const databaseUrl = environment["DATABASE_URL"] ?? "";
  const made = await ensureTopics({
    brokers,
    clientId: "suite",
    topics: topicSpecs(settings),
    logger: silentLogger,
  });
  if (!made.ok) throw new Error(made.failure.message);

  const writer = await openEventWriter(createRegistry({ url: registry.url, timeoutMs: 4000 }), settings);
  const producer = await openRawProducer(brokers);
  const topics = { orders: settings.KAFKA_ORDER_TOPIC, statusUpdates: settings.KAFKA_STATUS_UPDATE_TOPIC };
  const events = openLineWriter(directory, "events");
  const clients = openLineWriter(directory, "clients");
  const seen = openLineWriter(directory, "attempts");
  const positions = openPositionReader(brokers, databaseUrl, settings);
  const record = (event: Omit<EventLine, "atMs">) => events.write({ atMs: Date.now(), ...event });
  const onUnasked: SlotOptions["onUnasked"] = (slot, end, log) =>
    record({
      kind: "note",
      what: "expectation",
      expectations: [
        { what: "no process ends unless it is asked to", held: false, detail: `${slot}: ${end}; ${log}` },
      ],
    });
  const place = { environment, checkout, onUnasked };
  const cart = await openSlot({ ...place, name: "cart", service: "cart" });
  const openOrder = (index: number) => openSlot({ ...place, name: `order-${index + 1}`, service: "order" });
  const orders: readonly [OpenSlot, ...OpenSlot[]] = [
    await openOrder(0),
    ...(await Promise.all(Array.from({ length: instances - 1 }, (_, index) => openOrder(index + 1)))),
  ];
  const slots = [cart, ...orders];
  const load = openLoad({
    seed,
    ordersPerSecond,
    connections,
    cartUrl: cart.url,
    producer,
    topics,
    writer,
    clients,
  });
  load.pause();
  const sagas = await openSagaLoad({
    brokers,
    settings,
    databaseUrl,
    directory,
    random: createRandom(seedFor(seed, "sagas")),
    perSecond: sagasPerSecond,
    urls: orders.map(({ url }) => url),
  });
  sagas.pause();

  async function until(
    what: string,
    check: () => Promise<boolean> | boolean,
    withinMs: number,
  ): Promise<number> {
    const startedAt = performance.now();
    for (;;) {
      if (await check()) return performance.now() - startedAt;
      if (performance.now() - startedAt > withinMs) throw new Error(`${what}: not within ${withinMs} ms`);
      await Bun.sleep(pollMs);
    }
  }

  async function restore(): Promise<void> {
    for (const slot of slots) if (slot.isRunning) slot.thaw();
    await Promise.all(slots.map((slot) => slot.start()));
  }

  async function untilNothingIsLeft(withinMs: number): Promise<string | undefined> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const position = await positions.position();
      const open = await sagas.open();
      if (position?.published === position?.read && position?.parked === 0 && open === 0) return undefined;
      if (performance.now() > untilMs) {
        return `not settled ${withinMs / 1000} s after the load: ${JSON.stringify(position)}, ${open} sagas open; ${orders
          .map((slot) => `${slot.name}: ${slot.log()}`)
          .join("\n")}`;
      }
      await Bun.sleep(100);
    }
  }

  if (options.isStarted !== false) {
    await restore();
    await Promise.all(slots.map((slot) => slot.untilReady()));
    if (options.store !== "sqlite") await installWitness(databaseUrl);
  }
  const watch = openWatch({ directory, positions, orders });

  const stage: OpenStage = {
    kafka,
    registry,
    postgres,
    environment,
    settings,
    brokers,
    databaseUrl,
    cart,
    orders,
    random: createRandom(seedFor(seed, "stage")),
    load,
    sagas,
    writer,
    publish: (records) =>
      Promise.all(records.map((planned) => producer.produce({ ...planned, topic: topics[planned.topic] }))),
    told: (line) => clients.write(line),
    position: () => positions.position(),
    until,
    async untilCaughtUp(withinMs) {
      const startedAt = performance.now();
      const left = () => withinMs - (performance.now() - startedAt);
      let ends = await positions.ends();
      await until("the broker answers", async () => (ends ??= await positions.ends()) !== undefined, left());
      await until(
        "everything published is read",
        async () => ends !== undefined && hasReached(ends, await positions.read()),
        left(),
      );
      return performance.now() - startedAt;
    },
    untilHealth: (slot, status, withinMs) =>
      until(
        `${slot.name} answers /health with ${status}`,
        async () => (await slot.statusOf("/health")) === status,
        withinMs,
      ),
    note: (what) => record({ kind: "note", what }),
    record,
    async noteAttempts() {
      for (const line of await readAttempts(databaseUrl)) seen.write(line);
    },
    restore,
    async settle(withinMs) {
      load.resume();
      await Promise.all([load.finish(), sagas.finish()]);
      return await untilNothingIsLeft(withinMs);
    },
    async finish() {
      await watch.close();
      const faults: string[] = [];
      await untilIndexed(databaseUrl);
      for (const slot of slots) {
        if (!slot.isRunning) continue;
        const code = await slot.stop();
        if (code !== 0)
          faults.push(`${slot.name} ended with ${code} when it was asked to stop: ${slot.log()}`);
      }
      for (const what of faults)
        record({ kind: "note", what: "expectation", expectations: [{ what, held: false }] });
      load.close();
      await Promise.all([events.close(), clients.close(), seen.close()]);
      await readRun({ brokers, registryUrl: registry.url, databaseUrl, settings, directory });
      await sagas.write();
      return faults;
    },
    async close() {
      load.close();
      await watch.close();
      await Promise.all(slots.map(async (slot) => (slot.isRunning ? await slot.kill() : undefined)));
      await sagas.close();
      writer.close();
      await producer.close();
      await positions.close();
      await own.remove();
    },
  };
  return stage;
}

function settingsOf(environment: Environment): Settings {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  return read.value;
}

/** The index of dead letters follows its topic: waits until it stands still for two seconds. */
async function untilIndexed(databaseUrl: string): Promise<void> {
  const sql = new SQL(databaseUrl, { max: 1 });
  try {
    let before = -1;
    for (let quiet = 0; quiet < 4; quiet += 1) {
      const rows: readonly { letters: string }[] =
        await sql`SELECT cast(count(*) AS text) AS letters FROM dead_letters`;
      const letters = Number(rows[0]?.letters);
      if (letters !== before) quiet = 0;
      before = letters;
      await Bun.sleep(500);
    }
  } finally {
    await sql.close();
  }
}
