import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { deadLetterPageQuerySchema } from "../dead-letters.ts";
import { auditEntry, createTestOrder, deadLetter, parkedEvent, told } from "../http/test-service.ts";

const post = (body: unknown): RequestInit => ({ method: "POST", body: JSON.stringify(body) });

describe("GET /ops/dead-letters", () => {
  const deadLetters = Array.from({ length: 120 }, (_, offset) =>
    deadLetter({ id: `order-events/0/${offset}`, orderId: offset % 2 === 0 ? "EVEN" : "ODD" }),
  );

  test("tells everything of a row but the event and its bytes", async () => {
    const order = createTestOrder({ deadLetters: [deadLetter()] });
    const answer = await told(order.app.request("/ops/dead-letters"));
    expect(answer.status).toBe(200);
    const { originalMessage: _message, originalValue: _value, ...row } = deadLetter();
    expect(answer.body).toEqual({ deadLetters: [row] });
  });

  test("passes every filter on, trimmed, and nothing that was not asked", async () => {
    const order = createTestOrder();
    const filters = {
      topic: "order-events",
      errorType: "ValueError",
      category: "NO_RETRY_DLQ",
      reason: "duplicate_create",
      orderId: "Größe & 1",
      text: "100% not found",
      from: "2026-03-02T09:30:00Z",
      until: "2026-03-02T11:30:00.5+01:00",
    };
    const query = new URLSearchParams({ ...filters, text: ` ${filters.text} `, limit: "7" });
    expect((await order.app.request(`/ops/dead-letters?${query}`)).status).toBe(200);
    await order.app.request("/ops/dead-letters");
    expect(order.pages).toEqual([{ ...filters, limit: 7 }, { limit: 50 }]);
  });

  test("pages by cursor with the filters kept, until an answer has none", async () => {
    const order = createTestOrder({ deadLetters });
    const ids: unknown[] = [];
    let cursor = "";
    for (let pages = 0; pages < 3; pages += 1) {
      const { body } = await told(order.app.request(`/ops/dead-letters?orderId=ODD&limit=25${cursor}`));
      const page = body as { deadLetters: { id: string }[]; nextCursor?: string };
      ids.push(...page.deadLetters.map(({ id }) => id));
      if (page.nextCursor === undefined) break;
      cursor = `&cursor=${page.nextCursor}`;
    }
    expect(ids).toEqual(deadLetters.filter((_, i) => i % 2 === 1).map(({ id }) => id));
  });

  test.each([
    ["category=RETRY", "Field 'category' must be one of NO_RETRY_DLQ, RETRY_THEN_DLQ, RETRY_FOREVER"],
    ["from=yesterday", "Field 'from' must be an ISO 8601 instant such as 2026-03-02T09:30:00Z"],
    ["until=2026-02-30T00:00:00Z", "Field 'until' must be an ISO 8601 instant such as 2026-03-02T09:30:00Z"],
    ["from=2026-03-02T09:30:00", "Field 'from' must be an ISO 8601 instant such as 2026-03-02T09:30:00Z"],
    [
      "from=2026-03-02T10:00:00Z&until=2026-03-02T10:30:00%2B01:00",
      "Field 'until' must be later than 'from'",
    ],
    ["cursor=a%20b", "Field 'cursor' is not one of ours"],
    ["topic=", "Field 'topic' must not be blank"],
    ["text=%00", "Field 'text' must not contain control characters"],
    [`text=${"x".repeat(201)}`, "Field 'text' must be at most 200 characters"],
    ["limit=1001", "Parameter 'limit' must be an integer from 0 to 1000"],
    ["offset=1", "Unknown parameter: 'offset'"],
  ])("%s is 400", async (query, problem) => {
    const order = createTestOrder();
    const answer = await told(order.app.request(`/ops/dead-letters?${query}`));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: [problem] });
    expect(order.pages).toEqual([]);
  });

  test("whatever it lets through, the procedure's own schema accepts unchanged", async () => {
    const text = fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.constantFrom(" a ", "ValueError"));
    const instant = fc.oneof(
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.constantFrom("0000-01-01T00:00:00Z", "9999-12-31T23:59:59+23:59"),
    );
    const query = fc.record(
      { topic: text, errorType: text, reason: text, orderId: text, text, from: instant, until: instant },
      { requiredKeys: [] },
    );
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(query, async (wire) => {
        const order = createTestOrder();
        const { status } = await order.app.request(`/ops/dead-letters?${new URLSearchParams(wire)}`);
        expect([200, 400]).toContain(status);
        for (const input of order.pages) {
          accepted += 1;
          expect(deadLetterPageQuerySchema.parse(input)).toEqual(input as never);
        }
      }),
      { numRuns: 300 },
    );
    expect(accepted).toBeGreaterThan(30);
  });
});

describe("GET /ops/dead-letters/one", () => {
  test("tells everything of a dead letter", async () => {
    const order = createTestOrder({ deadLetters: [deadLetter()] });
    const answer = await told(order.app.request("/ops/dead-letters/one?id=order-status-updates/0/17"));
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      id: "order-status-updates/0/17",
      originalValue: "AAAAAAEA",
      value: { kind: "decoded", event: { orderId: "ORD-999", status: "shipped" } },
      key: { text: "ORD-999" },
    });
    expect(answer.body).not.toHaveProperty("originalMessage");
  });

  test("is 404 in the contract's words", async () => {
    for (const id of ["order-events/0/17", "order-events/0@1f2e3d4c/17"]) {
      const answer = await told(createTestOrder().app.request(`/ops/dead-letters/one?id=${id}`));
      expect(answer.status).toBe(404);
      expect(answer.body).toEqual({ detail: `There is no dead letter '${id}'` });
    }
  });

  test.each([
    "",
    "order-events",
    "order-events/0",
    "order-events/0/-1",
    "order-events/00/1",
    "a b/0/1",
    "t/0/1 ",
  ])("id %p is 400", async (id) => {
    const query = new URLSearchParams({ id });
    const answer = await told(createTestOrder().app.request(`/ops/dead-letters/one?${query}`));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({
      errors: ["Field 'id' must be topic/partition/offset, such as order-events/0/17"],
    });
  });
});

describe("GET /ops/parked", () => {
  const parked = ["A", "B", "B"].map((orderId, i) => parkedEvent({ id: `id-${i}`, orderId, offset: i }));

  test("lists what waits, of one order when asked", async () => {
    const order = createTestOrder({ parked });
    const all = await told(order.app.request("/ops/parked"));
    expect(all.status).toBe(200);
    expect(all.body).toEqual({ parked });
    const ofB = await told(order.app.request("/ops/parked?orderId=B"));
    expect(ofB.body).toEqual({ parked: parked.slice(1) });
  });

  test("pages by cursor", async () => {
    const order = createTestOrder({ parked });
    const first = await told(order.app.request("/ops/parked?limit=2"));
    expect(first.body).toEqual({ parked: parked.slice(0, 2), nextCursor: "id-1" });
    const second = await told(order.app.request("/ops/parked?limit=2&cursor=id-1"));
    expect(second.body).toEqual({ parked: parked.slice(2) });
  });

  test.each(["0", "201", "-1", "x"])("limit %s is 400", async (limit) => {
    const answer = await told(createTestOrder().app.request(`/ops/parked?limit=${limit}`));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: ["Parameter 'limit' must be an integer from 1 to 200"] });
  });
});

describe.each([
  ["/ops/parked/retry-now", "retry"],
  ["/ops/parked/dead-letter-now", "dead-letter"],
])("POST %s", (path, word) => {
  test("answers 202 with the id, once the order is written down", async () => {
    const order = createTestOrder({ parked: [parkedEvent()] });
    const { id } = parkedEvent();
    const answer = await told(order.app.request(path, post({ id })));
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ id });
    expect(order.ordered).toEqual([`${word} ${id}`]);
  });

  test("is 404 when there is no such event, in the contract's words", async () => {
    const order = createTestOrder({ parked: [parkedEvent()] });
    const answer = await told(order.app.request(path, post({ id: "AAAA" })));
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({ detail: expect.stringContaining("No such event") });
    expect(order.ordered).toEqual([]);
  });

  test.each<[unknown, string]>([
    [{}, "Missing required field: 'id'"],
    [{ id: 1 }, "Type error: Field 'id' must be a string, received the number 1"],
    [{ id: "a/b" }, "Field 'id' is not the id of a parked event"],
    [{ id: "AAAA", force: true }, "Unknown field: 'force'"],
  ])("%j is 400", async (body, problem) => {
    const answer = await told(createTestOrder().app.request(path, post(body)));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: [problem] });
  });

  test("is not taken as GET", async () => {
    const answer = await createTestOrder().app.request(path);
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("POST, OPTIONS");
  });
});

test("an event that waits behind another one cannot be retried now, but can be given up", async () => {
  const order = createTestOrder({ parked: [parkedEvent({ state: "behind", dueAt: null })] });
  const { id } = parkedEvent();
  expect((await order.app.request("/ops/parked/retry-now", post({ id }))).status).toBe(404);
  expect((await order.app.request("/ops/parked/dead-letter-now", post({ id }))).status).toBe(202);
});

describe("POST /ops/partitions/skip", () => {
  const path = "/ops/partitions/skip";
  const skip = {
    topic: "order-events",
    partition: 1,
    fromOffset: 42,
    toOffset: 43,
    reason: "nobody can read it",
  };

  test("answers 202 with what is skipped and where the audit has it, and says who asked", async () => {
    const order = createTestOrder({ stalled: ["order-events/1"] });
    const headers = { "x-request-id": "from-the-operator" };
    const answer = await told(order.app.request(path, { ...post({ ...skip, reason: " why " }), headers }));
    const { reason: _reason, ...skipped } = skip;
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ auditId: 1, ...skipped });
    expect(order.skips).toMatchObject([
      { command: { ...skip, reason: "why" }, context: { requestId: "from-the-operator" } },
    ]);
  });

  test("is 404 for a partition that does not stand still here, and says whom to ask", async () => {
    const order = createTestOrder({ stalled: ["order-events/0"] });
    const answer = await told(order.app.request(path, post(skip)));
    expect(answer.status).toBe(404);
    expect(answer.body).toEqual({
      detail:
        "Partition order-events/1 does not stand still on this instance: ask the one whose /health/detail names it in 'stalledPartitions'",
    });
    expect(order.skips).toEqual([]);
  });

  test("takes 10,000 offsets at most, and a reason of 500 characters", async () => {
    const order = createTestOrder({ stalled: ["order-events/1"] });
    const most = { ...skip, toOffset: 10_042, reason: "x".repeat(500) };
    expect((await order.app.request(path, post(most))).status).toBe(202);
  });

  test.each<[object, string]>([
    [{ toOffset: 42 }, "Field 'toOffset' must be greater than 'fromOffset'"],
    [{ toOffset: 10_043 }, "Field 'toOffset' must be at most 10000 beyond 'fromOffset'"],
    [{ fromOffset: -1, toOffset: 0 }, "Field 'fromOffset' must be at least 0"],
    [{ partition: 0.5 }, "Type error: Field 'partition' must be an integer, received the number 0.5"],
    [{ partition: 2_147_483_648 }, "Field 'partition' must be at most 2147483647"],
    [{ reason: undefined }, "Missing required field: 'reason'"],
    [{ reason: "  " }, "Field 'reason' must not be blank"],
    [{ reason: "x".repeat(501) }, "Field 'reason' must be at most 500 characters"],
    [{ force: true }, "Unknown field: 'force'"],
  ])("%j is 400, and nothing is skipped", async (wrong, problem) => {
    const order = createTestOrder({ stalled: ["order-events/1"] });
    const answer = await told(order.app.request(path, post({ ...skip, ...wrong })));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: [problem] });
    expect(order.skips).toEqual([]);
  });
});

describe("GET /ops/audit", () => {
  const entries = [3, 2, 1].map((id) => auditEntry({ id }));

  test("lists what was ordered, newest first, by cursor", async () => {
    const order = createTestOrder({ entries });
    const first = await told(order.app.request("/ops/audit?limit=2"));
    expect(first.status).toBe(200);
    expect(first.body).toEqual({ entries: entries.slice(0, 2), nextCursor: "2" });
    const second = await told(order.app.request("/ops/audit?limit=2&cursor=2"));
    expect(second.body).toEqual({ entries: entries.slice(2) });
  });

  test.each(["0", "201", "x"])("limit %s is 400", async (limit) => {
    const answer = await told(createTestOrder().app.request(`/ops/audit?limit=${limit}`));
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: ["Parameter 'limit' must be an integer from 1 to 200"] });
  });
});
