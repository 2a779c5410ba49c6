// The checker of the load run must itself be able to fail.
import { describe, expect, test } from "bun:test";
import { findDifferences } from "./stored-orders.ts";

describe("findDifferences", () => {
  const expected = { acknowledged: new Set(["a", "b"]), unknown: new Set(["u"]) };

  test("accepts every acknowledged order once, with or without the unknown ones", () => {
    expect(findDifferences(["a", "b"], expected)).toEqual([]);
    expect(findDifferences(["b", "u", "a"], expected)).toEqual([]);
  });

  test("names a lost order even when the count is right", () => {
    expect(findDifferences(["a", "u"], expected)).toEqual(["1 acknowledged orders are not stored: b"]);
  });

  test("names an order that no client was promised", () => {
    expect(findDifferences(["a", "b", "x"], expected)).toEqual([
      "1 orders are stored that nobody was promised: x",
    ]);
  });

  test("notices a row that is there twice", () => {
    expect(findDifferences(["a", "b", "b"], expected)).toEqual(["1 rows repeat an order"]);
  });
});
