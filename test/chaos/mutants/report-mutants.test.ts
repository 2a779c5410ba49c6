import { describe, expect, test } from "bun:test";
import { mutantsText } from "./report-mutants.ts";

const mutant = {
  name: "commit-early",
  breaks: "Offsets come last.",
  edits: [{ file: "a.ts", find: "b", replace: "c" }],
} as const;
const seen = { caught: true, after: "3 lives", sentence: "was committed past 7" };

describe("the report of the mutants", () => {
  test("says who caught one, after how much, and with which words", () => {
    const text = mutantsText({
      verdicts: [{ mutant, simulator: seen, real: { ...seen, after: "9 s" } }],
      caught: 1,
      all: 1,
      missed: [],
      unsound: [],
    });
    expect(text).toMatch(/commit-early +simulator +3 lives +was committed past 7\n +real run +9 s/);
    expect(text).toContain("mutants caught 1 of 1");
    expect(text).not.toContain("FAILED");
  });

  test("names one that survived with the promise that nobody looks at, and what was found without any", () => {
    const survived = { caught: false, after: "1500 lives", sentence: "" };
    const text = mutantsText({
      verdicts: [{ mutant, simulator: survived }],
      caught: 0,
      all: 1,
      missed: ["commit-early"],
      unsound: ["real run (nothing) without a mutant: lost"],
    });
    expect(text).toContain("FAILED mutant commit-early survived: Offsets come last.");
    expect(text).toContain("FAILED real run (nothing) without a mutant: lost");
  });
});
