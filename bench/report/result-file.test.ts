import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isPreferred, readResult, type Result, writeResult } from "./result-file.ts";

const result: Result = {
  format: 1,
  part: "create",
  measuredAt: "2026-11-21T20:44:57.755Z",
  commit: "129ee8afd8",
  uncommittedChanges: false,
  size: "full",
  options: { rounds: 1, connections: [64], only: "", kill: false },
  machine: { cpu: "A", cores: 2, memoryGb: 24, load: 0.1, platform: "linux x64", kernel: "6.1" },
  versions: { Bun: "1.4.5" },
  cases: [
    { group: "64 connections", name: "cart", rounds: [{ createsPerSecond: 1 }], series: { rssMb: [1] } },
  ],
};

async function inFolder(check: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "orderwire-result-"));
  await check(join(folder, "a", "result.json")).finally(() =>
    rmSync(folder, { recursive: true, force: true }),
  );
}

test("a kept result is read as it was written", () =>
  inFolder(async (path) => {
    await writeResult(result, path);
    expect(await readResult(path)).toEqual(result);
  }));

test("what is no number is never kept as a figure", () =>
  inFolder(async (path) => {
    const broken = {
      ...result,
      cases: [{ group: "", name: "cart", rounds: [{ createsPerSecond: Number.NaN }] }],
    };
    expect(writeResult(broken, path)).rejects.toThrow("createsPerSecond");
  }));

test("a file that is no result is refused with its name and what is wrong", () =>
  inFolder(async (path) => {
    await Bun.write(path, JSON.stringify({ ...result, part: "speed" }));
    expect(readResult(path)).rejects.toThrow("part");
    await Bun.write(path, "{");
    expect(readResult(path)).rejects.toThrow(`${path} is no JSON`);
  }));

test("READMEs quote the newest result of full size, and one of another size only where there is none", () => {
  const of = (size: "full" | "own", day: number) => ({ size, measuredAt: `2026-11-0${day}T00:00:00.000Z` });
  expect(isPreferred(of("own", 1), undefined)).toBe(true);
  expect(isPreferred(of("full", 1), of("own", 2))).toBe(true);
  expect(isPreferred(of("own", 3), of("full", 2))).toBe(false);
  expect(isPreferred(of("full", 3), of("full", 2))).toBe(true);
});
