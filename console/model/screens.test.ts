import { expect, test } from "bun:test";
import { doors, pathOf, readPlace } from "./screens.ts";

test("every door leads to its screen", () => {
  for (const { screen } of doors) expect(readPlace(pathOf({ screen }))).toEqual({ screen });
  expect(readPlace("/console/")).toEqual({ screen: "overview" });
});

test("a message is found by its id, also on the embedded cluster", () => {
  for (const id of ["order-events/0/17", "order-events/0@1f2e3d4c/17", "t%2F/0/1"]) {
    expect(readPlace(pathOf({ screen: "message", id }))).toEqual({ screen: "message", id });
  }
});

test("what no screen has is no place", () => {
  for (const path of [
    "/",
    "/consoles",
    "/console/nothing",
    "/console/messages/a",
    "/console/messages/%zz/0/1",
  ]) {
    expect(readPlace(path)).toBeUndefined();
  }
});
