// `bun test/load/orders-100k.ts [orders] [connections]`: creates 100,000 orders over HTTP at full speed on real Kafka, waits
// until order has stored them, and compares the store with what the clients were told, id by id. Exit code 1 when an
// acknowledged order is missing, one is there twice, one is there that nobody was promised, or not all were taken.
//
// KAFKA_BROKERS, SCHEMA_REGISTRY_URL and DATABASE_URL choose the servers; without them the parts of the tests are
// started, PostgreSQL with fsync on, so that the rate is one that a server would really give.
import { cpus, totalmem } from "node:os";
import { createProgressDisplay } from "../../kafka/native/progress.ts";
import kafkaPackage from "../../node_modules/@confluentinc/kafka-javascript/package.json" with { type: "json" };
import { startParts } from "../parts/parts.ts";
import { createOrders, type CreateOutcome } from "./create-orders.ts";
import { startService, type ServiceProcess } from "./service-process.ts";
import { findDifferences, openStoredOrders, type StoredOrders } from "./stored-orders.ts";

const total = readCount(process.argv[2], 100_000);
const concurrency = readCount(process.argv[3], 128);
const prefix = `LOAD-${Date.now().toString(36)}-`;
const givesUpAfterMs = 60_000;
const display = createProgressDisplay(process.stderr, "Orders");

process.exit(await main());

async function main(): Promise<number> {
  const servers = await openServers();
  const settings = { ...servers.environment, HOST: "127.0.0.1", LOG_LEVEL: "warn" };
  const services = await Promise.all([startService("cart", settings), startService("order", settings)]);
  const [cart, order] = services;
  const stored = openStoredOrders(servers.environment.DATABASE_URL, prefix);
  try {
    const failures = await run(cart, order, stored);
    for (const failure of failures) process.stdout.write(`FAILED: ${failure}\n`);
    return failures.length === 0 ? 0 : 1;
  } finally {
    display.end();
    await stored.close();
    for (const service of services) await service.stop();
    await servers.close();
  }
}

async function run(
  cart: ServiceProcess,
  order: ServiceProcess,
  stored: StoredOrders,
): Promise<readonly string[]> {
  const ids = Array.from({ length: total }, (_, index) => `${prefix}${String(index + 1).padStart(7, "0")}`);
  const startedAt = performance.now();
  const created = await createOrders(ids, {
    url: cart.url,
    concurrency,
    onProgress(done) {
      if (done % 250 === 0) display.show({ stage: "created over HTTP", fraction: done / total });
    },
  });
  display.end();
  const settled = await untilStored(stored, created.acknowledged.size);
  const storedAfterMs = performance.now() - startedAt;
  display.end();
  await report(created, storedAfterMs, stored);
  return [
    ...findDifferences(await stored.ids(), created),
    ...(settled
      ? []
      : [`the store stood still for ${givesUpAfterMs / 1000} s; order's log:\n${order.log()}`]),
    ...(created.acknowledged.size === total
      ? []
      : [`cart took ${created.acknowledged.size} of ${total} orders; cart's log:\n${cart.log()}`]),
    ...created.surprises,
  ];
}

/** False when the number of stored orders has not moved for a minute. */
async function untilStored(stored: StoredOrders, expected: number): Promise<boolean> {
  let lastCount = -1;
  let movedAt = performance.now();
  while (performance.now() - movedAt < givesUpAfterMs) {
    const count = await stored.count();
    if (count >= expected) return true;
    if (count !== lastCount) movedAt = performance.now();
    lastCount = count;
    display.show({ stage: "stored", fraction: count / expected });
    await Bun.sleep(100);
  }
  return false;
}

async function report(created: CreateOutcome, storedAfterMs: number, stored: StoredOrders): Promise<void> {
  const { acknowledged, refused, unknown, elapsedMs, latencyMs } = created;
  const seconds = (milliseconds: number) => (milliseconds / 1000).toFixed(1);
  const rate = (milliseconds: number) => Math.round((total / milliseconds) * 1000).toLocaleString("en");
  const lines = [
    `created     ${acknowledged.size} acknowledged, ${refused.size} refused, ${unknown.size} unknown, ` +
      `${concurrency} connections: ${seconds(elapsedMs)} s, ${rate(elapsedMs)} a second`,
    `latency     p50 ${latencyMs.p50.toFixed(1)} ms, p99 ${latencyMs.p99.toFixed(1)} ms, max ${latencyMs.max.toFixed(1)} ms`,
    `all stored  ${seconds(storedAfterMs)} s after the first request, ${rate(storedAfterMs)} a second`,
    `machine     ${cpus()[0]?.model.trim() ?? "unknown CPU"}, ${cpus().length} cores for clients, services and servers together, ` +
      `${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform} ${process.arch}`,
    `versions    Bun ${Bun.version}, kafka-javascript ${kafkaPackage.version}, ${await stored.version()}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

interface Servers {
  readonly environment: { KAFKA_BROKERS: string; SCHEMA_REGISTRY_URL: string; DATABASE_URL: string };
  close(): Promise<void>;
}

async function openServers(): Promise<Servers> {
  const { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL } = process.env;
  if (KAFKA_BROKERS !== undefined && SCHEMA_REGISTRY_URL !== undefined && DATABASE_URL !== undefined) {
    return { environment: { KAFKA_BROKERS, SCHEMA_REGISTRY_URL, DATABASE_URL }, close: async () => {} };
  }
  const parts = await startParts({
    kafka: { heapMb: 1024, optimised: true },
    postgres: { settings: { fsync: "on", full_page_writes: "on" } },
  });
  return { environment: parts.environment, close: () => parts.close() };
}

function readCount(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new Error(`"${text}" is not a count: bun test/load/orders-100k.ts [orders] [connections]`);
}
