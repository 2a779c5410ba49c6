import { expect, test } from "bun:test";
import { countGroups, groupMatches, groupStateOf } from "./group-state.ts";

test("a group is open as long as any of its letters is, and reopens by itself", () => {
  expect(groupStateOf({ byState: { open: 1, resolved: 9 }, ignored: false })).toBe("open");
  expect(groupStateOf({ byState: { quarantined: 1 }, ignored: false })).toBe("open");
  expect(groupStateOf({ byState: { resolved: 3, discarded: 2, superseded: 1 }, ignored: false })).toBe(
    "resolved",
  );
  expect(groupStateOf({ byState: { open: 1, replaying: 1 }, ignored: true })).toBe("replaying");
  expect(groupStateOf({ byState: { open: 1 }, ignored: true })).toBe("ignored");
});

test("each group is counted in one state", () => {
  const groups = [{ open: 1 }, { replaying: 2 }, { resolved: 1 }].map((byState) => ({
    byState,
    ignored: false,
  }));
  expect(countGroups(groups)).toEqual({ open: 1, replaying: 1, ignored: 0, resolved: 1 });
});

test("a group is found by all words that were typed, wherever they are in it", () => {
  const group = {
    pattern: "Order <id> not found.",
    errorType: "ValueError",
    reason: "unknown_order",
    note: "ticket 7",
    owner: "Ann",
  };
  expect(groupMatches(group, "ann NOT FOUND ticket")).toBe(true);
  expect(groupMatches(group, "ann duplicate")).toBe(false);
  expect(groupMatches(group, "")).toBe(true);
});
