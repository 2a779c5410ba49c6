// The whole way from the index to HTTP: pages of dead letters.
import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { DeadLetterPageQuery } from "../contract/dead-letters.ts";
import { serve, unknownUpdate } from "./dead-letter-views-bench.ts";

describe("dlq.list", () => {
  test("asks the index for exactly the filters that were given, instants as milliseconds", async () => {
    const { get, filters } = serve([]);
    const query = "topic=t&errorType=e&category=NO_RETRY_DLQ&reason=r&orderId=o&text=x";
    await get(`/ops/dead-letters?${query}&from=2026-03-02T09:30:00Z&until=2026-03-02T11:30:00.5%2B01:00`);
    await get("/ops/dead-letters");
    expect(filters).toEqual([
      {
        topic: "t",
        errorType: "e",
        category: "NO_RETRY_DLQ",
        reason: "r",
        orderId: "o",
        text: "x",
        fromMs: Date.parse("2026-03-02T09:30:00Z"),
        untilMs: Date.parse("2026-03-02T10:30:00.500Z"),
      },
      {},
    ]);
  });

  test("gives every letter once and in order, whatever the page size and the gaps", async () => {
    const shape = fc.record({
      gaps: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 130 }),
      limit: fc.integer({ min: 1, max: 120 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ gaps, limit }) => {
        let dlqOffset = 0;
        const letters = gaps.map((gap, offset) =>
          unknownUpdate({ dlqOffset: (dlqOffset += gap), original: { offset } }),
        );
        const { views } = serve(letters);
        const pages = await everyPage(views, limit);
        expect(pages.flat()).toEqual(letters.map((_, offset) => offset));
        for (const page of pages.slice(0, -1)) expect(page).toHaveLength(limit);
      }),
      { numRuns: 60 },
    );
  });

  test("a page stays where it was while letters come in", async () => {
    const letters = Array.from({ length: 4 }, (_, i) =>
      unknownUpdate({ dlqOffset: i, original: { offset: i } }),
    );
    const { views } = serve(letters);
    const first = await views.list({ limit: 2 });
    letters.push(unknownUpdate({ dlqOffset: 4, original: { offset: 4 } }));
    expect(first).toMatchObject({ ok: true, value: { nextCursor: "b3JkZXItZXZlbnRzLWRscS8wLzE" } });
    const second = await views.list({ limit: 10, cursor: "b3JkZXItZXZlbnRzLWRscS8wLzE" });
    expect(second).toMatchObject({
      value: { deadLetters: [{ originalOffset: 2 }, { originalOffset: 3 }, { originalOffset: 4 }] },
    });
  });

  test("ends a page early rather than hold a thousand megabytes, and goes on at its cursor", async () => {
    const value = Buffer.alloc(1024 * 1024);
    const letters = Array.from({ length: 20 }, (_, i) =>
      unknownUpdate({ dlqOffset: i, original: { value } }),
    );
    const pages = await everyPage(serve(letters).views, 1000);
    expect(pages.map(({ length }) => length)).toEqual([7, 7, 6]);
  });

  test("a single letter over that bound is a page of its own", async () => {
    const value = Buffer.alloc(20 * 1024 * 1024);
    const letters = [0, 1].map((dlqOffset) => unknownUpdate({ dlqOffset, original: { value } }));
    const pages = await everyPage(serve(letters).views, 10);
    expect(pages.map(({ length }) => length)).toEqual([1, 1]);
  });

  test("a cursor from before there were several DLQ topics goes on behind its letter", async () => {
    const letters = Array.from({ length: 4 }, (_, i) =>
      unknownUpdate({ dlqTopic: "", dlqOffset: i, original: { offset: i } }),
    );
    const { views } = serve(letters);
    expect(await views.list({ limit: 2 })).toMatchObject({ value: { nextCursor: "MC8x" } });
    expect(await views.list({ limit: 10, cursor: "MC8x" })).toMatchObject({
      value: { deadLetters: [{ originalOffset: 2 }, { originalOffset: 3 }] },
    });
  });

  test("limit 0 is an empty page", async () => {
    const { get } = serve([unknownUpdate()]);
    expect((await get("/ops/dead-letters?limit=0")).body).toEqual({ deadLetters: [] });
  });

  test.each([
    "AAAA",
    "MC8",
    "MC8wMQ",
    "LTEvMQ",
    "b3JkZXIvMQ",
    "LzAvMQ",
    "YS9iLzAvMQ",
    "dC8tMS8x",
    "dC8wMS8x",
    "dCAvMC8x",
  ])("cursor %s was never given out: 400", async (cursor) => {
    const answer = await serve([]).get(`/ops/dead-letters?cursor=${cursor}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual({ errors: ["Field 'cursor' is not one of ours"] });
  });
});

/** The original offsets of every page, followed by cursor to the end. */
async function everyPage(views: ReturnType<typeof serve>["views"], limit: number): Promise<number[][]> {
  const pages: number[][] = [];
  let query: DeadLetterPageQuery = { limit };
  for (;;) {
    const page = await views.list(query);
    if (!page.ok) throw new Error(page.failure.message);
    pages.push(page.value.deadLetters.map(({ originalOffset }) => originalOffset));
    if (page.value.nextCursor === undefined) return pages;
    query = { limit, cursor: page.value.nextCursor };
  }
}
