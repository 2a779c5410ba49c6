// The build itself takes a minute and has run before any test can: here is everything around it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { defaultCacheDir, ensureNativeClient, type NativeClientResult } from "./build.ts";
import { packageSources, readIdentity } from "./fingerprint.ts";

const projectDir = join(import.meta.dirname, "..", "..");
const packagePath = join("node_modules", "@confluentinc", "kafka-javascript");
const addonPath = join(packagePath, "build", "Release", "confluent-kafka-javascript.node");
let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "orderwire-build-"));
  expect(await ensureNativeClient()).toMatchObject({ ok: true });
}, 600_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A fresh clone after `bun install`: the package's sources, nothing built. */
function newClone(): string {
  const clone = mkdtempSync(join(root, "clone-"));
  for (const source of packageSources) {
    const target = join(clone, packagePath, source);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(projectDir, packagePath, source), target, { recursive: true });
  }
  return clone;
}

function originOf(result: NativeClientResult): string {
  return result.ok ? result.value.origin : result.failure.message;
}

describe("a client that was built before", () => {
  test("is taken from the cache by a second clone, byte for byte, without building", async () => {
    const clone = newClone();
    let progress = 0;
    const result = await ensureNativeClient({ projectDir: clone, onProgress: () => (progress += 1) });
    expect(originOf(result)).toBe("cached");
    expect(progress).toBe(0);
    const copied = readFileSync(join(clone, addonPath));
    expect(copied.equals(readFileSync(join(projectDir, addonPath)))).toBe(true);
    // A hard link or a copy, and nothing left over.
    expect(readdirSync(dirname(join(clone, addonPath))).toSorted()).toEqual([
      "confluent-kafka-javascript.node",
      "orderwire.json",
    ]);
  });

  test("and is in place costs milliseconds and no compiler", async () => {
    const clone = newClone();
    await ensureNativeClient({ projectDir: clone });
    const startedAt = performance.now();
    const result = await ensureNativeClient({ projectDir: clone, environment: { PATH: "" } });
    expect(performance.now() - startedAt).toBeLessThan(100);
    expect(originOf(result)).toBe("ready");
  });

  test("is put in place again when somebody cut or removed it", async () => {
    const clone = newClone();
    await ensureNativeClient({ projectDir: clone });
    rmSync(join(clone, addonPath));
    writeFileSync(join(clone, addonPath), "cut");
    expect(originOf(await ensureNativeClient({ projectDir: clone }))).toBe("cached");
    expect(statSync(join(clone, addonPath)).size).toBeGreaterThan(1_000_000);
    rmSync(join(clone, addonPath));
    expect(originOf(await ensureNativeClient({ projectDir: clone }))).toBe("cached");
  });

  test("serves clones that start at the same time", async () => {
    const clones = [newClone(), newClone(), newClone()];
    const results = await Promise.all(clones.map((clone) => ensureNativeClient({ projectDir: clone })));
    expect(results.map(originOf)).toEqual(["cached", "cached", "cached"]);
  });
});

describe("a client that must be built", () => {
  test("without tools fails with the line that names them, and touches nothing", async () => {
    const clone = newClone();
    const cacheDir = join(root, "untouched");
    const result = await ensureNativeClient({ projectDir: clone, cacheDir, environment: { PATH: root } });
    if (result.ok) throw new Error("built");
    expect(result.failure.message).toContain("apt-get install");
    expect(existsSync(cacheDir)).toBe(false);
  });

  test("before `bun install` says so", async () => {
    const result = await ensureNativeClient({ projectDir: root });
    expect(originOf(result)).toContain("run `bun install` first");
  });

  test("and does not configure fails in one line, keeps the log, and removes the tree and the lock", async () => {
    const { clone, cacheDir } = newCloneWithHeaders();
    writeFileSync(
      join(clone, packagePath, "deps/librdkafka/configure"),
      "echo checking; echo 'error: the dog ate it' >&2; exit 3",
    );
    const stages: string[] = [];
    const result = await ensureNativeClient({
      projectDir: clone,
      cacheDir,
      onProgress: ({ stage }) => stages.push(stage),
    });
    if (result.ok) throw new Error("built");
    expect(result.failure.message).toContain("exit code 3: error: the dog ate it");
    expect(readFileSync(result.failure.logPath ?? "", "utf8")).toContain("checking");
    expect(stages).toEqual(["configuring librdkafka"]);
    const left = readdirSync(join(cacheDir, "native"));
    expect(left.length).toBe(1);
    expect(left[0]).toMatch(/^build-.*\.log$/);
    expect(existsSync(join(clone, addonPath))).toBe(false);
  });

  test("and does not compile tells the compiler's first error, and stops what runs beside it", async () => {
    const { clone, cacheDir } = newCloneWithHeaders();
    const sources = join(clone, packagePath, "src");
    for (const name of readdirSync(sources)) {
      if (name.endsWith(".cc")) writeFileSync(join(sources, name), '#error "no such binding"');
    }
    let done = 0;
    const result = await ensureNativeClient({
      projectDir: clone,
      cacheDir,
      onProgress: ({ fraction }) => void (done = fraction),
    });
    if (result.ok) throw new Error("built");
    expect(result.failure.message).toContain("no such binding");
    // librdkafka is most of the work, and was not waited for.
    expect(done).toBeLessThan(0.5);
  });
});

/** Node's headers are there, so that nothing is downloaded. */
function newCloneWithHeaders(): { readonly clone: string; readonly cacheDir: string } {
  const cacheDir = mkdtempSync(join(root, "cache-"));
  const headers = join(cacheDir, "node-headers", process.versions.node);
  mkdirSync(headers, { recursive: true });
  writeFileSync(join(headers, "node.h"), "");
  return { clone: newClone(), cacheDir };
}

describe("the cache", () => {
  test.skipIf(process.platform === "darwin")(
    "is where XDG_CACHE_HOME says, and in ~/.cache otherwise",
    () => {
      expect(defaultCacheDir({ XDG_CACHE_HOME: "/var/cache" })).toBe("/var/cache/orderwire");
      for (const environment of [{}, { XDG_CACHE_HOME: "" }, { XDG_CACHE_HOME: "relative" }]) {
        expect(defaultCacheDir(environment)).toBe(join(homedir(), ".cache", "orderwire"));
      }
    },
  );

  test("tells recipes and package versions apart", () => {
    const clone = newClone();
    const recipeDir = mkdtempSync(join(root, "recipe-"));
    cpSync(import.meta.dirname, recipeDir, { recursive: true });
    const packageDir = join(clone, packagePath);
    const first = readIdentity(packageDir, recipeDir);
    expect(readIdentity(join(projectDir, packagePath), import.meta.dirname)).toBe(first);
    writeFileSync(join(recipeDir, "compat.cc"), "// changed");
    const second = readIdentity(packageDir, recipeDir);
    writeFileSync(join(packageDir, "package.json"), JSON.stringify({ version: "9.9.9" }));
    expect(new Set([first, second, readIdentity(packageDir, recipeDir)]).size).toBe(3);
  });
});
