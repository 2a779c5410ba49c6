import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { readSearch, termText, withTerm } from "./search-syntax.ts";

const now = Date.parse("2026-03-02T12:00:00.000Z");

test("names narrow down, the other words are one text", () => {
  expect(readSearch('order:ORD-1 not found reason:unknown_order error:"My Error"', now)).toEqual({
    search: { orderId: "ORD-1", reason: "unknown_order", errorType: "My Error", text: "not found" },
    problems: [],
  });
});

test("a time range is read in any of its three ways", () => {
  expect(readSearch("since:2h", now).search.from).toBe("2026-03-02T10:00:00.000Z");
  expect(readSearch("from:2026-03-01 until:2026-03-02T09:30", now).search).toEqual({
    from: "2026-03-01T00:00:00.000Z",
    until: "2026-03-02T09:30:00.000Z",
  });
});

test("what cannot be searched for is said, and what only looks like a name is text", () => {
  expect(readSearch("category:NONE since:soon from:x order:a order:b", now).problems).toHaveLength(4);
  expect(readSearch("until:2026-03-01 from:2026-03-02", now).problems).toEqual([
    "The time range ends before it begins",
  ]);
  expect(readSearch("http://x.example __proto__:1", now).search).toEqual({
    text: "http://x.example __proto__:1",
  });
});

test("a term is replaced and taken out without touching the others", () => {
  expect(withTerm("a reason:x order:1", "reason", "y z")).toBe('reason:"y z" a order:1');
  expect(withTerm("since:1h b", "from", undefined)).toBe("b");
});

test("any value survives being written as a term", () => {
  const visible = fc.string({ minLength: 1 }).filter((text) => text.trim() === text && text !== "");
  fc.assert(
    fc.property(visible, (value) => {
      expect(readSearch(termText("order", value), now).search.orderId).toBe(value);
    }),
  );
});

test("a state and a group narrow down, and what is neither is said to be so", () => {
  const { search, problems } = readSearch("state:Open group:9f2c4a1b7d3e5f60", 0);
  expect(problems).toEqual([]);
  expect(search).toEqual({ state: "open", fingerprint: "9f2c4a1b7d3e5f60" });
  expect(readSearch("state:gone group:7", 0).problems).toHaveLength(2);
});

test("a header is looked for by its name and its value, and with spaces in quotes", () => {
  expect(readSearch("header:source=web", 0).search).toEqual({ header: "source=web" });
  expect(readSearch('header:"a b=c=d"', 0).search).toEqual({ header: "a b=c=d" });
  expect(readSearch("header:source", 0).problems).toEqual([
    "header: is name=value, such as header:source=web",
  ]);
});
