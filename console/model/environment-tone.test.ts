import { expect, test } from "bun:test";
import { toneOf } from "./environment-tone.ts";

test("production is red and nothing else is", () => {
  expect(["production", "eu-prod-1", "live"].map(toneOf)).toEqual(["red", "red", "red"]);
  expect(["preprod", "staging", "non-prod", "localhost:8001", "team-blue"].map(toneOf)).not.toContain("red");
});
