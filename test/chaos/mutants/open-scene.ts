// Promises a scene on running servers: topics, groups and a database of its own, gone with it; and the account at its end.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { ensureTopics } from "../../../kafka/admin.ts";
import { silentLogger } from "../../../kafka/client-fixtures.ts";
import { createRegistry } from "../../../schemas/registry.ts";
import { readSettings } from "../../../service/settings.ts";
import { topicSpecs } from "../../../service/topics.ts";
import { planLoad } from "./plan-load.ts";
import { openProgressReader } from "./progress-reader.ts";
import { type ServiceProcess, spawnService } from "../../load/service-process.ts";
import { findFreePort } from "../../parts/free-port.ts";
import type { RealParts } from "../../parts/parts.ts";
import { openEventWriter } from "../../system/event-writer.ts";
import { openRawProducer } from "../../system/raw-producer.ts";
import { readLetter } from "../../system/read-letters.ts";
import { readTopic } from "../../system/read-topic.ts";
import { environmentOn } from "../../system/real-environment.ts";
import { checkRun, sourceOf } from "../check-run.ts";
import { describeFinding } from "../findings.ts";
import { type Intent, intentHeader } from "../intent.ts";
import { readAttempts, readRun } from "../read-run.ts";
import { openLineWriter } from "../run-files.ts";
import { installWitness } from "../witness.ts";
import { checkMoment } from "./moment.ts";
import { readCommitted } from "./read-committed.ts";
import type { ProvocationRun, Scene } from "./scene.ts";

export interface OpenScene extends Scene {
  /** Sentences of the account; empty when it adds up. Waits a little for commits and for the index. */
  faults(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface SceneOptions extends Pick<ProvocationRun, "environment" | "retryDelaysMs"> {
  readonly parts: RealParts;
  readonly mutant: string | undefined;
  /** Records of the planned stream, about. */
  readonly events: number;
  readonly seed: number;
}

/** Short, so that a run need not wait for long. */
const usualDelaysMs = [500, 1000, 2000];
const settledWithinMs = 15_000;
const preload = join(import.meta.dirname, "preload.ts");

export async function openScene(options: SceneOptions): Promise<OpenScene> {
  const { parts, mutant, events, seed, retryDelaysMs = usualDelaysMs } = options;
  const own = environmentOn(parts.environment);
  const environment: Readonly<Record<string, string>> = {
    ...(await own.open()),
    HOST: "127.0.0.1",
    LOG_LEVEL: "info",
    LOG_FORMAT: "json",
    SAGA_PARTICIPANTS: "off",
    DLQ_MAX_RETRIES: String(retryDelaysMs.length),
    DLQ_RETRY_BACKOFF_MS: String(retryDelaysMs[0] ?? 0),
    ...options.environment,
    ...(mutant === undefined ? {} : { MUTANT: mutant, BUN_OPTIONS: `--preload ${preload}` }),
  };
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  const settings = read.value;
  const brokers = parts.kafka.brokers;
  const admin = { brokers, clientId: "suite", logger: silentLogger };
  const made = await ensureTopics({ ...admin, topics: topicSpecs(settings) });
  if (!made.ok) throw new Error(made.failure.message);

  const writer = await openEventWriter(
    createRegistry({ url: parts.environment.SCHEMA_REGISTRY_URL, timeoutMs: 4000 }),
    settings,
  );
  const plan = planLoad(events, seed, writer);
  const producer = await openRawProducer(brokers);
  const databaseUrl = environment["DATABASE_URL"] ?? "";
  const progress = openProgressReader(databaseUrl);
  const sql = new SQL(databaseUrl, { max: 1 });
  const topicOf = { orders: settings.KAFKA_ORDER_TOPIC, statusUpdates: settings.KAFKA_STATUS_UPDATE_TOPIC };
  const ports = { cart: await findFreePort(), order: await findFreePort() };
  const processes = new Set<ServiceProcess>();
  const releases = new Set<() => Promise<void>>();
  const directory = mkdtempSync(join(tmpdir(), "orderwire-mutant-"));
  const attempts = openLineWriter(directory, "attempts");
  const clients = openLineWriter(directory, "clients");
  let witness: Promise<void> | undefined;
  const poison: string[] = [];
  let published = 0;
  let group = settings.KAFKA_GROUP_ID;

  async function spawn(name: "cart" | "order", extra: Readonly<Record<string, string>> = {}) {
    const started = await spawnService(name, { ...environment, ...extra }, { port: ports[name] });
    processes.add(started);
    if (name === "order") witness ??= installWhenThere();
    void started.ended.then(() => processes.delete(started));
    return started;
  }

  async function until(check: () => Promise<boolean>, withinMs = settledWithinMs): Promise<boolean> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      if (await check()) return true;
      if (performance.now() > untilMs) return false;
      await Bun.sleep(25);
    }
  }

  /** As soon as order has made its tables. */
  async function installWhenThere(): Promise<void> {
    const isThere = await until(async () => {
      const [row]: readonly { there: boolean }[] =
        await sql`SELECT to_regclass('orders') IS NOT NULL AS there`;
      return row?.there === true;
    }, 30_000);
    if (isThere) await installWitness(databaseUrl);
  }

  const publish: Scene["publish"] = async (records) => {
    const places = await Promise.all(
      records.map((record) => producer.produce({ ...record, topic: topicOf[record.topic] })),
    );
    published += records.length;
    for (const [index, { topic, partition, offset }] of places.entries()) {
      const header = records[index]?.headers.find(([name]) => name === intentHeader)?.[1];
      const intent: Intent = JSON.parse(String(header));
      if (intent.kind === "poison") poison.push(`${topic}/${partition}/${offset}`);
    }
    return places;
  };

  /** Until it is undone, at the latest when the scene ends. */
  function undoable(undo: () => Promise<unknown>): () => Promise<void> {
    const once = async () => {
      if (releases.delete(once)) await undo();
    };
    releases.add(once);
    return once;
  }

  const configure = (topic: string, change: readonly string[]) =>
    parts.kafka.tool(
      "kafka.admin.ConfigCommand",
      "--bootstrap-server",
      brokers,
      "--entity-type",
      "topics",
      "--entity-name",
      topic,
      "--alter",
      ...change,
    );

  return {
    settings,
    brokers,
    sql,
    writer,
    spawn,
    async start(name, extra) {
      const started = await spawn(name, extra);
      await Promise.all([started.ready(), witness]);
      return started;
    },
    async startUntil(crashAt, meanwhile = () => Promise.resolve()) {
      const order = await spawn("order", { CRASH_AT: crashAt });
      const timer = setTimeout(() => void order.kill(), 20_000);
      const [ended] = await Promise.all([order.ended, meanwhile().catch(() => undefined)]);
      clearTimeout(timer);
      return ended;
    },
    publish,
    produce: (record) => producer.produce(record),
    async publishPlanned(fromShare, toShare) {
      await publish(plan.slice(Math.round(plan.length * fromShare), Math.round(plan.length * toShare)));
    },
    until,
    untilRead: (withinMs) => until(async () => (await progress.read()).settled >= published, withinMs),
    untilSettled: (withinMs) =>
      until(async () => {
        const now = await progress.read();
        return now.settled >= published && now.parked === 0;
      }, withinMs),
    async noteAttempts() {
      for (const line of await readAttempts(databaseUrl)) attempts.write(line);
    },
    noteClient(line) {
      clients.write(line);
    },
    async lookNow(when) {
      const committed = await readCommitted(brokers, group);
      const rows: readonly { source: string; next: string }[] =
        await sql`SELECT source, coalesce(next_offset, 0)::text AS next FROM source_claims`;
      const stored = new Map(rows.map(({ source, next }) => [source.replace(/@.*$/, ""), Number(next)]));
      const letters = await readTopic({ brokers, consumerSettings: {} }, settings.KAFKA_DLQ_TOPIC);
      const found = new Set(letters.map((record) => readLetter(record).id));
      return checkMoment({ committed, stored, poison, letters: found }).map(
        (sentence) => `${when}: ${sentence}`,
      );
    },
    renameGroup(groupId) {
      group = groupId;
    },
    async lock(table) {
      const locking = new SQL(databaseUrl, { max: 1 });
      const { promise: locked, resolve } = Promise.withResolvers<void>();
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const held = locking.begin(async (tx) => {
        await tx.unsafe(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
        resolve();
        await released;
      });
      await Promise.race([locked, held]);
      return undoable(async () => {
        release();
        await held;
        await locking.close();
      });
    },
    async refuse(topic) {
      // Nothing is so small.
      await configure(topic, ["--add-config", "max.message.bytes=1"]);
      return undoable(() => configure(topic, ["--delete-config", "max.message.bytes"]));
    },
    async faults() {
      await witness;
      await Promise.all([attempts.close(), clients.close()]);
      const untilMs = performance.now() + 2000;
      const registryUrl = parts.registry.url;
      for (;;) {
        const ofGroup = { ...settings, KAFKA_GROUP_ID: group };
        await readRun({ brokers, registryUrl, databaseUrl, settings: ofGroup, directory });
        const { findings } = await checkRun(sourceOf(directory), { retryDelaysMs });
        if (findings.length === 0 || performance.now() > untilMs) return findings.map(describeFinding);
      }
    },
    async close() {
      for (const release of releases) await release();
      await Promise.all([...processes].map((process) => process.kill()));
      writer.close();
      await producer.close();
      await Promise.all([progress.close(), sql.close()]);
      await own.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
