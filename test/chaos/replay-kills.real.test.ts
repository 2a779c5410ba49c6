// kill -9 in the middle of a replay, at named points and at any time, also of one instance of two: the job goes on, and each
// letter has one effect.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SQL } from "bun";
import { createOrderClient } from "../../contract/client.ts";
import { silentLogger } from "../../kafka/client-fixtures.ts";
import { ensureTopics } from "../../kafka/admin.ts";
import { createRegistry } from "../../schemas/registry.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { topicSpecs } from "../../service/topics.ts";
import { findFreePort } from "../parts/free-port.ts";
import { spawnService, type ServiceProcess, startService } from "../load/service-process.ts";
import { openEventWriter } from "../system/event-writer.ts";
import { eventually } from "../system/eventually.ts";
import { openRawProducer } from "../system/raw-producer.ts";
import { environmentOn, type RealEnvironment, realEnvironmentAddresses } from "../system/real-environment.ts";

const addresses = realEnvironmentAddresses();
const letters = 4000;
const orderIds = Array.from({ length: letters }, (_, index) => `ORD-${index}`);

describe.skipIf(addresses === undefined)("order killed during a replay", () => {
  let own: RealEnvironment;
  let environment: Readonly<Record<string, string>>;
  let settings: Settings;
  let sql: SQL;

  beforeAll(async () => {
    if (addresses === undefined) return;
    own = environmentOn(addresses);
    environment = { ...(await own.open()), LOG_FORMAT: "json", DLQ_MAX_RETRIES: "0" };
    const read = readSettings(environment);
    if (!read.ok) throw new Error(read.faults.join(" "));
    settings = read.value;
    sql = new SQL(environment["DATABASE_URL"] ?? "", { max: 1 });
    const { KAFKA_BROKERS: brokers } = addresses;
    const topics = topicSpecs(settings);
    const made = await ensureTopics({ brokers, clientId: "suite", topics, logger: silentLogger });
    if (!made.ok) throw new Error(made.failure.message);
  }, 60_000);
  afterAll(async () => {
    await sql.close();
    await own.remove();
  }, 30_000);

  async function write(which: "updates" | "creates"): Promise<void> {
    if (addresses === undefined) throw new Error("no parts");
    const { KAFKA_BROKERS: brokers, SCHEMA_REGISTRY_URL: url } = addresses;
    const writer = await openEventWriter(createRegistry({ url, timeoutMs: 4000 }), settings);
    const producer = await openRawProducer(brokers);
    const { KAFKA_ORDER_TOPIC, KAFKA_STATUS_UPDATE_TOPIC } = settings;
    await Promise.all(
      orderIds.map((orderId) =>
        which === "updates"
          ? producer.produce({
              topic: KAFKA_STATUS_UPDATE_TOPIC,
              key: Buffer.from(orderId),
              value: writer.updateA(orderId, "shipped"),
            })
          : producer.produce({
              topic: KAFKA_ORDER_TOPIC,
              key: Buffer.from(orderId),
              value: writer.createA(orderId),
            }),
      ),
    );
    writer.close();
    await producer.close();
  }

  async function countOf(statement: string): Promise<number> {
    const [row]: { count: number }[] = await sql.unsafe(statement);
    return row?.count ?? 0;
  }
  const untilCount = (statement: string, count: number) =>
    eventually(async () => expect(await countOf(statement)).toBe(count), 60_000);

  test("every letter has one effect and one outcome, whoever was killed, wherever", async () => {
    const ports = [await findFreePort(), await findFreePort()] as const;
    let first = await startService("order", environment, { port: ports[0] });
    await write("updates");
    await untilCount("select count(*)::int as count from letter_fates where state = 'open'", letters);
    await write("creates");
    await untilCount("select count(*)::int as count from orders", letters);
    const order = { scope: { filter: {} }, name: "killed", reason: "the suite's" };
    const job = await createOrderClient(first.url).replays.start.mutate({ ...order, ratePerSecond: 1000 });
    expect(job.total).toBe(letters);

    const settled = () =>
      countOf("select (applied + already_applied + stale + failed + skipped)::int as count from replay_jobs");
    const untilSettled = (count: number) =>
      eventually(async () => expect(await settled()).toBeGreaterThan(count), 60_000);
    await untilSettled(letters * 0.1);
    // One that carries the job out and one that takes over; the one with the job is killed at half of it.
    const second: ServiceProcess = await startService("order", environment, { port: ports[1] });
    await untilSettled(letters * 0.4);
    await first.kill();
    expect(await settled()).toBeLessThan(letters);
    await untilSettled(letters * 0.6);
    await second.kill();
    for (const point of ["before-store-commit", "after-store-commit", "before-offset-commit"] as const) {
      if ((await settled()) === letters) break;
      const crashing = await spawnService("order", { ...environment, CRASH_AT: point }, { port: ports[0] });
      expect(await crashing.ended).toBe("SIGKILL");
    }
    first = await startService("order", environment, { port: ports[0] });
    const client = createOrderClient(first.url);
    const ended = await eventually(async () => {
      const now = await client.replays.get.query({ id: job.id });
      expect(now.endedAt).not.toBeNull();
      return now;
    }, 120_000);
    expect(ended).toMatchObject({ state: "done", left: 0, counts: { applied: letters } });
    // A witness that no unique key can hide: an order counts what was applied to it.
    expect(await countOf("select count(*)::int as count from orders where version = 2")).toBe(letters);
    expect(await countOf("select count(*)::int as count from orders where status = 'shipped'")).toBe(letters);
    expect(await countOf("select count(*)::int as count from letter_fates where state = 'resolved'")).toBe(
      letters,
    );
    expect(await countOf("select count(*)::int as count from parked_records")).toBe(0);
    expect(await client.replays.start.mutate({ ...order, name: "again" })).toMatchObject({ total: 0 });
    await first.stop();
  }, 240_000);
});
