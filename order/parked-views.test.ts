// The whole way from the store to HTTP: the views behind the real application, over parked records in memory.
import { describe, expect, test } from "bun:test";
import { createTestOrder, told } from "../contract/http/test-service.ts";
import { createParkedViews } from "./parked-views.ts";
import { createAuditViews } from "./audit-views.ts";
import type { Audit, AuditEntry } from "./store/audit.ts";
import type { OrderStore } from "./store/order-store.ts";
import type { ParkedId, ParkedRecord } from "./store/parked-records.ts";
import { StoreUnavailable } from "./store/store-unavailable.ts";

type ParkedStore = Pick<OrderStore, "listParked" | "retryNow" | "orderDeath">;

const nowMs = Date.parse("2026-03-02T09:30:02.000Z");
const notFound = "Order ORD-999 not found. Cannot update status. Sending to DLQ.";

function waiting(overrides: Partial<ParkedRecord> = {}): ParkedRecord {
  const { source = "order-status-updates/0", offset = 18 } = overrides;
  return {
    source,
    offset,
    lane: "ORD-999",
    groupId: "order-service-group-status-updates",
    original: {
      topic: "order-status-updates",
      partition: 0,
      offset,
      timestampMs: nowMs,
      key: Buffer.from("ORD-999"),
      value: Buffer.from([0, 0, 0, 0, 3]),
      headers: [],
    },
    event: {
      eventType: "OrderStatusUpdate",
      eventId: null,
      schemaId: 3,
      eventJson: '{"orderId":"ORD-999","status":"shipped"}',
    },
    state: "waiting",
    attempts: [1, 2].map((attempt) => ({
      attempt,
      failedAtMs: nowMs - 2000 + attempt * 500,
      errorType: "ValueError",
      errorMessage: notFound,
    })),
    dueAtMs: nowMs + 1000,
    death: null,
    ...overrides,
  };
}

const behind = (offset: number) => waiting({ offset, state: "behind", attempts: [], dueAtMs: null });

/** An audit in memory that tells what it hears. */
function auditHeard(heard: string[]): Audit {
  const entries: AuditEntry[] = [];
  return {
    async append(order) {
      heard.push(`audit: ${order.action} by ${order.actor}`);
      return entries.push({ ...order, id: entries.length + 1, end: null });
    },
    async conclude(id, end) {
      heard.push(`audit: ${end.result}`);
      const entry = entries[id - 1];
      if (entry !== undefined) entries[id - 1] = { ...entry, end };
    },
    list: async () => entries.toReversed(),
  };
}

function serve(records: readonly ParkedRecord[]) {
  const heard: string[] = [];
  const find = ({ source, offset }: ParkedId) =>
    records.find((record) => record.source === source && record.offset === offset);
  const store: ParkedStore = {
    async listParked({ limit, after, orderId }) {
      const start = after === undefined ? 0 : records.findIndex((record) => record === find(after)) + 1;
      const rest = records.slice(start);
      return rest.filter(({ lane }) => orderId === undefined || lane === orderId).slice(0, limit);
    },
    async retryNow(id, atMs) {
      heard.push(`store: due ${id.source} ${id.offset} at ${atMs - nowMs}`);
      return find(id)?.state === "waiting";
    },
    async orderDeath(id) {
      heard.push(`store: death ${id.source} ${id.offset}`);
      return find(id) !== undefined;
    },
  };
  const audit = auditHeard(heard);
  const parked = createParkedViews({
    store,
    audit,
    now: () => nowMs,
    onOrdered: ({ source, offset }) => heard.push(`worker: ${source} ${offset}`),
  });
  const { app } = createTestOrder({ ports: { parked, audit: createAuditViews(audit) } });
  const get = (path: string) => told(app.request(path));
  const headers = { "x-request-id": "request-1" };
  const post = (path: string, id: string) =>
    told(app.request(path, { method: "POST", headers, body: JSON.stringify({ id }) }));
  return { get, post, heard };
}

function idOf(source: string, offset: number): string {
  return Buffer.from(`${source}/${offset}`).toString("base64url");
}

describe("parked.list", () => {
  test("tells the order, the event, where it lies, why it failed and when it is tried again", async () => {
    const { body } = await serve([waiting()]).get("/ops/parked");
    expect(body).toEqual({
      parked: [
        {
          id: idOf("order-status-updates/0", 18),
          orderId: "ORD-999",
          state: "waiting",
          eventType: "OrderStatusUpdate",
          event: { orderId: "ORD-999", status: "shipped" },
          topic: "order-status-updates",
          partition: 0,
          offset: 18,
          consumerGroup: "order-service-group-status-updates",
          attempts: 2,
          failures: [
            {
              attempt: 1,
              failedAt: "2026-03-02T09:30:00.500Z",
              errorType: "ValueError",
              errorMessage: notFound,
            },
            {
              attempt: 2,
              failedAt: "2026-03-02T09:30:01.000Z",
              errorType: "ValueError",
              errorMessage: notFound,
            },
          ],
          dueAt: "2026-03-02T09:30:03.000Z",
          reason: null,
        },
      ],
    });
  });

  test("tells what waits behind another event, and what is on its way to the dead letters", async () => {
    const dead = waiting({
      offset: 20,
      state: "dead",
      dueAtMs: null,
      death: { category: "RETRY_THEN_DLQ", reason: "unknown_order" },
    });
    const { body } = await serve([behind(19), dead]).get("/ops/parked");
    expect(body).toMatchObject({
      parked: [
        { state: "behind", attempts: 0, failures: [], dueAt: null, reason: null },
        { state: "dead", attempts: 2, dueAt: null, reason: "unknown_order" },
      ],
    });
  });

  test("an event that cannot be decoded is null, not an error", async () => {
    const event = { eventType: null, eventId: null, schemaId: null, eventJson: null };
    const { body } = await serve([waiting({ event })]).get("/ops/parked");
    expect(body).toMatchObject({ parked: [{ eventType: null, event: null }] });
  });

  test("pages by cursor across partitions, also on a cluster that carries its life, and by order", async () => {
    const records = [
      waiting({ source: "order-events/1@1f2e3d4c", offset: 7 }),
      waiting({ offset: 1, lane: "OTHER" }),
      waiting({ offset: 2 }),
    ];
    const { get } = serve(records);
    const first = await get("/ops/parked?limit=1");
    const cursor = idOf("order-events/1@1f2e3d4c", 7);
    expect(first.body).toMatchObject({ parked: [{ offset: 7 }], nextCursor: cursor });
    const rest = await get(`/ops/parked?limit=2&cursor=${cursor}`);
    expect(rest.body).toMatchObject({ parked: [{ offset: 1 }, { offset: 2 }] });
    expect(rest.body).not.toHaveProperty("nextCursor");
    const ofOne = await get(`/ops/parked?orderId=ORD-999&limit=1&cursor=${cursor}`);
    expect(ofOne.body).toMatchObject({ parked: [{ offset: 2 }] });
  });

  test("a cursor that was never given out is 400", async () => {
    for (const cursor of ["AAAA", idOf("no source", 1), idOf("order-events/0\0", 1)]) {
      const answer = await serve([]).get(`/ops/parked?cursor=${cursor}`);
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({ errors: ["Field 'cursor' is not one of ours"] });
    }
  });
});

describe("an operator's orders", () => {
  const retry = "/ops/parked/retry-now";
  const giveUp = "/ops/parked/dead-letter-now";

  test("retry now is in the audit, makes the event due now, then pokes the worker", async () => {
    const { post, heard } = serve([waiting()]);
    const id = idOf("order-status-updates/0", 18);
    const answer = await post(retry, id);
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ id });
    expect(heard).toEqual([
      "audit: parked.retryNow by request-1",
      "store: due order-status-updates/0 18 at 0",
      "worker: order-status-updates/0 18",
      "audit: Due now",
    ]);
  });

  test("dead-letter now is in the audit, is written for the partition's owner, then pokes the worker", async () => {
    const { post, heard } = serve([waiting(), behind(19)]);
    const id = idOf("order-status-updates/0", 19);
    expect((await post(giveUp, id)).body).toEqual({ id });
    expect(heard).toEqual([
      "audit: parked.deadLetterNow by request-1",
      "store: death order-status-updates/0 19",
      "worker: order-status-updates/0 19",
      "audit: Dead-lettered by whoever consumes its partition",
    ]);
  });

  test("the audit tells who ordered what about which event, and that nothing came of it where nothing did", async () => {
    const { get, post } = serve([waiting({ source: "order-events/2@1f2e3d4c", offset: 7 })]);
    await post(retry, idOf("order-events/2@1f2e3d4c", 7));
    await post(giveUp, idOf("order-events/0", 8));
    const { body } = await get("/ops/audit");
    const common = { at: "2026-03-02T09:30:02.000Z", actor: "request-1", reason: "by hand" };
    expect(body).toMatchObject({
      entries: [
        {
          ...common,
          action: "parked.deadLetterNow",
          target: { topic: "order-events", partition: 0, offset: 8 },
          result: "Nothing was done: no such event waits",
        },
        {
          ...common,
          action: "parked.retryNow",
          target: { topic: "order-events", partition: 2, offset: 7 },
          result: "Due now",
        },
      ],
    });
  });

  test("an id that `parked.list` told is taken as it is", async () => {
    const { get, post } = serve([
      waiting({ source: "order-events/2@1f2e3d4c", offset: 9_007_199_254_740_991 }),
    ]);
    const { body } = await get("/ops/parked");
    const { parked } = body as { parked: { id: string }[] };
    expect((await post(retry, parked[0]?.id ?? "")).status).toBe(202);
  });

  test("what is not parked is 404 and pokes nobody", async () => {
    const { post, heard } = serve([behind(19)]);
    for (const [path, offset] of [
      [retry, 19],
      [retry, 18],
      [giveUp, 18],
    ] as const) {
      const answer = await post(path, idOf("order-status-updates/0", offset));
      expect(answer.status).toBe(404);
      expect(answer.body).toEqual({ detail: expect.stringContaining("No such event") });
    }
    expect(heard.filter((line) => line.startsWith("worker"))).toEqual([]);
  });

  test("an id that was never given out is 400 and reaches no store", async () => {
    const { post, heard } = serve([waiting()]);
    for (const id of ["AAAA", idOf("order-status-updates", 18), `${idOf("order-status-updates/0", 18)}A`]) {
      const answer = await post(retry, id);
      expect(answer.status).toBe(400);
      expect(answer.body).toEqual({ errors: ["Field 'id' is not the id of a parked event"] });
    }
    expect(heard).toEqual([]);
  });
});

test("the store being away is 503: a list had no effect, of an order nobody knows", async () => {
  const refuse = () => Promise.reject(new StoreUnavailable("down"));
  const parked = createParkedViews({
    store: { listParked: refuse, retryNow: refuse, orderDeath: refuse },
    audit: { append: async () => 1, conclude: refuse },
    now: () => nowMs,
    onOrdered: () => {
      throw new Error("nothing was ordered");
    },
  });
  const { app, surprises } = createTestOrder({ ports: { parked } });
  const list = await told(app.request("/ops/parked"));
  expect([list.status, list.headers.get("x-outcome")]).toEqual([503, "none"]);
  const body = JSON.stringify({ id: idOf("order-events/0", 1) });
  for (const path of ["/ops/parked/retry-now", "/ops/parked/dead-letter-now"]) {
    const answer = await told(app.request(path, { method: "POST", body }));
    expect([answer.status, answer.headers.get("x-outcome")]).toEqual([503, "unknown"]);
    expect(answer.headers.get("retry-after")).toBe("2");
  }
  expect(surprises).toEqual([]);
});
