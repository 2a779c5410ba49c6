// The dead-letter topic is missing, refuses, or is too small for the record: each letter stays parked in the store until the
// broker has it, and everything that is no dead letter goes on.
import { randomBytes } from "node:crypto";
import { readLetter } from "../../system/read-letters.ts";
import { readTopic } from "../../system/read-topic.ts";
import type { Fault } from "../fault.ts";
import { intentAs } from "../intent.ts";
import type { Stage } from "../stage.ts";
import { type Checks, createChecks } from "./checks.ts";
import { garbage } from "./garbage.ts";
import { configureTopic, deleteTopic, makeTopic } from "./kafka-tools.ts";
import { countRows } from "./read-stage.ts";

const poisonCount = 20;
const deadAndParked = "select count(*) from parked_records where state = 'dead'";
const indexed = "select count(*) from dead_letters";

/** While no letter can be published. */
async function whileBlocked(checks: Checks, stage: Stage, name: string): Promise<boolean> {
  const [order] = stage.orders;
  const before = await countRows(stage, indexed);
  await stage.publish(garbage(name, poisonCount, { keys: 5 }));
  const goodIds = Array.from({ length: 10 }, (_, index) => `${name}-GOOD-${index}`);
  await stage.publish(
    goodIds.map((orderId) => ({
      topic: "orders",
      key: Buffer.from(orderId),
      value: stage.writer.createB(orderId),
      headers: [intentAs({ kind: "create", system: "B", status: "new", eventId: null })],
    })),
  );
  const isBlocked = await checks.expectSoon(
    "order says that letters cannot be published",
    async () => (await order.detail())?.deadLetterTopic.state === "down",
    20_000,
  );
  const ready = await order.statusOf("/health/ready");
  checks.expect("readiness is red, which is the alert", ready === 503, ready);
  await checks.expectSoon(
    "every letter is kept in the store",
    async () => (await countRows(stage, deadAndParked)) === poisonCount,
    20_000,
  );
  await checks.expectSoon(
    "what is no dead letter goes on",
    async () => (await order.statusOf(`/order-details?orderId=${goodIds.at(-1)}`)) === 200,
    20_000,
  );
  const published = (await countRows(stage, indexed)) - before;
  checks.expect("none was published meanwhile", published === 0, `${published} letters`);
  return isBlocked;
}

async function expectPublished(checks: Checks, stage: Stage): Promise<number> {
  const backAt = performance.now();
  await checks.expectSoon(
    "then each is published",
    async () =>
      (await countRows(stage, deadAndParked)) === 0 && (await countRows(stage, indexed)) >= poisonCount,
    60_000,
  );
  await stage.untilHealth(stage.orders[0], 200, 60_000);
  return performance.now() - backAt;
}

const missing: Fault = {
  name: "dead-letter-topic-missing",
  row: "dead-letter topic refuses",
  pace: "quick",
  ownStage: { ordersPerSecond: 0 },
  async run(stage) {
    const checks = createChecks(stage);
    const topic = stage.settings.KAFKA_DLQ_TOPIC;
    await stage.untilHealth(stage.orders[0], 200, 30_000);
    await deleteTopic(stage, topic);
    let bit = false;
    try {
      bit = await whileBlocked(checks, stage, "MISSING");
    } finally {
      await makeTopic(stage, topic);
    }
    return checks.report(bit, await expectPublished(checks, stage));
  },
};

/** No letter is small enough for it, whatever is left out: the broker refuses every one. */
const refused: Fault = {
  name: "dead-letter-topic-refuses",
  row: "dead-letter topic refuses",
  pace: "quick",
  ownStage: { ordersPerSecond: 0 },
  async run(stage) {
    const checks = createChecks(stage);
    await stage.untilHealth(stage.orders[0], 200, 30_000);
    const allow = await configureTopic(stage, stage.settings.KAFKA_DLQ_TOPIC, { "max.message.bytes": "100" });
    let bit = false;
    try {
      bit = await whileBlocked(checks, stage, "REFUSED");
    } finally {
      await allow();
    }
    return checks.report(bit, await expectPublished(checks, stage));
  },
};

const tooSmall: Fault = {
  name: "dead-letter-topic-too-small",
  row: "dead-letter topic refuses",
  pace: "quick",
  // The letter has not the record's bytes, which the common account would ask for.
  ownStage: { ordersPerSecond: 0, account: "own" },
  async run(stage) {
    const checks = createChecks(stage);
    await stage.untilHealth(stage.orders[0], 200, 30_000);
    const widen = await configureTopic(stage, stage.settings.KAFKA_DLQ_TOPIC, {
      "max.message.bytes": "4000",
    });
    try {
      const large = randomBytes(20_000);
      large[0] = 1;
      const [place] = await stage.publish([
        {
          topic: "orders",
          partition: 0,
          key: Buffer.from("LARGE"),
          value: large,
          headers: [intentAs({ kind: "poison" })],
        },
        ...garbage("SMALL", 3, { partition: 0 }),
      ]);
      const startedAt = performance.now();
      await checks.expectSoon(
        "all four are dead letters",
        async () => (await countRows(stage, indexed)) === 4,
        30_000,
      );
      const recoveredMs = performance.now() - startedAt;
      const source = { brokers: stage.brokers, consumerSettings: {} };
      const records = await readTopic(source, stage.settings.KAFKA_DLQ_TOPIC);
      const letters = records.map((record) => ({ record, letter: readLetter(record) }));
      const shrunk = letters.filter(({ letter }) => letter.id === `${place?.topic}/0/${place?.offset}`);
      const [only] = shrunk;
      const omitted = String(only?.record.headers.find(([name]) => name === "dlq-omitted")?.[1]);
      checks.expect(
        "the large one is there once, says what it lacks, and lacks its value only",
        shrunk.length === 1 && omitted.includes("value") && only?.letter.originalKey?.toString() === "LARGE",
        { count: shrunk.length, omitted },
      );
      const digest = new Bun.CryptoHasher("sha256").update(large);
      const saysHash = [digest.copy().digest("hex"), digest.copy().digest("base64"), digest.digest()].some(
        (hash) => only?.record.value?.includes(hash) === true,
      );
      checks.expect("in place of the value it has its SHA-256", saysHash, "the hash is not in the letter");
      const small = letters.filter(
        ({ letter }) => letter.originalKey?.toString().startsWith("SMALL") === true,
      );
      checks.expect(
        "the small ones have their bytes",
        small.length === 3 && small.every(({ letter }) => letter.originalValue?.length === 12),
        small.map(({ letter }) => letter.originalValue?.length),
      );
      return checks.report(shrunk.length > 0, recoveredMs);
    } finally {
      await widen();
    }
  },
};

export const deadLetterFaults: readonly Fault[] = [missing, refused, tooSmall];
