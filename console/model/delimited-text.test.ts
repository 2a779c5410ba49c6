import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { csvCell, csvLine } from "./delimited-text.ts";

test("a cell that a spreadsheet would compute begins with an apostrophe", () => {
  for (const formula of ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1", "|calc"]) {
    expect(csvCell(formula).replace(/^"/, "")).toStartWith("'");
  }
});

test("quotes, commas and line breaks stay inside their cell", () => {
  expect(csvLine(['a "b"', "c,d", "e\nf", 7, null])).toBe('"a ""b""","c,d","e\nf",7,\r\n');
});

test("any cell is read back as it was, but for the apostrophe", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const cell = csvCell(text);
      const content = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
      expect(content === text || content === `'${text}`).toBe(true);
    }),
  );
});
