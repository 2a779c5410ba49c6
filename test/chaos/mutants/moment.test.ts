import { describe, expect, test } from "bun:test";
import { checkMoment, type Moment } from "./moment.ts";

const sound: Moment = {
  committed: new Map([["o/0", 5]]),
  stored: new Map([
    ["o/0", 5],
    ["o/1", 3],
  ]),
  poison: ["o/0/2", "o/0/7"],
  letters: new Set(["o/0/2"]),
};

describe("the check of a moment", () => {
  test("accepts what is stored and not committed, and a letter that is still to come behind the committed offset", () => {
    expect(checkMoment(sound)).toEqual([]);
  });

  test("finds an offset that is committed before the store has what is below it", () => {
    expect(checkMoment({ ...sound, stored: new Map([["o/0", 4]]) })).toEqual([
      "o/0 is committed to 5, and the store has it to 4",
    ]);
  });

  test("finds an offset that is committed before the broker has the letter below it", () => {
    expect(checkMoment({ ...sound, letters: new Set() }).join()).toContain("has no dead letter yet: o/0/2");
  });
});
