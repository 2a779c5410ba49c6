import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { causeKey } from "./cause-key.ts";

describe("the key of a cause", () => {
  test("is the same for every order that the cause meets", () => {
    const keys = [
      "cannot read 'ORD-1' at offset 17",
      "cannot read 'ORD-2222' at offset 18",
      'cannot read "a b c" at offset 0x2f',
    ].map((message) => causeKey("TypeError", message));
    expect(new Set(keys)).toEqual(new Set(["TypeError: cannot read … at offset …"]));
    expect(causeKey("Error", "order 0190163d-8694-739b-aea5-966c26f8ad91 of 10.0.0.3:5432\n at stack")).toBe(
      "Error: order … of …",
    );
  });

  test("tells different causes apart", () => {
    expect(causeKey("TypeError", "x is not a function")).not.toBe(
      causeKey("RangeError", "x is not a function"),
    );
    expect(causeKey("Error", "no such table")).not.toBe(causeKey("Error", "no such column"));
  });

  test("is short and well-formed whatever was thrown", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 2000 }), (message) => {
        const key = causeKey("Error", message);
        expect(key.length).toBeLessThanOrEqual(200);
        expect(key.isWellFormed()).toBe(true);
      }),
    );
  });
});
