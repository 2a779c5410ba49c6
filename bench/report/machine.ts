// On what a benchmark ran: the machine, and the versions of everything that took part.
import { SQL } from "bun";
import { readFileSync } from "node:fs";
import { cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import kafkaPackage from "../../node_modules/@confluentinc/kafka-javascript/package.json" with { type: "json" };
import { runToEnd } from "../../test/parts/run-to-end.ts";
import type { Servers } from "../servers.ts";
import { checkout, type Result } from "./result-file.ts";

export function describeMachine(): Result["machine"] {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown CPU",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    load: loadavg()[0] ?? 0,
    platform: `${process.platform} ${process.arch}`,
    kernel: release(),
  };
}

export async function describeVersions({ environment, kafkaVersion }: Servers): Promise<Result["versions"]> {
  return {
    Bun: Bun.version,
    "kafka-javascript": kafkaPackage.version,
    librdkafka: kafkaPackage.librdkafka,
    Kafka: kafkaVersion,
    PostgreSQL: await postgresVersion(environment.DATABASE_URL),
    ...(await pythonVersions()),
  };
}

async function postgresVersion(url: string): Promise<string> {
  const sql = new SQL(url, { max: 1 });
  const [row] = await sql<{ server_version: string }[]>`show server_version`;
  await sql.close();
  return row?.server_version ?? "unknown";
}

/** The peers' interpreter, and the libraries that their requirements pin. */
async function pythonVersions(): Promise<Result["versions"]> {
  if (Bun.which("python3") === null) return {};
  const python = (await runToEnd(["python3", "--version"])).trim().replace("Python ", "");
  const requirements = readFileSync(join(checkout, "bench/peers/python/requirements.txt"), "utf8");
  const pinned = requirements
    .trim()
    .split("\n")
    .map((line) => line.split("=="));
  return {
    Python: python,
    ...Object.fromEntries(pinned.map(([name = "", version = ""]) => [`Python's ${name}`, version])),
  };
}
