// The harness itself on real servers: what the fault tests rely on.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SQL } from "bun";
import { countLiveBrokers } from "./broker-metadata.ts";
import type { KafkaPart } from "./kafka.ts";
import type { PostgresPart } from "./postgres.ts";
import type { RegistryPart } from "./registry.ts";
import { startParts, type RealParts } from "./parts.ts";

let parts: RealParts;
let kafka: KafkaPart;
let registry: RegistryPart;
let postgres: PostgresPart;

beforeAll(async () => {
  parts = await startParts();
  ({ kafka, registry, postgres } = parts);
}, 120_000);

afterAll(async () => {
  await parts.close();
});

const topicTool = "org.apache.kafka.tools.TopicCommand";

describe("Kafka", () => {
  test("keeps its topics over a SIGKILL and answers on the same address", async () => {
    await kafka.tool(topicTool, "--bootstrap-server", kafka.brokers, "--create", "--topic", "kept");
    await kafka.kill();
    expect(await brokerAnswer()).toContain("ECONNREFUSED");
    await kafka.restart();
    expect(await kafka.tool(topicTool, "--bootstrap-server", kafka.brokers, "--list")).toContain("kept");
  }, 60_000);

  test("answers nothing while paused and goes on after resume", async () => {
    kafka.pause();
    expect(await brokerAnswer()).toContain("did not answer");
    kafka.resume();
    expect(await brokerAnswer()).toBe("1 alive");
  }, 60_000);
});

describe("the registry", () => {
  test("keeps a schema's id over a SIGKILL", async () => {
    const id = await registerSchema();
    await registry.kill();
    await registry.restart();
    expect(await registerSchema()).toEqual(id);
  }, 60_000);
});

describe("PostgreSQL", () => {
  test("keeps what was committed over a SIGKILL", async () => {
    await withSql((sql) => sql`CREATE TABLE kept AS SELECT 1 AS one`);
    await postgres.kill();
    await postgres.restart();
    expect(await withSql((sql) => sql`SELECT one FROM kept`)).toHaveLength(1);
  }, 60_000);

  test("starts again after a SIGKILL that met a statement at work", async () => {
    const sql = new SQL(postgres.url, { max: 1 });
    await sql`SELECT 1`;
    const counted = sql`SELECT count(*) FROM generate_series(1, 1000000000)`.execute().catch(() => "cut");
    await postgres.kill();
    expect(await counted).toBe("cut");
    await sql.close();
    await postgres.restart();
    expect(await withSql((again) => again`SELECT 1 AS one`)).toHaveLength(1);
  }, 60_000);

  test("stops serving open connections while paused", async () => {
    await withSql(async (sql) => {
      await sql`SELECT 1`;
      postgres.pause();
      const answer = sql`SELECT 2 AS two`.execute();
      expect(await Promise.race([answer, Bun.sleep(300).then(() => "nothing yet")])).toBe("nothing yet");
      postgres.resume();
      expect(await answer).toHaveLength(1);
    });
  }, 60_000);
});

test("a runner that is killed leaves no server and no folder behind", async () => {
  const runner = Bun.spawn(
    [process.execPath, fileURLToPath(import.meta.resolve("./part-of-killed-runner.ts"))],
    {
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  const { value } = await runner.stdout.getReader().read();
  const started: { pid: number; directory: string } = JSON.parse(new TextDecoder().decode(value));
  const { pid, directory } = started;
  expect(isAlive(pid)).toBe(true);
  runner.kill("SIGKILL");
  const deadline = performance.now() + 10_000;
  while ((isAlive(pid) || existsSync(directory)) && performance.now() < deadline) await Bun.sleep(50);
  expect({ alive: isAlive(pid), folder: existsSync(directory) }).toEqual({ alive: false, folder: false });
}, 60_000);

function brokerAnswer(): Promise<string> {
  return countLiveBrokers(Number(kafka.brokers.split(":")[1])).then(
    (brokers) => `${brokers} alive`,
    (error: Error) => error.message,
  );
}

async function registerSchema(): Promise<unknown> {
  const response = await fetch(`${registry.url}/subjects/kept/versions`, {
    method: "POST",
    headers: { "content-type": "application/vnd.schemaregistry.v1+json" },
    body: JSON.stringify({ schema: JSON.stringify("string") }),
  });
  return response.json();
}

async function withSql<Value>(use: (sql: SQL) => Promise<Value>): Promise<Value> {
  const sql = new SQL(postgres.url, { max: 1 });
  try {
    return await use(sql);
  } finally {
    await sql.close();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
