import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { cutText, visibleParts, visibleText } from "./visible-characters.ts";

test("what turns text round or cannot be seen is named, and the rest stays as it is", () => {
  expect(visibleText("ORD-1\u202e1-DRO")).toBe("ORD-1[U+202E]1-DRO");
  expect(visibleText("a\u200bb\u0000c\nd\te")).toBe("a[U+200B]b[\\0]c[\\n]d[\\t]e");
  expect(visibleText("日本語 Ärger 👍🏽 שלום")).toBe("日本語 Ärger 👍🏽 שלום");
});

test("lines and tabs stay where they are wanted", () => {
  expect(visibleParts("a\n\tb", { keepLines: true })).toEqual([{ kind: "plain", text: "a\n\tb" }]);
});

test("a tower of marks does not grow out of its line", () => {
  expect(visibleText(`a${"\u0301".repeat(6)}`)).toBe(`a${"\u0301".repeat(4)}[U+0301][U+0301]`);
});

test("no text shows a control or a direction, whatever it holds", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(visibleText(text)).not.toMatch(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
    }),
  );
});

test("a cut never halves a character", () => {
  expect(cutText("👍👍👍", 2)).toEqual({ text: "👍👍", cut: true });
  expect(cutText("abc", 3)).toEqual({ text: "abc", cut: false });
});
