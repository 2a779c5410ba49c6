import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { kindOfFailure } from "./fingerprint.ts";

const of = (message: string, subject = "") => kindOfFailure("ValueError", "unknown_order", message, subject);

describe("alike failures have one fingerprint", () => {
  test("whatever order, number, quoted text or UUID they are about", () => {
    const alike = [
      "Order ORD-999 not found at offset 17 of '7f0c' (0190163d-8694-739b-aea5-966c26f8ad91).",
      "Order ORD-1 not found at offset 4 of 'x y' (1190163d-8694-739b-aea5-966c26f8ad91).",
    ];
    expect(new Set(alike.map((message) => of(message).fingerprint)).size).toBe(1);
    expect(of(alike[0] ?? "").pattern).toBe("Order <id> not found at offset <number> of <text> (<id>).");
  });

  test("also when the order's id is an ordinary word", () => {
    expect(of("Order apple not found.", "apple")).toEqual(of("Order pear not found.", "pear"));
  });

  test("and those of another class, stage or wording have another one", () => {
    const message = "Order 1 not found.";
    const kinds = [
      kindOfFailure("ValueError", "unknown_order", message),
      kindOfFailure("UnknownOrder", "unknown_order", message),
      kindOfFailure("ValueError", "invalid_event", message),
      kindOfFailure("ValueError", "unknown_order", "Order 1 has gone."),
    ];
    expect(new Set(kinds.map(({ fingerprint }) => fingerprint)).size).toBe(4);
  });
});

test("any text has a fingerprint and a short, well-formed pattern, and numbers never tell failures apart", () => {
  const text = fc.string({ unit: "binary", maxLength: 2000 });
  fc.assert(
    fc.property(text, text, text, (errorType, message, subject) => {
      const { fingerprint, pattern } = kindOfFailure(errorType, "r", message, subject);
      expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
      expect(pattern.length).toBeLessThanOrEqual(300);
      expect(pattern.isWellFormed()).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (left, right) => {
      expect(of(`Offset ${left} of many`)).toEqual(of(`Offset ${right} of many`));
    }),
  );
});
