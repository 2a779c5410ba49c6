// `bun run bench -- consume`: how fast order takes a preloaded topic into its store, beside the raw consume of the same
// topic, the store alone, and a Python consumer that keeps its orders in memory. Every case runs in a process of its own.
import { join } from "node:path";
import type { ProgressDisplay } from "../kafka/native/progress.ts";
import { preparePython } from "../scripts/python-environment.ts";
import { createLogger } from "../service/logger.ts";
import { openParts } from "../service/open-parts.ts";
import { readSettings } from "../service/settings.ts";
import type { BenchPart, PartContext } from "./bench-part.ts";
import { createDatabase, type StoreKind, storesOf } from "./databases.ts";
import { type Measurement, readMeasurement } from "./meter.ts";
import { type CommitMode, runPythonConsumer } from "./peers/python/python-consumer.ts";
import { preload } from "./preload.ts";
import type { MeasuredCase } from "./report/result-file.ts";
import { type Heat, type RoundOutcome, runRounds } from "./run-rounds.ts";

/** The name of the case that the others are compared with. */
export const rawConsumeName = "raw consume";
export const orderInto = (store: StoreKind) => `order → ${store}`;
const pythonPrefix = "Python, ";
/** As system B's service is documented. */
export const documentedPythonName = `${pythonPrefix}asynchronous commit a message`;
const pythonModes: readonly (readonly [name: string, CommitMode])[] = [
  [documentedPythonName, "async"],
  [`${pythonPrefix}synchronous commit a message`, "sync"],
  [`${pythonPrefix}a commit a batch`, "batch"],
];
/** All of them are prepared in memory. */
const maxInsertEvents = 500_000;
/** A commit a message takes the broker most of a millisecond, and is waited for: a rate from fewer events. */
const mostEvents = { sync: 10_000, async: 30_000, batch: Infinity } as const;

export function isPythonConsumer(name: string): boolean {
  return name.startsWith(pythonPrefix);
}

export const consume: BenchPart = {
  name: "consume",
  full: { events: 300_000, rounds: 3, store: "both", only: "" },
  quick: { events: 50_000, rounds: 1, store: "both", only: "" },
  run: benchConsume,
};

async function benchConsume({ options, servers, display }: PartContext): Promise<readonly MeasuredCase[]> {
  const python = await preparePython(join(import.meta.dirname, "peers", "python", "requirements.txt"));
  if (!python.ok) throw new Error(python.reason);
  const topicOf = async (events: number): Promise<FullTopic> => {
    const environment = { ...servers.environment, ...topicNames(), SIMULATED_FAILURES: "off" };
    await fill(environment, events, display);
    return { environment, events };
  };
  const full = await topicOf(options.events);
  const atMost = (most: number) => (options.events <= most ? full : topicOf(most));
  const topics = { batch: full, async: await atMost(mostEvents.async), sync: await atMost(mostEvents.sync) };

  const ours = (name: string, program: string, store: StoreKind): Heat => ({
    group: "",
    name,
    run: async () => toOutcome(await runCase(program, store, full)),
  });
  const peer = (name: string, mode: CommitMode): Heat => ({
    group: "",
    name,
    async run() {
      const { environment, events } = topics[mode];
      const grouped = { ...environment, KAFKA_GROUP_ID: newGroup() };
      return toOutcome(
        await runPythonConsumer({ python: python.python, mode, environment: grouped, events }),
      );
    },
  });
  const heats = [
    ours(rawConsumeName, "raw-consume", "sqlite-memory"),
    ours("kafka/consumer", "own-consumer", "sqlite-memory"),
    ...storesOf(options.store).flatMap((store) => [
      ours(`insert ${store}`, "store-insert", store),
      ours(orderInto(store), "pipeline", store),
    ]),
    ...pythonModes.map(([name, mode]) => peer(name, mode)),
  ].filter(({ name }) => name.includes(options.only));
  return runRounds(heats, options.rounds, display);
}

interface FullTopic {
  readonly environment: Readonly<Record<string, string>> & { readonly DATABASE_URL: string };
  readonly events: number;
}

/** New ones for each benchmark, so that servers can be used again. */
function topicNames() {
  const topic = `bench-${crypto.randomUUID().slice(0, 8)}`;
  return {
    KAFKA_ORDER_TOPIC: topic,
    KAFKA_STATUS_UPDATE_TOPIC: `${topic}-status-updates`,
    KAFKA_DLQ_TOPIC: `${topic}-dlq`,
  };
}

function newGroup(): string {
  return `bench-${crypto.randomUUID().slice(0, 8)}`;
}

async function fill(
  environment: FullTopic["environment"],
  events: number,
  display: ProgressDisplay,
): Promise<void> {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  const settings = read.value;
  const parts = openParts(settings);
  const logger = createLogger({ level: "warn", format: "json" });
  const onProgress = (done: number) => display.show({ stage: "events published", fraction: done / events });
  await preload({ settings, parts, logger, events, onProgress });
  parts.close();
}

function toOutcome({
  rssMb,
  ...figures
}: Measurement & { readonly committedPerSecond?: number }): RoundOutcome {
  return { figures, series: { rssMb } };
}

async function runCase(
  program: string,
  store: StoreKind,
  { environment, events: wanted }: FullTopic,
): Promise<Measurement> {
  const events = program === "store-insert" ? Math.min(wanted, maxInsertEvents) : wanted;
  const database = await createDatabase(store, environment.DATABASE_URL);
  const profile = process.env["BENCH_PROFILE"] === program ? ["--cpu-prof", "--cpu-prof-md"] : [];
  const child = Bun.spawn(
    [process.execPath, ...profile, join(import.meta.dirname, "run-case.ts"), program, String(events)],
    {
      env: { ...process.env, ...environment, DATABASE_URL: database.url, KAFKA_GROUP_ID: newGroup() },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const output = await new Response(child.stdout).text();
  const exitCode = await child.exited;
  await database.drop();
  if (exitCode !== 0) throw new Error(`it ended with exit code ${exitCode}`);
  return readMeasurement(output);
}
