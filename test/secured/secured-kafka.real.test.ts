// A real broker that asks who its clients are: SCRAM over TLS, rights by ACLs. Both services run on it with the documented rights and
// no more; what no right allows is refused; what is set wrongly is told in one sentence.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ensureTopics } from "../../kafka/admin.ts";
import type { ClientSettings } from "../../kafka/binding.ts";
import { openPublisher } from "../../kafka/publisher.ts";
import { readTopic } from "../../kafka/read-topic.ts";
import type { KafkaRecord } from "../../kafka/record.ts";
import { kafkaSecurity } from "../../service/kafka-security.ts";
import { createLogger } from "../../service/logger.ts";
import { type ServiceProcess, spawnService, startService } from "../load/service-process.ts";
import { type KafkaPart, startKafka } from "../parts/kafka.ts";
import { createKafkaSecurity, type KafkaSecurity } from "../parts/kafka-security.ts";
import { eventually } from "../system/eventually.ts";
import { callHttp } from "../system/http-call.ts";
import { realEnvironment } from "../system/real-environment.ts";
import { aclArguments, readAclTable } from "./acl-table.ts";

const environment = realEnvironment();
const table = readAclTable();
/** A user without any right, and a topic that no row names. */
const [visitor, othersTopic] = ["visitor", "invoices"];
const users = [...new Set(table.map(({ user }) => user)), visitor];
const topics = [
  ...new Set(table.flatMap(({ resource, names }) => (resource === "topic" ? names : []))),
  othersTopic,
];

function mayDo(user: string, operation: string, topic: string): boolean {
  return table.some(
    (row) =>
      row.user === user &&
      row.resource === "topic" &&
      row.names.includes(topic) &&
      row.operations.includes(operation),
  );
}

describe.skipIf(environment === undefined)("Kafka with users, TLS and ACLs", () => {
  let kafka: KafkaPart;
  let security: KafkaSecurity;
  let settings: Readonly<Record<string, string>>;
  const running: ServiceProcess[] = [];

  const login = (user: string, password = security.passwordOf(user)) => ({
    KAFKA_SECURITY_PROTOCOL: "sasl_ssl" as const,
    KAFKA_SASL_MECHANISM: "SCRAM-SHA-512" as const,
    KAFKA_SASL_USERNAME: user,
    KAFKA_SASL_PASSWORD: password,
    KAFKA_SSL_CA_FILE: security.caFile,
  });
  const lines: string[] = [];
  const logger = createLogger({ level: "info", format: "json", write: (line) => void lines.push(line) });
  const clientOf = (user: string, as: ClientSettings = kafkaSecurity(login(user))) => ({
    brokers: kafka.brokers,
    security: as,
    clientId: `test-${user}`,
    logger,
  });

  beforeAll(async () => {
    security = await createKafkaSecurity(users);
    kafka = await startKafka({ security });
    const { SCHEMA_REGISTRY_URL = "", DATABASE_URL = "" } = (await environment?.open()) ?? {};
    settings = {
      KAFKA_BROKERS: kafka.brokers,
      SCHEMA_REGISTRY_URL,
      DATABASE_URL,
      SAGA_PARTICIPANTS: "off",
      ORDER_STATE_TOPIC: "order-state",
    };
    const broker = ["--bootstrap-server", kafka.brokers, "--command-config", security.adminConfigFile];
    await Promise.all(
      table.map((row) => kafka.tool("org.apache.kafka.tools.AclCommand", ...broker, ...aclArguments(row))),
    );
  }, 120_000);
  afterAll(async () => {
    await Promise.all(running.map((service) => service.stop()));
    await kafka.close();
    security.close();
    await environment?.remove();
  }, 60_000);

  test("cart and order run on the documented rights: topics, orders, dead letters, a replay, a saga's order, states, a tail", async () => {
    const [cart, order] = await Promise.all([
      startService("cart", { ...settings, ...login("cart") }),
      startService("order", { ...settings, ...login("order") }),
    ]);
    running.push(cart, order);
    const create = () => callHttp("POST", `${cart.url}/create-order`, { orderId: "SEC-1", itemsCount: 1 });
    expect((await create()).status).toBe(201);
    await eventually(async () => {
      expect((await callHttp("GET", `${order.url}/order-details?orderId=SEC-1`)).status).toBe(200);
    });
    expect((await create()).status).toBe(201);
    await eventually(async () => {
      const { body } = await callHttp("GET", `${order.url}/dlq/messages`);
      expect(body).toMatchObject({ count: 1, messages: [{ orderId: "SEC-1" }] });
    });
    const started = await callHttp<{ id: string }>("POST", `${order.url}/ops/replays/start`, {
      scope: { filter: {} },
      name: "once more",
      reason: "to see that it reaches the replays' topic",
    });
    expect(started.status).toBe(202);
    await eventually(async () => {
      const { body } = await callHttp("GET", `${order.url}/ops/replays/one?id=${started.body.id}`);
      expect(body).toMatchObject({ state: "done", left: 0 });
    });
    const placed = await callHttp("POST", `${order.url}/api/orders`, {
      customerId: "CUST-1",
      items: [{ productId: "P-1", quantity: 1, price: 10 }],
    });
    expect(placed.status).toBe(201);
    // Each by a client of its own: the topic of states, and whoever looks at a topic's end.
    await eventually(async () => {
      const states: string[] = [];
      const onRecords = (records: readonly KafkaRecord[]) => {
        states.push(...records.map(({ key }) => String(key)));
      };
      await readTopic({ ...clientOf("order"), topic: "order-state", from: new Map(), onRecords });
      expect(states).toContain("SEC-1");
    });
    const tail = await fetch(`${order.url}/ops/topics/tail?topic=order-events`);
    expect(tail.status).toBe(200);
    await tail.body?.cancel();
    await Promise.all(running.splice(0).map(async (service) => expect(await service.stop()).toBe(0)));
  }, 120_000);

  test("each user reads and writes the topics of its rows, and no other", async () => {
    const spec = { partitions: 1, retentionMs: 60_000, compressionType: "lz4" } as const;
    const made = await ensureTopics({ ...clientOf("admin"), topics: [{ name: othersTopic, ...spec }] });
    expect(made.ok).toBe(true);
    const found: string[] = [];
    const documented: string[] = [];
    for (const user of users) {
      const publisher = await openPublisher({ ...clientOf(user), deadlineMs: 2000 });
      for (const topic of topics) {
        const record = { topic, key: Buffer.from("k"), value: Buffer.from("v"), headers: [] };
        const written = await publisher.publish(record);
        const read = await readTopic({
          ...clientOf(user),
          topic,
          from: new Map(),
          onRecords: () => undefined,
          deadlineMs: 5000,
        });
        found.push(`${user} ${topic} ${written.ok ? "writes" : "-"} ${read.ok ? "reads" : "-"}`);
        documented.push(
          `${user} ${topic} ${mayDo(user, "Write", topic) ? "writes" : "-"} ${mayDo(user, "Read", topic) ? "reads" : "-"}`,
        );
        if (!written.ok) {
          // Who may write nowhere is not even given the numbers that acknowledged records need.
          const message =
            user === visitor ? expect.any(String) : "This client is not allowed to write to the topic (29)";
          expect(written.failure).toMatchObject({ message });
        }
      }
      await publisher.close();
    }
    expect(found).toEqual(documented);
    expect(found).toContain("cart order-events-dlq - -");
    expect(found).toContain("order order-events - reads");
    expect(lines.join("")).toContain("give its user the rights that docs/kafka-acls.md lists");
  }, 180_000);

  test.each([
    [
      "a wrong password",
      () => kafkaSecurity(login("cart", "wrong")),
      "refuses this service's user or password",
    ],
    [
      "a user that is not there",
      () => kafkaSecurity(login("nobody", "x")),
      "refuses this service's user or password",
    ],
    [
      "no certificate authority",
      () => kafkaSecurity({ ...login("cart"), KAFKA_SSL_CA_FILE: undefined }),
      "Kafka's certificate is not trusted: check KAFKA_SSL_CA_FILE",
    ],
    ["no TLS", (): ClientSettings => ({}), "if this goes on, check KAFKA_SECURITY_PROTOCOL"],
  ])(
    "%s is told in one sentence, and nothing is published",
    async (_what, as, sentence) => {
      lines.length = 0;
      const publisher = await openPublisher({ ...clientOf("cart", as()), deadlineMs: 2000 });
      const record = { topic: "order-events", key: Buffer.from("k"), value: Buffer.from("v"), headers: [] };
      expect((await publisher.publish(record)).ok).toBe(false);
      await publisher.close(100);
      expect(lines.join("")).toContain(sentence);
      expect(lines.join("")).not.toContain(security.passwordOf("cart"));
    },
    30_000,
  );

  test("a service with a wrong password starts, says so, and answers 503", async () => {
    const cart = await spawnService("cart", { ...settings, ...login("cart", "wrong") });
    running.push(cart);
    await eventually(async () => {
      expect(cart.log()).toContain("refuses this service's user or password: check KAFKA_SASL_USERNAME");
      expect((await callHttp("GET", `${cart.url}/health`)).status).toBe(503);
    }, 30_000);
    expect(cart.log()).not.toContain("wrong");
  }, 60_000);
});
