// What a run ran on: machine, versions, commit.
import { cpus, totalmem } from "node:os";
import { SQL } from "bun";
import kafkaPackage from "../../node_modules/@confluentinc/kafka-javascript/package.json" with { type: "json" };
import { kafkaVersion, registryVersion } from "../parts/artifacts.ts";
import { runToEnd } from "../parts/run-to-end.ts";
import type { RunFacts } from "./run-files.ts";

export async function describeRun(
  databaseUrl: string,
): Promise<Pick<RunFacts, "machine" | "versions" | "commit">> {
  const cores = cpus();
  return {
    machine: `${cores[0]?.model.trim() ?? "unknown CPU"}, ${cores.length} cores for load, services and servers together, ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}`,
    versions: {
      Bun: Bun.version,
      "kafka-javascript": kafkaPackage.version,
      "Apache Kafka": kafkaVersion,
      "Apicurio Registry": registryVersion,
      PostgreSQL: await postgresVersion(databaseUrl),
    },
    commit: await commit(),
  };
}

async function postgresVersion(databaseUrl: string): Promise<string> {
  const sql = new SQL(databaseUrl, { max: 1 });
  try {
    const rows: readonly { server_version: string }[] = await sql`SHOW server_version`;
    return rows[0]?.server_version ?? "unknown";
  } finally {
    await sql.close();
  }
}

/** With a `+` when the checkout has changes that are not committed. */
async function commit(): Promise<string> {
  try {
    const cwd = import.meta.dirname;
    const name = (await runToEnd(["git", "rev-parse", "--short", "HEAD"], { cwd })).trim();
    const changes = (
      await runToEnd(["git", "status", "--porcelain", "--untracked-files=no"], { cwd })
    ).trim();
    return changes === "" ? name : `${name}+`;
  } catch {
    return "unknown";
  }
}
