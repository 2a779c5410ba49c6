import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { readRowsText, type RowValue, toRowsText } from "./sqlite-rows.ts";
import { isStorableText } from "./storable.ts";

const text = fc.oneof(
  fc.string({ unit: "binary" }).filter(isStorableText),
  // As items and offsets are written: NUL and lone surrogates are escaped in it.
  fc.string({ unit: "binary" }).map((value) => JSON.stringify(`${value}\0\ud800`)),
  fc.constantFrom("", "null", "0", "𐀀"),
);
const value = fc.oneof(text, fc.maxSafeInteger(), fc.constant(null));
const row = fc.array(value, { minLength: 5, maxLength: 5 });
const values = fc.array(row, { maxLength: 20 }).map((rows) => rows.flat());
const digitsOf = (one: RowValue) => (typeof one === "number" ? String(one) : one);

describe("rows on their way between two threads", () => {
  test("are the same values in the same places, numbers as their digits", () => {
    fc.assert(
      fc.property(values, values, (creates, updates) => {
        expect(readRowsText(structuredClone(toRowsText({ creates, updates })))).toEqual({
          creates: creates.map(digitsOf),
          updates: updates.map(digitsOf),
        });
      }),
    );
  });
});
