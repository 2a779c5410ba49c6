import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tryBuildLock } from "./build-lock.ts";

const root = mkdtempSync(join(tmpdir(), "orderwire-lock-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("one holds the lock until it is released", () => {
  const path = join(root, "one");
  const lock = tryBuildLock(path);
  expect(lock).not.toBeNull();
  expect(tryBuildLock(path)).toBeNull();
  lock?.release();
  expect(existsSync(path)).toBe(false);
  const again = tryBuildLock(path);
  expect(again).not.toBeNull();
  again?.release();
});

test("a lock whose holder was killed is taken over", () => {
  const path = join(root, "stale");
  const dead = tryBuildLock(path);
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(path, longAgo, longAgo);
  const taken = tryBuildLock(path);
  expect(taken).not.toBeNull();
  taken?.release();
  dead?.release();
});
