// The whole way from HTTP to the store: the operations behind the real application, a real stall watch, and the audit in
// SQLite; the worker is told by hand how it ended.
import { afterEach, describe, expect, test } from "bun:test";
import { createTestOrder, told } from "../contract/http/test-service.ts";
import type { TopicPartition } from "../kafka/record.ts";
import { createLogger } from "../service/logger.ts";
import { createTestClock } from "../service/test-clock.ts";
import { createAuditViews } from "./audit-views.ts";
import { createPartitionOperations } from "./partition-operations.ts";
import { openOrderStore } from "./store/open-order-store.ts";
import type { OrderStore } from "./store/order-store.ts";
import { StoreUnavailable } from "./store/store-unavailable.ts";
import type { SkipOutcome } from "./worker/skip-queue.ts";
import { watchStalls } from "./worker/stall-watch.ts";

const startMs = Date.parse("2026-03-02T09:30:00.000Z");
const skip = {
  topic: "order-events",
  partition: 2,
  fromOffset: 41,
  toOffset: 48,
  reason: "a codec nobody has",
};
const { reason, ...target } = skip;
const stores: OrderStore[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

async function openBench(skipTo: () => Promise<SkipOutcome> = async () => "skipped") {
  const store = await openOrderStore(undefined);
  stores.push(store);
  const clock = createTestClock(startMs);
  const lines: string[] = [];
  const logger = createLogger({ level: "warn", format: "json", write: (line) => lines.push(line) });
  const happened: string[] = [];
  let nextOffset = 41;
  const stalls = watchStalls({
    lag: () => [
      {
        topic: "order-events",
        partition: 2,
        nextOffset,
        highWatermark: 50,
        lag: 50 - nextOffset,
        fetchState: "active",
      },
    ],
    isPaused: () => false,
    clock,
    logger,
  });
  const { audit } = store;
  const partitions = createPartitionOperations({
    stalls,
    worker: {
      skipTo: async ({ topic, partition }: TopicPartition, offset) => {
        happened.push(`worker: ${topic}/${partition} to ${offset}`);
        return skipTo();
      },
    },
    audit: {
      append: (order) => {
        happened.push("audit: ordered");
        return audit.append(order);
      },
      conclude: (id, end) => {
        happened.push("audit: ended");
        return audit.conclude(id, end);
      },
    },
    reopen: ({ topic, partition }) => happened.push(`reopen: ${topic}/${partition}`),
    now: () => clock.nowMs(),
    logger,
  });
  const { app } = createTestOrder({ ports: { partitions, audit: createAuditViews(audit) } });
  const order = (body: object = skip) =>
    told(
      app.request("/ops/partitions/skip", {
        method: "POST",
        headers: { "x-request-id": "request-1" },
        body: JSON.stringify(body),
      }),
    );
  const listAudit = async (query = "") => (await told(app.request(`/ops/audit${query}`))).body;
  clock.advance(60_000);
  lines.length = 0;
  return {
    order,
    listAudit,
    happened,
    lines,
    progress: () => {
      nextOffset += 1;
    },
  };
}

const entry = (result: string | null) => ({
  id: 1,
  at: "2026-03-02T09:31:00.000Z",
  action: "partitions.skip",
  actor: "request-1",
  target,
  reason,
  result,
  endedAt: result === null ? null : "2026-03-02T09:31:00.000Z",
});

describe("a skip that an operator orders", () => {
  test("is in the audit before anything is done, and there with its end afterwards", async () => {
    const { order, listAudit, happened, lines } = await openBench();
    const answer = await order();
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ auditId: 1, ...target });
    expect(happened).toEqual([
      "audit: ordered",
      "worker: order-events/2 to 48",
      "reopen: order-events/2",
      "audit: ended",
    ]);
    expect(await listAudit()).toEqual({
      entries: [entry("Skipped offsets 41 to 47: consumption goes on at 48")],
    });
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ level: "warn", ...target, auditId: 1, reason });
  });

  test.each<[object, number, object]>([
    [
      { fromOffset: 40 },
      400,
      { errors: ["Field 'fromOffset' must be 41: that is where partition order-events/2 stands still now"] },
    ],
    [
      { toOffset: 51 },
      400,
      { errors: ["Field 'toOffset' must be at most 50: that is where partition order-events/2 ends"] },
    ],
    [{ partition: 1 }, 404, { detail: expect.stringContaining("does not stand still on this instance") }],
  ])("with %j is refused and leaves nothing", async (wrong, status, body) => {
    const { order, listAudit, happened } = await openBench();
    const answer = await order({ ...skip, ...wrong });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual(body);
    expect(happened).toEqual([]);
    expect(await listAudit()).toEqual({ entries: [] });
  });

  test("is refused when the partition has moved on since it was reported", async () => {
    const { order, happened, progress } = await openBench();
    progress();
    expect((await order()).status).toBe(404);
    expect(happened).toEqual([]);
  });

  test.each<[SkipOutcome, number, string]>([
    [
      "uncommitted",
      503,
      "Offsets 41 to 47 have no effect any more, but the broker did not take the new offset",
    ],
    ["unsettled", 503, "Nothing was skipped: records before the gap were still being worked on"],
    ["not ours", 404, "Nothing was skipped: the partition had gone to another instance"],
  ])(
    "that ends as %s is answered %i, opens nothing anew, and the audit says why",
    async (outcome, status, result) => {
      const { order, listAudit, happened } = await openBench(async () => outcome);
      expect((await order()).status).toBe(status);
      expect(await listAudit()).toEqual({ entries: [entry(result)] });
      expect(happened.join()).not.toContain("reopen");
    },
  );

  test("whose end is unknown stays in the audit without one", async () => {
    const { order, listAudit } = await openBench(() => Promise.reject(new StoreUnavailable("gone")));
    const answer = await order();
    expect(answer.status).toBe(503);
    expect(answer.body).toEqual({ detail: expect.stringContaining("The outcome is unknown") });
    expect(await listAudit()).toEqual({ entries: [entry(null)] });
  });

  test("waits for no other one of the same partition: that is told to come back", async () => {
    const skipping = Promise.withResolvers<SkipOutcome>();
    const { order, happened } = await openBench(() => skipping.promise);
    const first = order();
    const second = await order();
    expect(second.status).toBe(503);
    expect(second.headers.get("retry-after")).toBe("1");
    skipping.resolve("skipped");
    expect((await first).status).toBe(202);
    expect(happened.filter((line) => line.startsWith("worker"))).toHaveLength(1);
  });
});

describe("the audit", () => {
  test("is paged by its own cursors, and by no others", async () => {
    const { order, listAudit } = await openBench(async () => "unsettled");
    for (let count = 0; count < 5; count += 1) await order();
    const ids: number[] = [];
    let query = "?limit=2";
    for (let pages = 0; pages < 3; pages += 1) {
      const page = (await listAudit(query)) as { entries: { id: number }[]; nextCursor?: string };
      ids.push(...page.entries.map(({ id }) => id));
      if (page.nextCursor === undefined) break;
      query = `?limit=2&cursor=${page.nextCursor}`;
    }
    expect(ids).toEqual([5, 4, 3, 2, 1]);
    for (const cursor of ["AAAA", Buffer.from("order-events/0/4").toString("base64url")]) {
      expect(await listAudit(`?cursor=${cursor}`)).toEqual({ errors: ["Field 'cursor' is not one of ours"] });
    }
  });
});
