// While an order is tried again and again for 17 s: it blocks nobody but itself, its own later events wait their turn, and
// operators see it and decide about it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createOrderClient, type OrderClient } from "../../contract/client.ts";
import { type EventWriter, openEventWriter } from "./event-writer.ts";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import type { OpenProduct } from "./open-product.ts";
import { openRawProducer, type RawProducer, type RecordPlace } from "./raw-producer.ts";

export function describeRetryingOrders(name: string, prefix: string, open: () => Promise<OpenProduct>): void {
  describe(name, () => {
    let product: OpenProduct;
    let client: OrderClient;
    let writer: EventWriter;
    let producer: RawProducer;
    const slowId = `TEST-FAIL-${prefix}slow`;
    const id = (text: string) => `${prefix}${text}`;
    let slowAt: RecordPlace;
    let slowSentAtMs: number;

    const produce = (orderId: string, value: Buffer, partition?: number) =>
      producer.produce({
        topic: product.topics.orders,
        key: Buffer.from(orderId),
        value,
        ...(partition === undefined ? {} : { partition }),
      });
    const parkedOf = async (orderId: string) => (await client.parked.list.query({ orderId })).parked;
    const lettersOf = async (orderId: string) =>
      (await client.dlq.list.query({ orderId, limit: 10 })).deadLetters.toSorted(
        (a, b) => a.originalOffset - b.originalOffset,
      );

    beforeAll(async () => {
      product = await open();
      client = createOrderClient(product.orderUrl);
      writer = await openEventWriter(product.parts.registry, product.settings);
      producer = await openRawProducer(product.parts.brokers);
      slowSentAtMs = Date.now();
      // System B tries what it did not expect 2 s, 5 s and 10 s later.
      slowAt = await produce(slowId, writer.createB(slowId));
      await produce(slowId, writer.updateB(slowId, "confirmed"), slowAt.partition);
    }, 60_000);
    afterAll(async () => {
      await producer.close();
      writer.close();
      await product.close();
    }, 30_000);

    test("an event that waits for its retry is listed with attempts, cause and due time, and what waits behind it", async () => {
      const [first, second] = await eventually(async () => {
        const parked = await parkedOf(slowId);
        expect(parked).toHaveLength(2);
        return parked;
      });
      expect(first).toMatchObject({
        orderId: slowId,
        state: "waiting",
        eventType: "OrderEvent",
        event: { orderId: slowId, eventType: "CREATE" },
        topic: product.topics.orders,
        partition: slowAt.partition,
        offset: slowAt.offset,
        consumerGroup: product.settings.KAFKA_GROUP_ID,
        dueAt: expect.any(String),
        reason: null,
      });
      expect(first?.failures.at(-1)?.errorMessage).toBe("Simulated processing failure");
      expect(second).toMatchObject({ state: "behind", attempts: 0, failures: [], dueAt: null });
      const { body } = await callHttp("GET", `${product.orderUrl}/ops/parked?orderId=${slowId}`);
      expect((body as { parked: unknown[] }).parked).toHaveLength(2);
    });

    test("a thousand other orders on its partition each become visible within a second", async () => {
      for (let group = 0; group < 10; group += 1) {
        const ids = Array.from({ length: 100 }, (_, index) => id(`N-${group}-${index}`));
        const sentAtMs = Date.now();
        await Promise.all(ids.map((orderId) => produce(orderId, writer.createB(orderId), slowAt.partition)));
        await eventually(async () => {
          const details = await Promise.all(ids.map((orderId) => client.orders.details.query({ orderId })));
          expect(details.map(({ orderId }) => orderId)).toEqual(ids);
        });
        expect(Date.now() - sentAtMs).toBeLessThan(1000);
      }
      expect((await parkedOf(slowId)).length).toBe(2);
    });

    test("retry-now tries a waiting event at once, counts it as an attempt, and is refused for one that is not waiting", async () => {
      const orderId = `TEST-FAIL-${prefix}now`;
      await produce(orderId, writer.createB(orderId));
      const waiting = await eventually(async () => {
        const [parked] = await parkedOf(orderId);
        expect(parked?.attempts).toBe(1);
        return parked;
      });
      const answer = await callHttp("POST", `${product.orderUrl}/ops/parked/retry-now`, { id: waiting?.id });
      expect(answer).toEqual({ status: 202, body: { id: waiting?.id } });
      await eventually(async () => expect((await parkedOf(orderId))[0]?.attempts).toBe(2), 1000);
      await client.parked.retryNow.mutate({ id: waiting?.id ?? "" });
      await eventually(async () => expect((await parkedOf(orderId))[0]?.attempts).toBe(3), 1000);

      const [, behind] = await parkedOf(slowId);
      expect(
        (await callHttp("POST", `${product.orderUrl}/ops/parked/retry-now`, { id: behind?.id })).status,
      ).toBe(404);
    });

    test("dead-letter-now ends an event without another attempt, and the next one of its order goes on", async () => {
      const orderId = `TEST-FAIL-${prefix}end`;
      const create = await produce(orderId, writer.createB(orderId));
      await produce(orderId, writer.updateB(orderId, "confirmed"), create.partition);
      const parked = await eventually(async () => {
        const events = await parkedOf(orderId);
        expect(events.map(({ state }) => state)).toEqual(["waiting", "behind"]);
        return events;
      });
      for (const [index, event] of parked.entries()) {
        if (index === 0) await client.parked.deadLetterNow.mutate({ id: event.id });
        else await callHttp("POST", `${product.orderUrl}/ops/parked/dead-letter-now`, { id: event.id });
        await eventually(async () => expect(await lettersOf(orderId)).toHaveLength(index + 1));
      }
      const [first] = await lettersOf(orderId);
      expect(first).toMatchObject({ attempts: 1, reason: "operator_request", originalOffset: create.offset });
      await eventually(async () => expect(await parkedOf(orderId)).toEqual([]));
    });

    test("after 2 s, 5 s and 10 s the event is dead-lettered with four attempts, and only then its later event has its turn", async () => {
      await eventually(async () => expect(await lettersOf(slowId)).not.toEqual([]), 20_000);
      const tookMs = Date.now() - slowSentAtMs;
      expect(tookMs).toBeGreaterThan(17_000);
      expect(tookMs).toBeLessThan(19_000);
      const [create] = await lettersOf(slowId);
      expect(create).toMatchObject({
        originalOffset: slowAt.offset,
        attempts: 4,
        errorCategory: "RETRY_THEN_DLQ",
        errorMessage: "Simulated processing failure",
        reason: "simulated_failure",
      });
      await eventually(async () => {
        const [later] = await parkedOf(slowId);
        expect(later).toMatchObject({ state: "waiting", attempts: 1 });
        const [attempt] = later?.failures ?? [];
        expect(Date.parse(attempt?.failedAt ?? "")).toBeGreaterThanOrEqual(
          Date.parse(create?.lastFailureAt ?? ""),
        );
      });
    }, 40_000);
  });
}
