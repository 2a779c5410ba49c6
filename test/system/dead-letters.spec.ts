// Retries and dead letters of systems A and B as they are documented, both at once in one running product: exact messages,
// exact bytes, and the timelines. Everything that has to wait for its retries is asked for at the start, side by side.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createOrderClient, type OrderClient } from "../../contract/client.ts";
import { openEventWriter } from "./event-writer.ts";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import type { OpenProduct } from "./open-product.ts";
import { openRawProducer } from "./raw-producer.ts";
import { readLetter } from "./read-letters.ts";
import { readTopic } from "./read-topic.ts";
import { type DeadLetterWatch, watchDeadLetters } from "./watch-dead-letters.ts";

interface LetterB {
  readonly orderId: string;
  readonly error_category: string;
  readonly error_message: string;
  readonly retry_count: number;
  readonly timestamp: string;
  readonly original_topic: string;
  readonly original_partition: number;
  readonly original_offset: number;
  readonly original_value: string;
}
interface PageB {
  readonly messages: LetterB[];
  readonly count: number;
  readonly limit: number;
  readonly offset: number;
}

const isoInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export function describeDeadLetters(name: string, prefix: string, open: () => Promise<OpenProduct>): void {
  describe(name, () => {
    let product: OpenProduct;
    let watch: DeadLetterWatch;
    let client: OrderClient;
    const id = (text: string) => `${prefix}${text}`;
    const failingId = `TEST-FAIL-${prefix}1`;
    const sentAtMs = new Map<string, number>();

    const create = async (system: "A" | "B", orderId: string) => {
      sentAtMs.set(orderId, Date.now());
      const answer =
        system === "A"
          ? await callHttp("POST", `${product.cartUrl}/api/create-order`, { orderId, numItems: 2 })
          : await callHttp("POST", `${product.cartUrl}/create-order`, { orderId, itemsCount: 2 });
      expect(answer.status).toBe(201);
      return answer.body;
    };
    const update = async (system: "A" | "B", orderId: string, status: string) => {
      sentAtMs.set(orderId, Date.now());
      const path = system === "A" ? "/api/update-order" : "/update-order";
      const answer = await callHttp("PUT", `${product.cartUrl}${path}`, { orderId, status });
      expect(answer.status).toBe(system === "A" ? 202 : 200);
    };
    const statusOf = async (orderId: string) => {
      const { body } = await callHttp("GET", `${product.orderUrl}/order-details?orderId=${orderId}`);
      return (body as { status?: string }).status;
    };
    const untilStatus = (orderId: string, status: string) =>
      eventually(async () => expect(await statusOf(orderId)).toBe(status));
    const pageB = async (query = "?limit=1000") =>
      (await callHttp("GET", `${product.orderUrl}/dlq/messages${query}`)).body as PageB;
    const letterB = (orderId: string) =>
      eventually(async () => {
        const letter = (await pageB()).messages.find((message) => message.orderId === orderId);
        if (letter === undefined) throw new Error(`no dead letter of ${orderId}`);
        return letter;
      });
    const tookMs = async (orderId: string) =>
      (await watch.untilSeen(orderId)).seenAtMs - (sentAtMs.get(orderId) ?? Number.NaN);

    /** Past cart, which refuses it. */
    const writeBlankStatus = async () => {
      const orderId = id("A-BLANK");
      const writer = await openEventWriter(product.parts.registry, product.settings);
      const producer = await openRawProducer(product.parts.brokers);
      sentAtMs.set(orderId, Date.now());
      const topic = product.topics.statusUpdates;
      await producer.produce({ topic, key: Buffer.from(orderId), value: writer.updateA(orderId, " ") });
      await producer.close();
      writer.close();
    };

    beforeAll(async () => {
      product = await open();
      client = createOrderClient(product.orderUrl);
      watch = watchDeadLetters(product.orderUrl);
      for (const name of ["A-DUP", "A-GOOD"]) await create("A", id(name));
      for (const name of ["B-DUP", "B-GOOD"]) await create("B", id(name));
      await untilStatus(id("B-GOOD"), "new");
      await update("A", id("A-EARLY"), "shipped");
      await create("A", id("A-DUP"));
      await update("A", id("A-NOBODY"), "shipped");
      await writeBlankStatus();
      await create("A", failingId);
      await create("B", id("B-DUP"));
      await update("B", id("B-NOBODY"), "shipped");
    }, 60_000);
    afterAll(async () => {
      await watch.stop();
      await product.close();
    }, 30_000);

    test("system B: a duplicate create is dead-lettered within a second, without a retry", async () => {
      expect(await tookMs(id("B-DUP"))).toBeLessThan(1000);
      expect(await letterB(id("B-DUP"))).toEqual({
        orderId: id("B-DUP"),
        error_category: "NO_RETRY_DLQ",
        error_message: `Duplicate CREATE request: Order with ID '${id("B-DUP")}' already exists`,
        retry_count: 0,
        timestamp: expect.stringMatching(isoInstant),
        original_topic: product.topics.orders,
        original_partition: expect.any(Number),
        original_offset: expect.any(Number),
        original_value: expect.any(String),
      });
    });

    test("system B: an update of an unknown order is dead-lettered within a second, without a retry", async () => {
      expect(await tookMs(id("B-NOBODY"))).toBeLessThan(1000);
      expect(await letterB(id("B-NOBODY"))).toMatchObject({
        error_category: "NO_RETRY_DLQ",
        retry_count: 0,
        original_topic: product.topics.orders,
      });
    });

    test("system B: a bad message never stops the next one", async () => {
      await create("B", id("B-GOOD"));
      await update("B", id("B-GOOD"), "confirmed");
      await untilStatus(id("B-GOOD"), "confirmed");
      await letterB(id("B-GOOD"));
    });

    test("an update that overtook its create is applied once the create is there, and is no dead letter", async () => {
      await eventually(async () => {
        const { parked } = await client.parked.list.query({ orderId: id("A-EARLY") });
        expect(parked[0]?.attempts).toBeGreaterThan(0);
      });
      await create("A", id("A-EARLY"));
      await untilStatus(id("A-EARLY"), "shipped");
    });

    for (const [what, orderId, topic, message] of [
      [
        "a duplicate create",
        id("A-DUP"),
        "orders",
        `Duplicate order ID: ${id("A-DUP")} already exists. Cannot create duplicate order.`,
      ],
      [
        "an update of an unknown order",
        id("A-NOBODY"),
        "statusUpdates",
        `Order ${id("A-NOBODY")} not found. Cannot update status. Sending to DLQ.`,
      ],
      ["a blank status", id("A-BLANK"), "statusUpdates", "status must not be blank."],
      ["an order named TEST-FAIL", failingId, "orders", "Simulated processing failure"],
    ] as const) {
      test(`system A: ${what} is tried four times in 7 s and then listed with all that is documented`, async () => {
        const took = await tookMs(orderId);
        expect(took).toBeGreaterThan(6500);
        expect(took).toBeLessThan(9000);
        const [seen, ...others] = watch.of(orderId);
        expect(others).toEqual([]);
        const group = product.settings.KAFKA_GROUP_ID;
        expect(seen?.letter).toEqual({
          originalMessage: expect.any(String),
          errorMessage: message,
          errorType: "ValueError",
          retryCount: 3,
          failedAttempts: 4,
          firstFailureTimestamp: expect.stringMatching(isoInstant),
          lastFailureTimestamp: expect.stringMatching(isoInstant),
          originalTopic: product.topics[topic],
          originalPartition: expect.any(Number),
          originalOffset: expect.any(Number),
          consumerGroup: topic === "orders" ? group : `${group}-status-updates`,
        });
        const { firstFailureTimestamp = "", lastFailureTimestamp = "", originalMessage } = seen?.letter ?? {};
        const apartMs = Date.parse(lastFailureTimestamp) - Date.parse(firstFailureTimestamp);
        expect(apartMs).toBeGreaterThanOrEqual(7000);
        expect(apartMs).toBeLessThan(8000);
        expect(JSON.parse(originalMessage ?? "")).toMatchObject({ orderId });
      });
    }

    test("system A: originalMessage is the whole event", async () => {
      const { letter } = await watch.untilSeen(id("A-NOBODY"));
      expect(JSON.parse(letter.originalMessage ?? "")).toEqual({
        orderId: id("A-NOBODY"),
        status: "shipped",
        updateTimestamp: expect.stringMatching(isoInstant),
        eventType: "STATUS_UPDATE",
      });
    });

    test("attempts are 1 s, 2 s and 4 s apart, never early, each with its time and cause", async () => {
      const { letter } = await watch.untilSeen(id("A-DUP"));
      const { originalTopic, originalPartition, originalOffset } = letter;
      const { deadLetters } = await client.dlq.list.query({ orderId: id("A-DUP"), limit: 10 });
      const [row] = deadLetters;
      expect(row).toMatchObject({
        originalTopic,
        originalPartition,
        originalOffset,
        reason: "duplicate_create",
      });
      const details = await client.dlq.get.query({ id: row?.id ?? "" });
      expect(details.value).toMatchObject({ kind: "decoded", event: { orderId: id("A-DUP") } });
      expect(details.headers.map(({ name }) => name)).toContain("event-id");
      expect(details.failures.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4]);
      expect(new Set(details.failures.map(({ errorMessage }) => errorMessage))).toEqual(
        new Set([letter.errorMessage]),
      );
      const times = details.failures.map(({ failedAt }) => Date.parse(failedAt));
      const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
      for (const [index, plannedMs] of [1000, 2000, 4000].entries()) {
        expect(gaps[index]).toBeGreaterThanOrEqual(plannedMs);
        expect(gaps[index]).toBeLessThan(plannedMs + 500);
      }
      const overHttp = await callHttp("GET", `${product.orderUrl}/ops/dead-letters/one?id=${row?.id}`);
      expect(overHttp).toEqual({ status: 200, body: JSON.parse(JSON.stringify(details)) });
    });

    test("every dead letter has the exact bytes that lie on the topic, and there is one for each failed event and no other", async () => {
      await watch.untilSeen(failingId);
      const source = { brokers: product.parts.brokers, consumerSettings: product.parts.consumerSettings };
      const [orders, statuses, dlq] = await Promise.all([
        readTopic(source, product.topics.orders),
        readTopic(source, product.topics.statusUpdates),
        readTopic(source, product.settings.KAFKA_DLQ_TOPIC),
      ]);
      const originals = new Map(
        [...orders, ...statuses].map((record) => [
          `${record.topic}/${record.partition}/${record.offset}`,
          record,
        ]),
      );
      const letters = dlq.map(readLetter);
      const failed = ["B-DUP", "B-NOBODY", "B-GOOD", "A-DUP", "A-NOBODY", "A-BLANK"]
        .map(id)
        .concat(failingId);
      expect(letters.map(({ originalKey }) => String(originalKey)).toSorted()).toEqual(failed.toSorted());
      expect(new Set(letters.map((letter) => letter.id)).size).toBe(letters.length);
      const listed = new Map(
        (await pageB()).messages.map((letter) => [
          `${letter.original_topic}/${letter.original_partition}/${letter.original_offset}`,
          letter,
        ]),
      );
      expect(listed.size).toBe(letters.length);
      for (const letter of letters) {
        const original = originals.get(letter.id);
        expect(letter.originalValue).toEqual(original?.value ?? null);
        expect(letter.originalKey).toEqual(original?.key ?? null);
        expect(letter.originalHeaders.map(({ name, value }) => [name, value])).toEqual(
          (original?.headers ?? []).map(([name, value]) => [name, value]),
        );
        expect(listed.get(letter.id)?.original_value).toBe(original?.value?.toString("base64") ?? "");
      }
    });

    test("system B: statistics count by category, and pages hold what was asked for, in topic order", async () => {
      await watch.untilSeen(failingId);
      const stats = (await callHttp("GET", `${product.orderUrl}/dlq/stats`)).body;
      expect(stats).toEqual({
        total_messages: 7,
        error_categories: { NO_RETRY_DLQ: 3, RETRY_THEN_DLQ: 4 },
        topic: product.settings.KAFKA_DLQ_TOPIC,
      });
      const whole = await pageB();
      expect(whole).toMatchObject({ count: 7, limit: 1000, offset: 0 });
      const page = await pageB("?limit=2&offset=3");
      expect(page).toEqual({ messages: whole.messages.slice(3, 5), count: 2, limit: 2, offset: 3 });
      expect(await pageB("")).toMatchObject({ limit: 10, offset: 0, count: 7 });
      expect(await pageB("?limit=10&offset=7")).toEqual({ messages: [], count: 0, limit: 10, offset: 7 });
      for (const query of ["?limit=-1", "?offset=-1", "?limit=x", "?limit=1001", "?limit=1.5"]) {
        expect((await callHttp("GET", `${product.orderUrl}/dlq/messages${query}`)).status).toBe(400);
      }
      expect((await callHttp("GET", `${product.orderUrl}/api/dlq/info`)).body).toEqual({
        topic: product.settings.KAFKA_DLQ_TOPIC,
        messageCount: 7,
        partitions: 1,
        retrySettings: { maxRetries: 3, retryBackoffMs: 1000, maxBackoffMs: 30_000 },
      });
    });

    test("ids by topic name only orders of which an event of that topic was applied", async () => {
      await watch.untilSeen(failingId);
      const idsOf = async (topic: string) => {
        const { body } = await callHttp("GET", `${product.orderUrl}/getAllOrderIdsFromTopic?topic=${topic}`);
        return (body as { orderIds: string[] }).orderIds;
      };
      expect(await idsOf(product.topics.orders)).toEqual(
        ["A-DUP", "A-EARLY", "A-GOOD", "B-DUP", "B-GOOD"].map(id).toSorted(),
      );
      expect(await idsOf(product.topics.statusUpdates)).toEqual([id("A-EARLY")]);
    });

    test("nothing stays parked, and both services are healthy", async () => {
      await watch.untilSeen(failingId);
      await eventually(async () => expect((await client.parked.list.query({})).parked).toEqual([]));
      expect((await callHttp("GET", `${product.orderUrl}/health`)).status).toBe(200);
      expect((await callHttp("GET", `${product.cartUrl}/health`)).status).toBe(200);
    });
  });
}
