import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLineWriter, readLines } from "./run-files.ts";

describe("the files of a run", () => {
  const directory = mkdtempSync(join(tmpdir(), "orderwire-run-files-"));
  afterAll(() => rmSync(directory, { recursive: true }));

  async function write(ids: readonly string[]): Promise<void> {
    const lines = openLineWriter(directory, "parked");
    for (const id of ids) lines.write({ id });
    await lines.close();
  }

  test("written again have nothing of what was there before, also when that was longer", async () => {
    await write(["a", "b", "c"]);
    await write(["d"]);
    expect(await Array.fromAsync(readLines(directory, "parked"))).toEqual([{ id: "d" }]);
  });

  test("that were never written have no lines", async () => {
    expect(await Array.fromAsync(readLines(directory, "orders"))).toEqual([]);
  });
});
