// Producers that fail for good. On a real broker: its log has lost the end, so the numbers of the batches do not fit any more
// (45, which librdkafka makes -150); another producer has taken the transactional id; the right to write is gone (29).
import { openTransactionalPublisher } from "../../../kafka/transactional-publisher.ts";
import { silentLogger } from "../../../kafka/client-fixtures.ts";
import { startService } from "../../load/service-process.ts";
import { startKafka } from "../../parts/kafka.ts";
import { createKafkaSecurity } from "../../parts/kafka-security.ts";
import { aclArguments, readAclTable } from "../../secured/acl-table.ts";
import { callHttp } from "../../system/http-call.ts";
import { readTopic } from "../../system/read-topic.ts";
import type { Fault } from "../fault.ts";
import type { Stage } from "../stage.ts";
import { cutLastBatches, readLogFolder } from "./broken-log.ts";
import { type Checks, createChecks } from "./checks.ts";
import { expectAnswered, probe, probeAt, probeCart } from "./probe-cart.ts";
import { withSql } from "./read-stage.ts";

const replacedLine = "The Kafka producer has failed for good and is replaced";

const sequenceBroken: Fault = {
  name: "producer-out-of-sequence",
  row: "producer fatal",
  pace: "quick",
  // The broker loses records that it had acknowledged: they cannot be asked for.
  ownStage: { ordersPerSecond: 0, account: "own" },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    await stage.untilHealth(stage.cart, 200, 30_000);
    // Nobody reads what will be lost.
    await order.stop();
    for (let index = 0; index < 30; index += 1) await probe(stage, `SEQUENCE-${index}`);
    const folder = await readLogFolder(stage);
    await stage.kafka.kill();
    const cut = cutLastBatches(folder, stage.settings.KAFKA_ORDER_TOPIC, 3);
    await stage.kafka.restart();
    const backAt = performance.now();
    const statuses: (number | undefined)[] = [];
    let watching = true;
    const watch = (async () => {
      while (watching) {
        statuses.push(await stage.cart.statusOf("/health"));
        await Bun.sleep(10);
      }
    })();
    const probing = probeCart(stage, 6);
    const isReplaced = await checks.expectSoon(
      "the producer is replaced, and cart's log says so",
      () => stage.cart.log().includes(replacedLine),
      20_000,
    );
    await checks.expectSoon(
      "cart takes orders again",
      async () => (await probe(stage, `SEQUENCE-AGAIN-${statuses.length}`)).status === 201,
      20_000,
    );
    const recoveredMs = performance.now() - backAt;
    expectAnswered(checks, await probing.stop());
    await stage.untilHealth(stage.cart, 200, 20_000);
    watching = false;
    await watch;
    const firstRed = statuses.indexOf(503);
    checks.expect(
      "health was red, then green",
      firstRed >= 0 && statuses.lastIndexOf(200) > firstRed,
      statuses.filter((status, index) => status !== statuses[index - 1]),
    );
    await order.start();
    await order.untilReady();
    return checks.report(cut > 0 && isReplaced, recoveredMs);
  },
};

const placed = { customerId: "CUST-1", items: [{ productId: "P-1", quantity: 1, price: 10 }] };

const fenced: Fault = {
  name: "transactional-producer-fenced",
  row: "producer fatal",
  pace: "quick",
  ownStage: { environment: { SAGA_PARTICIPANTS: "off" } },
  async run(stage) {
    const checks = createChecks(stage);
    const [order] = stage.orders;
    await stage.untilHealth(order, 200, 30_000);
    const place = async () => {
      const answer = await callHttp<{ orderId: number }>("POST", `${order.url}/api/orders`, placed);
      return answer.status === 201 ? answer.body.orderId : undefined;
    };
    const ids = [await place()];
    const [outbox] = await withSql(
      stage.databaseUrl,
      async (sql): Promise<{ id: string }[]> => await sql`select id from saga_outboxes`,
    );
    const usurper = await openTransactionalPublisher({
      brokers: stage.brokers,
      clientId: "suite",
      logger: silentLogger,
      transactionalId: `${stage.settings.KAFKA_GROUP_ID}-saga-outbox-${outbox?.id}`,
    });
    let took = false;
    try {
      await stage.until(
        "the id is taken",
        async () => {
          took = (await usurper.init()).ok;
          return took;
        },
        15_000,
      );
      const takenAt = performance.now();
      for (let index = 0; index < 10; index += 1) ids.push(await place().catch(() => undefined));
      await checks.expectSoon(
        "orders are placed again",
        async () => {
          const orderId = await place().catch(() => undefined);
          ids.push(orderId);
          return orderId !== undefined;
        },
        30_000,
      );
      const recoveredMs = performance.now() - takenAt;
      await stage.untilHealth(order, 200, 30_000);
      await usurper.close();
      const source = { brokers: stage.brokers, consumerSettings: {} };
      const records = await readTopic(source, stage.settings.SAGA_ORDERS_TOPIC);
      const perKey = Map.groupBy(records, ({ key }) => String(key));
      const wrong = ids.filter((id) => id !== undefined && perKey.get(String(id))?.length !== 1);
      checks.expect("each order that was placed is on its topic once", wrong.length === 0, wrong);
      return checks.report(took && outbox !== undefined, recoveredMs);
    } finally {
      await usurper.close();
    }
  },
};

function rightTakenAway(name: string, pace: Fault["pace"], awayMs: number, isReplaced: boolean): Fault {
  return {
    name,
    row: "producer fatal",
    pace,
    ownStage: { ordersPerSecond: 0 },
    async run(stage) {
      const checks = createChecks(stage);
      const security = await createKafkaSecurity(["cart"]);
      const kafka = await startKafka({ security });
      try {
        const rights = readAclTable().filter(({ user }) => user === "cart");
        const broker = ["--bootstrap-server", kafka.brokers, "--command-config", security.adminConfigFile];
        const acl = (...words: string[]) =>
          kafka.tool("org.apache.kafka.tools.AclCommand", ...broker, ...words);
        await Promise.all(rights.map((row) => acl(...aclArguments(row))));
        const cart = await startService("cart", {
          KAFKA_BROKERS: kafka.brokers,
          SCHEMA_REGISTRY_URL: stage.registry.url,
          KAFKA_SECURITY_PROTOCOL: "sasl_ssl",
          KAFKA_SASL_USERNAME: "cart",
          KAFKA_SASL_PASSWORD: security.passwordOf("cart"),
          KAFKA_SSL_CA_FILE: security.caFile,
          LOG_FORMAT: "json",
        });
        try {
          return await watchRight(checks, { name, awayMs, isReplaced, cart, stage, acl });
        } finally {
          await cart.stop();
        }
      } finally {
        await kafka.close();
        security.close();
      }
    },
  };
}

interface RightOptions {
  readonly name: string;
  readonly awayMs: number;
  readonly isReplaced: boolean;
  readonly cart: { readonly url: string; log(): string };
  readonly stage: Stage;
  readonly acl: (...words: string[]) => Promise<string>;
}

async function watchRight(checks: Checks, { name, awayMs, isReplaced, cart, stage, acl }: RightOptions) {
  const right = ["--allow-principal", "User:cart", "--operation", "Write", "--topic", "order-events"];
  const ask = (index: number | string) => probeAt(cart.url, `${name}-${index}`);
  await stage.until("cart may write", async () => (await ask("before")).status === 201, 30_000);
  await acl("--remove", "--force", ...right);
  const answers = [];
  let wasReplaced = false;
  const untilMs = performance.now() + awayMs;
  while (performance.now() < untilMs) {
    answers.push(await ask(answers.length));
    // The last lines only are at hand.
    wasReplaced ||= cart.log().includes(replacedLine);
    await Bun.sleep(200);
  }
  const refused = answers.filter(({ status }) => status !== 201);
  checks.expect(
    "every refused request is answered, before cart's deadline",
    refused.every(({ status, tookMs }) => typeof status === "number" && status >= 500 && tookMs < 8000),
    refused.find(({ status }) => typeof status !== "number") ?? refused[0],
  );
  if (isReplaced) checks.expect("after half a minute the producer is replaced", wasReplaced, cart.log());
  await acl("--add", ...right);
  const backAt = performance.now();
  await checks.expectSoon(
    "with the right given back cart takes orders again",
    async () => (await ask(`again-${Math.round(performance.now())}`)).status === 201,
    20_000,
  );
  return checks.report(refused.length > 0, performance.now() - backAt);
}

export const producerFaults: readonly Fault[] = [sequenceBroken, fenced];

/** They need openssl, for a broker that asks who its clients are. */
export const rightFaults: readonly Fault[] = [
  rightTakenAway("right-to-write-revoked", "quick", 4000, false),
  rightTakenAway("right-to-write-revoked-for-long", "long", 40_000, true),
];
