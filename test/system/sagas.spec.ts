// System C as documented, over HTTP and on the topics: every way in which two decisions can come, and what becomes of each.
// The window is a second, so that what has to close does.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createOrderClient } from "../../contract/client.ts";
import { eventually } from "./eventually.ts";
import { callHttp } from "./http-call.ts";
import type { OpenProduct } from "./open-product.ts";
import { type Answer, anyItems, openSagaDesk, type SagaDesk, type Side } from "./saga-desk.ts";

export const sagaSettings = { SAGA_JOIN_WINDOW: "PT1S", SAGA_PARTICIPANTS: "off" } as const;

const outcomes: readonly [Answer, Answer, string, string | null][] = [
  ["ACCEPT", "ACCEPT", "CONFIRMED", null],
  ["REJECT", "REJECT", "REJECTED", "WAREHOUSE-7"],
  ["REJECT", "ACCEPT", "ROLLBACK", "PAYMENT"],
  ["ACCEPT", "REJECT", "ROLLBACK", "INVENTORY"],
];

export function describeSagas(name: string, _prefix: string, open: () => Promise<OpenProduct>): void {
  describe(name, () => {
    let product: OpenProduct;
    let desk: SagaDesk;

    beforeAll(async () => {
      product = await open();
      desk = await openSagaDesk(product);
    }, 60_000);
    afterAll(async () => {
      await desk.close();
      await product.close();
    }, 30_000);

    const statuses = (orderId: number) => desk.published(orderId).map(({ status }) => status);
    const kindsOf = async (orderId: number) => (await desk.saga(orderId)).timeline.map(({ kind }) => kind);
    const untilState = (orderId: number, side: Side, state: string) =>
      eventually(async () => {
        const saga = await desk.saga(orderId);
        expect(saga[side]).toMatchObject({ state });
        return saga;
      });

    test("an order is answered when it is on its topic, and can be read at once", async () => {
      const { status, body } = await callHttp<{ orderId: number }>("POST", `${product.orderUrl}/api/orders`, {
        customerId: "CUST-9",
        items: anyItems,
      });
      const dto = {
        orderId: body.orderId,
        customerId: "CUST-9",
        status: "NEW",
        source: null,
        items: [{ productId: "P-1", quantity: 2, price: 10 }],
      };
      expect({ status, body }).toEqual({ status: 201, body: dto });
      expect(await desk.order(body.orderId)).toEqual(dto);
      await eventually(async () => expect(desk.published(body.orderId)).toEqual([dto]));
      const record = desk.ordersRecords().find(({ key }) => String(key) === String(body.orderId));
      expect(record?.headers.map(([header]) => header)).toEqual(["event-id", "outbox"]);
    });

    test("an unknown product or another price than the catalog's is a 400 that names it, and no order", async () => {
      const before = await callHttp<unknown[]>("GET", `${product.orderUrl}/api/orders?pageSize=1000`);
      const place = (items: unknown) =>
        callHttp<{ errors: string[] }>("POST", `${product.orderUrl}/api/orders`, {
          customerId: "CUST-1",
          items,
        });
      expect(await place([{ productId: "NO-SUCH", quantity: 1, price: 10 }])).toMatchObject({
        status: 400,
        body: { errors: [expect.stringContaining("NO-SUCH")] },
      });
      expect(await place([{ productId: "P-1", quantity: 1, price: 11 }])).toMatchObject({
        status: 400,
        body: { errors: [expect.stringContaining("P-1")] },
      });
      const after = await callHttp<unknown[]>("GET", `${product.orderUrl}/api/orders?pageSize=1000`);
      expect(after.body).toHaveLength(before.body.length);
    });

    for (const [payment, stock, status, source] of outcomes) {
      for (const first of ["payment", "stock"] as const) {
        test(`payment ${payment} and stock ${stock} make ${status}, ${first} first, once on the topic and in the store`, async () => {
          const orderId = await desk.place();
          const answers = { payment, stock };
          const second = first === "payment" ? "stock" : "payment";
          const sources = { payment: "PAYMENT", stock: "WAREHOUSE-7" };
          await desk.decide(first, orderId, answers[first], { source: sources[first] });
          await desk.decide(second, orderId, answers[second], { source: sources[second] });
          const all = await desk.untilResult(orderId);
          expect(all.map((dto) => [dto.status, dto.source])).toEqual([
            ["NEW", null],
            [status, source],
          ]);
          expect([await desk.order(orderId)]).toEqual(all.slice(-1));
          expect(await kindsOf(orderId)).toEqual(["placed", "decided", "decided", "settled"]);
        });
      }
    }

    test("orders are paged by orderId, with the total and the next page in headers", async () => {
      for (let placed = 0; placed < 3; placed += 1) await desk.place();
      const response = await fetch(`${product.orderUrl}/api/orders?pageNo=0&pageSize=2`);
      const page = (await response.json()) as { orderId: number }[];
      const orderIds = page.map(({ orderId }) => orderId);
      expect(orderIds).toHaveLength(2);
      expect(orderIds).toEqual(orderIds.toSorted((a, b) => a - b));
      expect(Number(response.headers.get("x-total-count"))).toBeGreaterThanOrEqual(3);
      expect(response.headers.get("link")).toBe(`</api/orders?pageNo=1&pageSize=2>; rel="next"`);
    });

    test("Avro on both sides, and any key, are decisions like others", async () => {
      const orderId = await desk.place();
      const longKey = Buffer.alloc(8);
      longKey.writeBigInt64BE(BigInt(orderId));
      await desk.decide("stock", orderId, "ACCEPT", { asAvro: true, key: longKey });
      await desk.decide("payment", orderId, "ACCEPT", { asAvro: true, key: null });
      await desk.untilResult(orderId);
      const other = await desk.place();
      await desk.decide("payment", other, "REJECT", { key: Buffer.from([0xff, 0xfe]) });
      await desk.decide("stock", other, "REJECT", { asAvro: true });
      expect((await desk.untilResult(other))[1]).toMatchObject({ status: "REJECTED", source: "INVENTORY" });
    });

    test("a Spring-style JSON producer's headers and fields of its own change nothing", async () => {
      const orderId = await desk.place();
      const headers = [
        ["__TypeId__", Buffer.from("com.example.OrderDto")],
        ["spring_json_header_types", Buffer.from("{}")],
      ] as const;
      for (const side of ["payment", "stock"] as const) {
        await desk.produce({
          topic: desk.topics[side],
          key: Buffer.from(String(orderId)),
          headers,
          value: Buffer.from(
            JSON.stringify({ orderId, status: "ACCEPT", source: null, correlation: { hop: 1 }, items: [] }),
          ),
        });
      }
      expect((await desk.untilResult(orderId))[1]).toMatchObject({ status: "CONFIRMED", items: anyItems });
    });

    test("the same decision again counts once, before and after the result", async () => {
      const orderId = await desk.place();
      await desk.decide("payment", orderId, "ACCEPT");
      await desk.decide("payment", orderId, "ACCEPT");
      await desk.decide("stock", orderId, "ACCEPT");
      await desk.decide("stock", orderId, "ACCEPT");
      await desk.untilResult(orderId);
      await eventually(async () =>
        expect((await kindsOf(orderId)).filter((kind) => kind === "duplicate")).toHaveLength(2),
      );
      expect(statuses(orderId)).toEqual(["NEW", "CONFIRMED"]);
    });

    test("a decision that contradicts its side's first is a dead letter, also after the result", async () => {
      const orderId = await desk.place();
      await desk.decide("payment", orderId, "ACCEPT");
      const before = await desk.decide("payment", orderId, "REJECT");
      await desk.decide("stock", orderId, "ACCEPT");
      await desk.untilResult(orderId);
      const after = await desk.decide("stock", orderId, "REJECT");
      for (const place of [before, after]) {
        expect(await desk.untilLetter(place)).toMatchObject({
          reasonCode: "contradictory_decision",
          errorCategory: "NO_RETRY_DLQ",
          consumerGroup: expect.stringMatching(/-saga$/),
        });
      }
      expect(statuses(orderId)).toEqual(["NEW", "CONFIRMED"]);
    });

    test("a decision without a partner is a dead letter when the window has closed, on a quiet topic too; a partner that only came late by its way settles the order all the same", async () => {
      const orderId = await desk.place();
      const place = await desk.decide("stock", orderId, "ACCEPT");
      const letter = await desk.untilLetter(place);
      expect(letter).toMatchObject({ reasonCode: "partner_missing" });
      expect(JSON.parse(String(letter.originalValue))).toMatchObject({ orderId, status: "ACCEPT" });
      const saga = await untilState(orderId, "stock", "expired");
      expect(saga.order).toMatchObject({ status: "NEW" });
      const [record] = desk
        .ordersRecords()
        .filter(({ key }) => String(key) === String(orderId))
        .map(({ timestampMs }) => timestampMs);
      await desk.decide("payment", orderId, "ACCEPT", { timestampMs: record ?? Date.now() });
      expect((await desk.untilResult(orderId)).map(({ status }) => status)).toEqual(["NEW", "CONFIRMED"]);
    });

    test("a decision 60 s late is a dead letter with its reason, and its replay settles the order", async () => {
      const orderId = await desk.place();
      const nowMs = Date.now();
      await desk.decide("payment", orderId, "ACCEPT", { timestampMs: nowMs - 60_000 });
      await untilState(orderId, "payment", "pending");
      const place = await desk.decide("stock", orderId, "ACCEPT", { timestampMs: nowMs });
      const letter = await desk.untilLetter(place);
      expect(letter).toMatchObject({
        reasonCode: "outside_window",
        errorMessage: expect.stringContaining("60000 ms"),
      });
      expect(await desk.saga(orderId)).toMatchObject({ order: { status: "NEW" }, stock: { state: "late" } });
      const client = createOrderClient(product.orderUrl);
      const listed = await eventually(async () => {
        const { deadLetters } = await client.dlq.list.query({ orderId: String(orderId) });
        expect(deadLetters).toMatchObject([{ reason: "outside_window", state: "open" }]);
        return deadLetters;
      });
      await client.replays.start.mutate({
        scope: { ids: listed.map(({ id }) => id) },
        name: "late",
        reason: "stock was down for a minute",
      });
      expect((await desk.untilResult(orderId)).map(({ status }) => status)).toEqual(["NEW", "CONFIRMED"]);
      expect(await desk.saga(orderId)).toMatchObject({ stock: { state: "joined", replayed: true } });
    });

    test("decisions that come before their order wait for it, and settle it the moment it is placed", async () => {
      const next = (await desk.place()) + 1;
      await desk.decide("payment", next, "ACCEPT");
      await desk.decide("stock", next, "REJECT");
      await untilState(next, "stock", "pending");
      expect(await desk.place()).toBe(next);
      expect((await desk.untilResult(next)).map(({ status }) => status)).toEqual(["NEW", "ROLLBACK"]);
    });

    test("a decision about an order that nobody places is a dead letter when the window has closed", async () => {
      const place = await desk.decide("payment", 9_000_000_000_000_000, "ACCEPT");
      expect(await desk.untilLetter(place)).toMatchObject({ reasonCode: "unknown_order" });
      expect(await desk.saga(9_000_000_000_000_000)).toMatchObject({
        order: null,
        payment: { state: "expired" },
      });
    });

    test("what is no decision is a dead letter with its bytes and its reason, and the next record goes on", async () => {
      const poison: readonly [Buffer | null, string][] = [
        [Buffer.from("not json"), "undecodable"],
        [Buffer.from("[]"), "undecodable"],
        [Buffer.from([0x22, 0xff, 0x22]), "undecodable"],
        [null, "tombstone"],
        [Buffer.from([0, 1]), "too_short"],
        [Buffer.from([0, 0x7f, 0xff, 0xff, 0xff, 2]), "unknown_schema_id"],
        [Buffer.from(`{"orderId":"1","status":"ACCEPT"}`), "invalid_event"],
        [Buffer.from(`{"orderId":1.5,"status":"ACCEPT"}`), "invalid_event"],
        [Buffer.from(`{"orderId":0,"status":"ACCEPT"}`), "invalid_event"],
        [Buffer.from(`{"orderId":9007199254740993,"status":"ACCEPT"}`), "invalid_event"],
        [Buffer.from(`{"orderId":1,"status":"accept"}`), "invalid_event"],
        [Buffer.from(`{"orderId":1,"status":"ACCEPT","source":7}`), "invalid_event"],
      ];
      const orderId = await desk.place();
      for (const [value, reason] of poison) {
        const place = await desk.produce({ topic: desk.topics.payment, key: null, value });
        const letter = await desk.untilLetter(place);
        expect(letter.reasonCode).toBe(reason);
        expect(letter.originalValue).toEqual(value);
      }
      await desk.decide("payment", orderId, "ACCEPT");
      await desk.decide("stock", orderId, "ACCEPT");
      await desk.untilResult(orderId);
    });

    test("a placement repeated under one Idempotency-Key is one order; another body under it is 422", async () => {
      const place = (customerId: string) =>
        fetch(`${product.orderUrl}/api/orders`, {
          method: "POST",
          headers: { "idempotency-key": "saga-key-1", "content-type": "application/json" },
          body: JSON.stringify({ customerId, items: anyItems }),
        });
      const [first, repeat] = await Promise.all([place("CUST-1"), place("CUST-1")]);
      expect(first.status).toBe(201);
      const order = await first.json();
      expect(await repeat.json()).toEqual(order);
      expect(await (await place("CUST-1")).json()).toEqual(order);
      expect((await place("CUST-2")).status).toBe(422);
      await desk.decide("payment", order.orderId, "ACCEPT");
      await desk.decide("stock", order.orderId, "ACCEPT");
      await desk.untilResult(order.orderId);
      expect(await (await place("CUST-1")).json()).toEqual(order);
      expect(statuses(order.orderId)).toEqual(["NEW", "CONFIRMED"]);
    });

    test("the counts say what has happened", async () => {
      const { body } = await callHttp<{ counted: { joins: number } }>(
        "GET",
        `${product.orderUrl}/ops/saga-stats`,
      );
      expect(body.counted).toMatchObject({
        duplicates: 2,
        contradictory: 2,
        late: 1,
        replayed: 1,
        early: 3,
      });
      expect(body.counted.joins).toBeGreaterThanOrEqual(16);
      await eventually(async () => {
        const stats = await callHttp("GET", `${product.orderUrl}/ops/saga-stats`);
        expect(stats.body).toMatchObject({ unpublished: 0 });
      });
    });

    test("no order has two results, and no result comes before its NEW", async () => {
      const byOrder = Map.groupBy(desk.ordersRecords(), ({ key }) => String(key));
      for (const records of byOrder.values()) {
        const found = records.map(({ value }) => JSON.parse(String(value)).status as string);
        expect(found[0]).toBe("NEW");
        expect(found.length).toBeLessThanOrEqual(2);
        expect(found.slice(1)).not.toContain("NEW");
      }
    });
  });
}
