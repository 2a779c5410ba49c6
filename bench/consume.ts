// `bun run bench -- consume`: how fast order takes a preloaded topic into its store, beside the raw consume of the same
// topic and the store alone. Every case runs in a process of its own, in several rounds whose order alternates, because the
// machine is never as idle, nor its caches as cold, as one would like.
import { join } from "node:path";
import { createProgressDisplay } from "../kafka/native/progress.ts";
import { createLogger } from "../service/logger.ts";
import { openParts } from "../service/open-parts.ts";
import { readSettings } from "../service/settings.ts";
import { createDatabase, type StoreKind } from "./databases.ts";
import type { Measurement } from "./meter.ts";
import { preload } from "./preload.ts";
import { openServers, type Servers } from "./servers.ts";

export interface ConsumeOptions {
  readonly events: number;
  readonly rounds: number;
  readonly stores: readonly StoreKind[];
}

export interface CaseResult {
  readonly name: string;
  readonly measurements: readonly Measurement[];
}

interface CaseSpec {
  readonly name: string;
  /** As run-case.ts calls it. */
  readonly program: string;
  readonly store: StoreKind;
}

/** The name of the case that the others are compared with. */
export const rawConsumeName = "raw consume";
/** All orders are prepared in memory. */
const maxInsertEvents = 500_000;

/** Throws when a case fails: half a comparison says nothing. */
export async function benchConsume(options: ConsumeOptions): Promise<readonly CaseResult[]> {
  const servers = await openServers();
  const display = createProgressDisplay(process.stderr, "Benchmark");
  const environment = { ...servers.environment, ...topicNames(), SIMULATED_FAILURES: "off" };
  try {
    await fill(environment, options.events, (fraction) =>
      display.show({ stage: "events published", fraction }),
    );
    const specs = casesOf(options.stores);
    const results = new Map<string, Measurement[]>(specs.map(({ name }) => [name, []]));
    for (let round = 0; round < options.rounds; round += 1) {
      for (const [index, spec] of (round % 2 === 0 ? specs : specs.toReversed()).entries()) {
        const done = round * specs.length + index;
        display.show({
          stage: `${spec.name}, round ${round + 1}`,
          fraction: done / (specs.length * options.rounds),
        });
        results.get(spec.name)?.push(await runCase(spec, environment, servers, options.events));
      }
    }
    return [...results].map(([name, measurements]) => ({ name, measurements }));
  } finally {
    display.end();
    await servers.close();
  }
}

function casesOf(stores: readonly StoreKind[]): readonly CaseSpec[] {
  return [
    { name: rawConsumeName, program: "raw-consume", store: "sqlite-memory" },
    { name: "kafka/consumer", program: "own-consumer", store: "sqlite-memory" },
    ...stores.flatMap((store) => [
      { name: `insert ${store}`, program: "store-insert", store },
      { name: `order → ${store}`, program: "pipeline", store },
    ]),
  ];
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

type Environment = Readonly<Record<string, string>>;

async function fill(environment: Environment, events: number, onProgress: (fraction: number) => void) {
  const read = readSettings(environment);
  if (!read.ok) throw new Error(read.faults.join(" "));
  const settings = read.value;
  const parts = openParts(settings);
  const logger = createLogger({ level: "warn", format: "json" });
  await preload({ settings, parts, logger, events, onProgress: (done) => onProgress(done / events) });
  parts.close();
}

async function runCase(
  { name, program, store }: CaseSpec,
  environment: Environment,
  servers: Servers,
  wanted: number,
): Promise<Measurement> {
  const events = program === "store-insert" ? Math.min(wanted, maxInsertEvents) : wanted;
  const database = await createDatabase(store, servers.environment.DATABASE_URL);
  const profile = process.env["BENCH_PROFILE"] === program ? ["--cpu-prof", "--cpu-prof-md"] : [];
  const child = Bun.spawn(
    [process.execPath, ...profile, join(import.meta.dirname, "run-case.ts"), program, String(events)],
    {
      env: {
        ...process.env,
        ...environment,
        DATABASE_URL: database.url,
        KAFKA_GROUP_ID: `bench-${crypto.randomUUID().slice(0, 8)}`,
      },
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const output = await new Response(child.stdout).text();
  const exitCode = await child.exited;
  await database.drop();
  if (exitCode !== 0) throw new Error(`${name} ended with exit code ${exitCode}`);
  // Written by run-case.ts, from a value of this type.
  const measurement: Measurement = JSON.parse(output.trim().split("\n").at(-1) ?? "");
  return measurement;
}
