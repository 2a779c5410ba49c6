import { describe, expect, test } from "bun:test";
import { align, median, toMarkdown, toText } from "./table.ts";

describe("a table", () => {
  test("has columns of one width, and nothing behind the last", () => {
    expect(
      align([
        ["a", "bb"],
        ["ccc", "d"],
      ]),
    ).toBe("a    bb\nccc  d");
  });

  test("is Markdown with its first row as the head", () => {
    expect(
      toMarkdown([
        ["a", "b"],
        ["1", "2"],
      ]),
    ).toBe("| a | b |\n| --- | --- |\n| 1 | 2 |");
  });
});

describe("a number", () => {
  test("the median of an even number of values lies between the middle two", () => {
    expect([median([4, 1, 3, 2]), median([3, 1, 2])]).toEqual([2.5, 2]);
  });

  test("has its decimals and a comma at the thousands", () => {
    expect([toText(12_345.678, 1), toText(0.5, 2)]).toEqual(["12,345.7", "0.50"]);
  });
});
