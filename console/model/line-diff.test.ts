import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { indented, lineDiff } from "./line-diff.ts";

const texts = fc
  .array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 })
  .map((lines) => lines.join("\n"));

test("from a diff both texts can be read again, and equal texts have none", () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const lines = lineDiff(before, after);
      const side = (other: "gone" | "come") =>
        lines
          .filter(({ kind }) => kind !== other)
          .map(({ text }) => text)
          .join("\n");
      expect(side("come")).toBe(before);
      expect(side("gone")).toBe(after);
      if (before === after) expect(lines.every(({ kind }) => kind === "same")).toBe(true);
    }),
  );
});

test("one changed field of a schema is one line that goes and one that comes", () => {
  const before = indented('{"type":"record","fields":[{"name":"a","type":"int"}]}');
  const after = indented('{"type":"record","fields":[{"name":"a","type":"long"}]}');
  expect(lineDiff(before, after).filter(({ kind }) => kind !== "same")).toEqual([
    { kind: "gone", text: '      "type": "int"' },
    { kind: "come", text: '      "type": "long"' },
  ]);
});

test("what is no JSON is left as it is", () => {
  expect(indented("{nonsense")).toBe("{nonsense");
});
