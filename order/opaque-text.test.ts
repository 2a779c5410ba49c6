import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { opaquePlace, readOpaquePlace } from "./opaque-text.ts";

test("every place comes back out of its word", () => {
  const prefix = fc.string({ unit: "grapheme", minLength: 1 });
  fc.assert(
    fc.property(prefix, fc.maxSafeNat(), (prefix, number) => {
      const word = opaquePlace({ prefix, number });
      expect(word).toMatch(/^[A-Za-z0-9_-]+$/);
      expect(readOpaquePlace(word)).toEqual({ prefix, number });
    }),
  );
});

test("one place has one word: whatever else is read is refused", () => {
  const word = opaquePlace({ prefix: "order-events/0", number: 17 });
  for (const other of [`${word}=`, `${word}\n`, ` ${word}`, `${word}A`, word.toLowerCase(), ""]) {
    expect(readOpaquePlace(other)).toBeUndefined();
  }
  const texts = [
    "a",
    "a/",
    "/1",
    "a/-1",
    "a/+1",
    "a/01",
    "a/1.0",
    "a/1e3",
    "a/0x1",
    "a/ 1",
    "a/9007199254740993",
  ];
  for (const text of texts) {
    expect(readOpaquePlace(Buffer.from(text).toString("base64url"))).toBeUndefined();
  }
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String(), fc.string({ unit: "binary" })), (text) => {
      const place = readOpaquePlace(text);
      if (place !== undefined) expect(opaquePlace(place)).toBe(text);
    }),
  );
});
