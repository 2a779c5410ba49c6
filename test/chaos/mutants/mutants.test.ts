// Mutants are data about files that change: each must still be there, still be TypeScript, and still have somebody who is to
// catch it. That they are caught is `bun run chaos -- mutants`.
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { mutants } from "./catalogue.ts";
import { applyEdit, editsByFile } from "./mutant.ts";

const checkout = join(import.meta.dirname, "..", "..", "..");
const transpiler = new Bun.Transpiler({ loader: "ts" });

describe("the mutants", () => {
  test("have names of their own", () => {
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  test("have a simulator and a real run that must catch them, or a reason why not", () => {
    for (const { name, world, provokedBy, because } of mutants) {
      const isSeen = world !== undefined || provokedBy !== undefined;
      const isWhole = world !== undefined && provokedBy !== undefined;
      expect([name, isSeen, isWhole || because !== undefined]).toEqual([name, true, true]);
    }
  });

  for (const mutant of mutants) {
    test(`${mutant.name} applies to the service as it is`, async () => {
      for (const [file, edits] of editsByFile(mutant)) {
        const source = await Bun.file(join(checkout, file)).text();
        const mutated = edits.reduce(applyEdit, source);
        expect(transpiler.transformSync(mutated)).not.toBe(transpiler.transformSync(source));
      }
    });
  }
});

describe("an edit", () => {
  const edit = { file: "a.ts", find: "one", replace: "two" };

  test("is refused where its text is not there, or is there more than once", () => {
    expect(() => applyEdit("three", edit)).toThrow("0 times");
    expect(() => applyEdit("one, one", edit)).toThrow("2 times");
    expect(applyEdit("one $& more", edit)).toBe("two $& more");
  });
});
