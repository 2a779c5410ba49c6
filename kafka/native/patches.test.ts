import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { applyPatches, patches } from "./patches.ts";

const root = mkdtempSync(join(tmpdir(), "orderwire-patches-"));
const packageDir = join(import.meta.dirname, "..", "..", "node_modules", "@confluentinc", "kafka-javascript");
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("what is changed in the package's sources", () => {
  test("fits the sources that are installed, and changes nothing else in them", () => {
    for (const { file, find, replace } of patches) {
      const original = readFileSync(join(packageDir, file), "utf8");
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), original);
      expect(applyPatches(root, [{ file, find, replace }])).toBeNull();
      expect(readFileSync(join(root, file), "utf8")).toBe(original.replace(find, () => replace));
    }
  });

  test("stops the build with the file's name when its text is not there, or is there twice", () => {
    const patch = { file: "a.c", find: "wait = 20;", replace: "wait = 2;" };
    for (const text of ["wait = 30;", "wait = 20; wait = 20;"]) {
      writeFileSync(join(root, "a.c"), text);
      expect(applyPatches(root, [patch])).toContain("a.c has the text");
      expect(readFileSync(join(root, "a.c"), "utf8")).toBe(text);
    }
  });
});
