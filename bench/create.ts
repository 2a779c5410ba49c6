// `bun run bench -- create`: HTTP creates a second, every 201 acknowledged by all in-sync replicas of a real Kafka: cart,
// beside the bare limit of its own stack and beside the same service written in Python. Each case is a process of its own
// with a topic of its own; wrk sends, and afterwards the topic is read: it must
// hold every order that was answered with 201.
import { join } from "node:path";
import { ensureTopics } from "../kafka/admin.ts";
import { readTopic } from "../kafka/read-topic.ts";
import { preparePython } from "../scripts/python-environment.ts";
import { createLogger } from "../service/logger.ts";
import { findFreePort } from "../test/parts/free-port.ts";
import { load, requireWrk, untilReady } from "./http-load.ts";
import { type ProgramSpec, startProgram } from "./measured-program.ts";
import type { BenchPart, PartContext } from "./bench-part.ts";
import type { MeasuredCase } from "./report/result-file.ts";
import { type RoundOutcome, runRounds } from "./run-rounds.ts";

export const cartName = "cart";
export const bareName = "bare limit: Hono, avsc, produce";
/** Without the package's produce, which cart does not use. */
export const ownBareName = "bare limit on cart's way to librdkafka";
const bareProgram = join(import.meta.dirname, "peers/bare/bare-create.ts");
const pythonPrefix = "Python: ";
const warmUpSeconds = 2;
const brokerWarmUpConnections = 64;
const logger = createLogger({ level: "error", format: "json" });

type Environment = Readonly<Record<string, string>>;

interface Contender {
  readonly name: string;
  readonly command: (port: number) => readonly string[];
}

const ownBareLimit: Contender = {
  name: ownBareName,
  command: () => [process.execPath, bareProgram, "--own-way"],
};

export function isPythonCreate(name: string): boolean {
  return name.startsWith(pythonPrefix);
}

export const create: BenchPart = {
  name: "create",
  full: { connections: [1, 64, 256], seconds: 4, rounds: 3, warm: 15, only: "" },
  quick: { connections: [64], seconds: 2, rounds: 1, warm: 15, only: "" },
  run: benchCreate,
};

async function benchCreate({ options, servers, display }: PartContext): Promise<readonly MeasuredCase[]> {
  requireWrk();
  const python = await preparePython(join(import.meta.dirname, "peers", "python", "requirements.txt"));
  if (!python.ok) throw new Error(python.reason);
  display.show({ stage: "broker warms up", fraction: 0 });
  await warmBroker(options.warm, servers.environment);
  const heats = options.connections
    .flatMap((connections) =>
      contenders(python.python).map((contender) => ({
        group: connections === 1 ? "1 connection" : `${connections} connections`,
        name: contender.name,
        run: () => runCase(contender, connections, options.seconds, servers.environment),
      })),
    )
    .filter(({ name }) => name.includes(options.only));
  return runRounds(heats, options.rounds, display);
}

/** By the case that takes the least of the processor itself, so that no contender pays for being the first. */
async function warmBroker(seconds: number, servers: Environment): Promise<void> {
  await runCase(ownBareLimit, brokerWarmUpConnections, seconds, servers);
}

function contenders(python: string): readonly Contender[] {
  const root = join(import.meta.dirname, "..");
  const profile = process.env["BENCH_PROFILE"] === "cart" ? ["--cpu-prof", "--cpu-prof-md"] : [];
  const uvicorn = (workers: number): Contender => ({
    name: `${pythonPrefix}FastAPI, uvloop, confluent-kafka, ${workers} worker${workers === 1 ? "" : "s"}`,
    command: (port) =>
      [
        `${python} -m uvicorn create_service:app --app-dir ${join(import.meta.dirname, "peers/python")}`,
        `--host 127.0.0.1 --port ${port} --workers ${workers}`,
        "--loop uvloop --http httptools --no-access-log --log-level warning",
      ].flatMap((words) => words.split(" ")),
  });
  return [
    { name: cartName, command: () => [process.execPath, ...profile, join(root, "cart", "main.ts")] },
    { name: bareName, command: () => [process.execPath, bareProgram] },
    ownBareLimit,
    uvicorn(1),
    uvicorn(2),
  ];
}

async function runCase(
  { name, command }: Contender,
  connections: number,
  seconds: number,
  servers: Environment,
): Promise<RoundOutcome> {
  const topic = `bench-create-${crypto.randomUUID().slice(0, 8)}`;
  const brokers = servers["KAFKA_BROKERS"] ?? "";
  const client = { brokers, clientId: "orderwire-bench", logger };
  const topics = [
    {
      name: topic,
      partitions: 3,
      retentionMs: 86_400_000,
      replicationFactor: 1,
      compressionType: "lz4" as const,
    },
  ];
  const made = await ensureTopics({ ...client, topics });
  if (!made.ok) throw new Error(made.failure.message);
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const program = startProgram({
    name,
    command: command(port),
    environment: () => ({
      ...servers,
      KAFKA_ORDER_TOPIC: topic,
      KAFKA_STATUS_UPDATE_TOPIC: `${topic}-updates`,
      CART_PORT: String(port),
      PORT: String(port),
      LOG_LEVEL: "error",
      LOG_FORMAT: "json",
    }),
    saysRunning: () => false,
  } satisfies ProgramSpec);
  try {
    await Promise.race([untilReady(url), program.failed]);
    const warm = await load(url, connections, warmUpSeconds, "warm-");
    const before = program.figures();
    const figures = await load(url, connections, seconds, "main-");
    const after = program.figures();
    await program.stop();
    await requireWritten(client, topic, name, warm.requests + figures.requests, 2 * connections);
    return {
      figures: {
        createsPerSecond: (figures.requests * 1000) / figures.durationMs,
        p50Ms: figures.p50Ms,
        p99Ms: figures.p99Ms,
        peakRssMb: after.peakRssMb,
        cpuMicrosPerCreate: ((after.cpuMs - before.cpuMs) * 1000) / figures.requests,
      },
    };
  } finally {
    await program.stop();
  }
}

/** What was under way when wrk stopped may be written as well. */
async function requireWritten(
  client: { readonly brokers: string; readonly clientId: string; readonly logger: typeof logger },
  topic: string,
  name: string,
  acknowledged: number,
  underWay: number,
): Promise<void> {
  const ids = new Set<string>();
  let records = 0;
  const read = await readTopic({
    ...client,
    topic,
    from: new Map(),
    onRecords: (some) => {
      records += some.length;
      for (const { key } of some) ids.add(key?.toString() ?? "");
    },
  });
  if (!read.ok) throw new Error(read.failure.message);
  if (records !== ids.size) throw new Error(`${name} wrote ${records - ids.size} orders twice`);
  if (ids.size < acknowledged || ids.size > acknowledged + underWay) {
    throw new Error(
      `${name} answered ${acknowledged} creates with 201, and ${ids.size} orders are on the topic`,
    );
  }
}
