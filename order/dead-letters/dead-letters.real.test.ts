// Against the real broker, registry and database, whose addresses come in TEST_*: what the embedded cluster cannot show, a
// topic that is not there, a broker that refuses for size, and the command that rebuilds the index.
import { afterEach, describe, expect, test } from "bun:test";
import { randomBytes, randomUUID } from "node:crypto";
import { ensureTopics } from "../../kafka/admin.ts";
import { silentLogger, until } from "../../kafka/client-fixtures.ts";
import { openPublisher } from "../../kafka/publisher.ts";
import { createRegistry } from "../../schemas/registry.ts";
import { systemClock } from "../../service/clock.ts";
import { openOrderStore } from "../store/open-order-store.ts";
import { deadRecord, openDeadLetterCodec } from "./dead-letter-fixtures.ts";
import { createDeadLetterOutbox } from "./dead-letter-outbox.ts";
import { openDeadLetterIndexer } from "./open-dead-letter-indexer.ts";

const brokers = process.env["TEST_KAFKA_BROKERS"] ?? "";
const registryUrl = process.env["TEST_SCHEMA_REGISTRY_URL"] ?? "";
const databaseUrl = process.env["TEST_DATABASE_URL"] ?? "";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (let step = closing.pop(); step !== undefined; step = closing.pop()) await step();
});

/** Letters are told from other suites' in the same database by the topic that failed. */
async function openRealParts() {
  const topic = `dlq-${randomUUID()}`;
  const failedTopic = `failed-${randomUUID()}`;
  const store = await openOrderStore(databaseUrl);
  closing.push(() => store.close());
  const codec = await openDeadLetterCodec(topic, createRegistry({ url: registryUrl, timeoutMs: 4000 }));
  closing.push(() => codec.close());
  const publisher = await openPublisher({
    brokers,
    clientId: "suite",
    logger: silentLogger,
    // So that it is the broker that measures.
    settings: { "message.max.bytes": 8_000_000 },
  });
  closing.push(() => publisher.close(1000));
  const outbox = createDeadLetterOutbox({
    publisher,
    codec,
    topic,
    clock: systemClock,
    logger: silentLogger,
    onPublished: () => undefined,
  });
  closing.push(() => outbox.stop());
  const letters = async () => await store.deadLetters.list({ filter: { topic: failedTopic }, limit: 1000 });
  const record = (offset: number, value: Buffer) =>
    deadRecord({ offset, original: { topic: failedTopic, value } });

  async function createTopic(name = topic): Promise<void> {
    const spec = { name, partitions: 1, retentionMs: 3_600_000, compressionType: "lz4" } as const;
    const made = await ensureTopics({ brokers, clientId: "suite", topics: [spec], logger: silentLogger });
    if (!made.ok) throw new Error(made.failure.message);
  }

  async function openIndexer() {
    const indexer = await openDeadLetterIndexer({
      index: store.deadLetters,
      codec,
      clock: systemClock,
      logger: silentLogger,
      consumer: {
        brokers,
        clientId: "suite",
        logger: silentLogger,
        groupId: `index-${randomUUID()}`,
        topics: [topic],
        sessionTimeoutMs: 6000,
      },
    });
    closing.push(() => indexer.close());
    return indexer;
  }
  return { topic, store, outbox, letters, record, createTopic, openIndexer };
}

describe.skipIf(brokers === "" || registryUrl === "" || databaseUrl === "")(
  "dead letters on real parts",
  () => {
    test("wait for a topic that is not there, and go out when somebody makes it", async () => {
      const { outbox, record, createTopic, openIndexer, letters } = await openRealParts();
      outbox.add([record(1, Buffer.from("one")), record(2, Buffer.from("two"))]);
      await until("health says so", () => outbox.blockedBy?.startsWith("The topic does not exist") === true);
      expect(outbox.size).toBe(2);
      await createTopic();
      await until("they are published", () => outbox.size === 0, 30_000);
      const indexer = await openIndexer();
      await until("they are in the index", () => indexer.added === 2);
      expect((await letters()).map(({ original }) => String(original.value))).toEqual(["one", "two"]);
    }, 60_000);

    test("that the broker refuses for their size leave out what they must, and their neighbours nothing", async () => {
      const { outbox, record, createTopic, openIndexer, letters } = await openRealParts();
      await createTopic();
      const small = randomBytes(300_000);
      const large = randomBytes(2_000_000);
      outbox.add(
        [record(1, small), record(2, large), record(3, small)].map((letter, index) => keyed(letter, index)),
      );
      await until("they are published", () => outbox.size === 0, 30_000);
      const indexer = await openIndexer();
      await until("they are in the index", () => indexer.added === 3);
      const found = (await letters()).toSorted((a, b) => a.original.offset - b.original.offset);
      expect(found.map(({ original, omittedValue }) => original.value?.length ?? omittedValue?.size)).toEqual(
        [300_000, 2_000_000, 300_000],
      );
      expect(found.map(({ original }) => original.value?.equals(small) ?? "omitted")).toEqual([
        true,
        "omitted",
        true,
      ]);
      expect(found.map(({ event }) => event.eventJson !== null)).toEqual([true, false, true]);
    }, 60_000);

    test("of a record that nearly fills its own topic say all of it that fits, and what does not", async () => {
      const { outbox, record, createTopic, openIndexer, letters } = await openRealParts();
      await createTopic();
      const text = `{"note":"${randomBytes(380_000).toString("base64")}"}`;
      const withText = (offset: number, bytes: number) => {
        const letter = keyed(record(offset, randomBytes(bytes)), offset);
        return { ...letter, event: { ...letter.event, eventJson: text } };
      };
      // Nothing of it is to be gained by compression. The broker's own bound is 1,048,588 bytes.
      outbox.add([withText(1, 400_000), withText(2, 700_000), withText(3, 1_048_000)]);
      await until("they are published", () => outbox.size === 0, 30_000);
      const indexer = await openIndexer();
      await until("they are in the index", () => indexer.added === 3);
      const found = (await letters()).toSorted((a, b) => a.original.offset - b.original.offset);
      expect(found.map(({ omitted }) => omitted)).toEqual([[], ["text"], ["text", "value"]]);
      expect(found.map(({ original, omittedValue }) => original.value?.length ?? omittedValue?.size)).toEqual(
        [400_000, 700_000, 1_048_000],
      );
      for (const { event, errorMessage, attempts } of found) {
        expect(event.eventType).toBe("OrderStatusUpdate");
        expect(errorMessage).toBe("Order ORD-999 not found. Cannot update status. Sending to DLQ.");
        expect(attempts.length).toBeGreaterThan(0);
      }
    }, 60_000);

    test("are indexed anew by one command", async () => {
      const { topic, outbox, record, createTopic, letters } = await openRealParts();
      await createTopic();
      const sagaTopic = `saga-${topic}`;
      await createTopic(sagaTopic);
      outbox.add(
        Array.from({ length: 300 }, (_, offset) => keyed(record(offset, Buffer.from(`${offset}`)), offset)),
      );
      await until("they are published", () => outbox.size === 0);
      expect(await letters()).toHaveLength(0);
      const command = Bun.spawn([process.execPath, "scripts/rebuild-dead-letters.ts"], {
        cwd: `${import.meta.dirname}/../..`,
        env: {
          ...process.env,
          KAFKA_BROKERS: brokers,
          SCHEMA_REGISTRY_URL: registryUrl,
          DATABASE_URL: databaseUrl,
          KAFKA_DLQ_TOPIC: topic,
          SAGA_DLQ_TOPIC: sagaTopic,
        },
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, err, exitCode] = await Promise.all([
        new Response(command.stdout).text(),
        new Response(command.stderr).text(),
        command.exited,
      ]);
      expect({ exitCode, err }).toEqual({ exitCode: 0, err: "" });
      expect(out).toStartWith(`300 records of ${topic} and ${sagaTopic} read into the index`);
      expect(await letters()).toHaveLength(300);
    }, 60_000);
  },
);

function keyed(letter: ReturnType<typeof deadRecord>, index: number): ReturnType<typeof deadRecord> {
  return { ...letter, original: { ...letter.original, key: Buffer.from(`ORD-${index}`) } };
}
