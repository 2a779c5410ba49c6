// `bun run bench -- create`: HTTP creates a second, every 201 acknowledged by all in-sync replicas of a real Kafka: cart,
// beside the bare limit of its own stack and beside the same service written in Python. Each case is a process of its own
// with a topic of its own, in several rounds whose order alternates; wrk sends, and afterwards the topic is read: it must
// hold every order that was answered with 201.
import { join } from "node:path";
import { ensureTopics } from "../kafka/admin.ts";
import { createProgressDisplay } from "../kafka/native/progress.ts";
import { readTopic } from "../kafka/read-topic.ts";
import { preparePython } from "../scripts/python-environment.ts";
import { createLogger } from "../service/logger.ts";
import { findFreePort } from "../test/parts/free-port.ts";
import { runToEnd } from "../test/parts/run-to-end.ts";
import { type ProgramSpec, startProgram } from "./measured-program.ts";
import { openServers } from "./servers.ts";

export interface CreateOptions {
  readonly rounds: number;
  readonly connections: readonly number[];
  readonly seconds: number;
  /** Only cases with this text in their name. */
  readonly only: string;
}

export interface CreateFigures {
  readonly createsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the process that was started; of Python's workers they are not known. */
  readonly peakRssMb: number;
  readonly cpuMicrosPerCreate: number;
}

export interface CreateResult {
  readonly contender: string;
  readonly connections: number;
  /** A value for each round. */
  readonly rounds: readonly CreateFigures[];
}

export const cartName = "cart";
export const bareName = "bare limit: Hono, avsc, produce";
/** Without the package's produce, which cart does not use. */
const ownBareName = "bare limit on cart's way to librdkafka";
const warmUpSeconds = 2;
const bareProgram = join(import.meta.dirname, "peers/bare/bare-create.ts");
const wrkScript = join(import.meta.dirname, "create.lua");
const logger = createLogger({ level: "error", format: "json" });

type Environment = Readonly<Record<string, string>>;

interface Contender {
  readonly name: string;
  readonly command: (port: number) => readonly string[];
}

/** Throws when a contender loses, repeats or refuses an order: half a comparison says nothing. */
export async function benchCreate(options: CreateOptions): Promise<readonly CreateResult[]> {
  if (Bun.which("wrk") === null) throw new Error("wrk was not found: install it (Debian: apt install wrk).");
  const python = await preparePython(join(import.meta.dirname, "peers", "python", "requirements.txt"));
  if (!python.ok) throw new Error(python.reason);
  const servers = await openServers();
  const display = createProgressDisplay(process.stderr, "Benchmark");
  const cases = contenders(python.python)
    .filter(({ name }) => name.includes(options.only))
    .flatMap((contender) => options.connections.map((connections) => ({ contender, connections })));
  const results = new Map(cases.map((one) => [one, [] as CreateFigures[]]));
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      for (const [index, one] of (round % 2 === 0 ? cases : cases.toReversed()).entries()) {
        const stage = `${one.contender.name}, ${one.connections} connections, round ${round + 1}`;
        display.show({ stage, fraction: (round * cases.length + index) / (cases.length * options.rounds) });
        const figures = await runCase(one.contender, one.connections, options.seconds, servers.environment);
        results.get(one)?.push(figures);
      }
    }
    return [...results].map(([{ contender, connections }, rounds]) => ({
      contender: contender.name,
      connections,
      rounds,
    }));
  } finally {
    display.end();
    await servers.close();
  }
}

function contenders(python: string): readonly Contender[] {
  const root = join(import.meta.dirname, "..");
  const profile = process.env["BENCH_PROFILE"] === "cart" ? ["--cpu-prof", "--cpu-prof-md"] : [];
  const uvicorn = (workers: number): Contender => ({
    name: `Python: FastAPI, uvloop, confluent-kafka, ${workers} worker${workers === 1 ? "" : "s"}`,
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
    { name: ownBareName, command: () => [process.execPath, bareProgram, "--own-way"] },
    uvicorn(1),
    uvicorn(2),
  ];
}

async function runCase(
  { name, command }: Contender,
  connections: number,
  seconds: number,
  servers: Environment,
): Promise<CreateFigures> {
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
      createsPerSecond: (figures.requests * 1000) / figures.durationMs,
      p50Ms: figures.p50Ms,
      p99Ms: figures.p99Ms,
      peakRssMb: after.peakRssMb,
      cpuMicrosPerCreate: ((after.cpuMs - before.cpuMs) * 1000) / figures.requests,
    };
  } finally {
    await program.stop();
  }
}

async function untilReady(url: string): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  for (;;) {
    const well = await fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (well) return;
    if (performance.now() > deadlineMs) throw new Error(`${url} was not ready within a minute`);
    await Bun.sleep(50);
  }
}

interface WrkFigures {
  readonly requests: number;
  readonly durationMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly broken: number;
  readonly refused: number;
}

async function load(url: string, connections: number, seconds: number, prefix: string): Promise<WrkFigures> {
  const command = [
    "wrk",
    "--threads",
    "1",
    "--connections",
    String(connections),
    "--duration",
    `${seconds}s`,
  ];
  const printed = await runToEnd([...command, "--timeout", "10s", "--script", wrkScript, url], {
    env: { BENCH_ORDER_PREFIX: prefix },
  });
  const line = /^FIGURES (.*)$/m.exec(printed)?.[1];
  if (line === undefined) throw new Error(`wrk printed no figures:\n${printed}`);
  // Written by create.lua in this form.
  const figures: WrkFigures = JSON.parse(line);
  if (figures.broken + figures.refused > 0) {
    throw new Error(`${figures.refused} creates were refused and ${figures.broken} connections broke`);
  }
  return figures;
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
