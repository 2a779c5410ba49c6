import { expect, test } from "bun:test";
import { newReplayHref, readNewReplay } from "./replay-address.ts";

const readBack = (href: string) => readNewReplay(new URL(href, "http://console").searchParams);

test("what a new replay is about comes back from its address", () => {
  const search = { kind: "search", typed: 'group:9f2c4a1b7d3e5f60 order:"a b&c"' } as const;
  expect(readBack(newReplayHref(search, { canary: 1, name: "x" }))).toEqual({
    target: search,
    canary: 1,
    name: "x",
    force: false,
  });
  const ids = { kind: "ids", ids: ["order-events/0/1", "order-events/0@1f2e/2"] } as const;
  expect(readBack(newReplayHref(ids, { force: true }))).toEqual({ target: ids, force: true });
});

test("an address that says nothing is about every message, and a canary that is no number is none", () => {
  expect(readNewReplay(new URLSearchParams("canary=x"))).toEqual({
    target: { kind: "search", typed: "" },
    force: false,
  });
});
