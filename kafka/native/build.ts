// Makes sure that the native Kafka client is in place for the Bun that runs: in a millisecond when it is, in a tenth of a
// second from the cache, in about a minute from the npm package's own sources. Runs right after `bun install`, so it
// uses nothing but Bun and Node built-ins; also as `bun kafka/native/build.ts`.
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { tryBuildLock } from "./build-lock.ts";
import { compileAddon } from "./compile.ts";
import { missingFromHost, readDynamicSymbols } from "./elf.ts";
import { readCacheKey, readIdentity } from "./fingerprint.ts";
import { ensureNodeHeaders } from "./headers.ts";
import { createProgressDisplay, type Progress } from "./progress.ts";
import { type Environment, findToolchain, type Toolchain } from "./toolchain.ts";

export interface NativeClientOptions {
  /** Where builds and headers are kept between clones; default {@link defaultCacheDir}. */
  readonly cacheDir?: string;
  /** The folder that holds node_modules; default: of this checkout. */
  readonly projectDir?: string;
  /** PATH and npm settings for the tools; default: this process's. */
  readonly environment?: Environment;
  /** Called while it builds, some hundred times; never when nothing has to be built. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface NativeClient {
  /** The file that the package loads. */
  readonly addonPath: string;
  /** `ready`: it was in place; `cached`: taken from the cache; `built`: compiled now. */
  readonly origin: "ready" | "cached" | "built";
  /** What people should know about this build, one sentence each; empty unless it was built now. */
  readonly notes: readonly string[];
}

/** Always with one clear sentence, which says what to do; `logPath` when there is more to read. */
export interface NativeClientFailure {
  readonly message: string;
  readonly logPath?: string;
}

export type NativeClientResult =
  | { readonly ok: true; readonly value: NativeClient }
  | { readonly ok: false; readonly failure: NativeClientFailure };

const recipeDir = import.meta.dirname;
const addonName = "confluent-kafka-javascript.node";

/** `$XDG_CACHE_HOME/orderwire`, else `~/.cache/orderwire`; `~/Library/Caches/orderwire` on macOS. */
export function defaultCacheDir(environment: Environment): string {
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "orderwire");
  const configured = environment["XDG_CACHE_HOME"];
  // The specification says that a relative path is to be ignored.
  const base = configured?.startsWith("/") === true ? configured : join(homedir(), ".cache");
  return join(base, "orderwire");
}

/** Does not throw for what can be expected of a machine: see {@link NativeClientFailure}. */
export async function ensureNativeClient(options: NativeClientOptions = {}): Promise<NativeClientResult> {
  const environment = options.environment ?? process.env;
  const projectDir = options.projectDir ?? join(recipeDir, "..", "..");
  const packageDir = join(projectDir, "node_modules", "@confluentinc", "kafka-javascript");
  if (!existsSync(join(packageDir, "package.json"))) {
    return fail(`${packageDir} is not there: run \`bun install\` first.`);
  }
  if (process.platform !== "linux" && process.platform !== "darwin") {
    return fail(
      `The native Kafka client builds on Linux and macOS, not on ${process.platform}: use WSL or a container.`,
    );
  }

  const addonPath = join(packageDir, "build", "Release", addonName);
  const identity = readIdentity(packageDir, recipeDir);
  if (isInPlace(addonPath, identity)) return { ok: true, value: { addonPath, origin: "ready", notes: [] } };

  const toolchain = findToolchain(environment);
  if (!toolchain.ok) return fail(toolchain.message);
  const key = readCacheKey(packageDir, identity, toolchain.value);
  const cacheDir = options.cacheDir ?? defaultCacheDir(environment);
  const builds = join(cacheDir, "native");
  const cached = join(builds, key, addonName);
  mkdirSync(builds, { recursive: true });

  let origin: NativeClient["origin"] = "cached";
  const lockPath = join(builds, `${key}.lock`);
  while (!existsSync(cached)) {
    const lock = tryBuildLock(lockPath);
    if (lock === null) {
      options.onProgress?.({ stage: "waiting for another process that builds the same", fraction: 0 });
      await Bun.sleep(250);
      continue;
    }
    try {
      // Between the look and the lock, another process may have finished.
      if (existsSync(cached)) break;
      const failure = await buildIntoCache({
        packageDir,
        projectDir,
        cacheDir,
        builds,
        cached,
        environment,
        toolchain: toolchain.value,
        onProgress: options.onProgress ?? (() => undefined),
      });
      if (failure !== null) return { ok: false, failure };
      origin = "built";
    } finally {
      lock.release();
    }
  }
  place(cached, addonPath, identity);
  return {
    ok: true,
    value: { addonPath, origin, notes: origin === "built" ? notesFor(toolchain.value) : [] },
  };
}

interface BuildJob {
  readonly packageDir: string;
  readonly projectDir: string;
  readonly cacheDir: string;
  readonly builds: string;
  readonly cached: string;
  readonly environment: Environment;
  readonly toolchain: Toolchain;
  readonly onProgress: (progress: Progress) => void;
}

/** Null on success: the file is in the cache. The tree (80 MB) goes in every case, the log stays on failure. */
async function buildIntoCache(job: BuildJob): Promise<NativeClientFailure | null> {
  removeAbandoned(job.builds);
  const id = randomUUID();
  const workDir = join(job.builds, `work-${id}`);
  const logPath = join(job.builds, `build-${id}.log`);
  mkdirSync(workDir);
  try {
    writeFileSync(logPath, `${job.toolchain.compiler}\n`);
    const headers = ensureNodeHeaders(job.cacheDir, job.projectDir, job.environment);
    const nanDir = join(job.projectDir, "node_modules", "nan");
    const { packageDir, environment, toolchain, onProgress } = job;
    const compiled = await compileAddon({
      packageDir,
      recipeDir,
      nanDir,
      workDir,
      logPath,
      toolchain,
      headers,
      environment,
      onProgress,
    });
    if (!compiled.ok)
      return { message: `The native Kafka client did not build. ${compiled.message}`, logPath };
    const missing = missingSymbols(compiled.value.addonPath);
    if (missing.length > 0) return { message: explainMissingSymbols(missing), logPath };
    chmodSync(compiled.value.addonPath, 0o755);
    mkdirSync(dirname(job.cached), { recursive: true });
    renameSync(compiled.value.addonPath, job.cached);
    rmSync(logPath, { force: true });
    return null;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

/** What the add-on would ask this Bun for in vain. Linux only: elsewhere loading it is the test. */
export function missingSymbols(addonPath: string): readonly string[] {
  if (process.platform !== "linux") return [];
  return missingFromHost(readDynamicSymbols(addonPath), readDynamicSymbols(process.execPath));
}

function explainMissingSymbols(missing: readonly string[]): string {
  return (
    `Bun ${process.versions.bun} lacks ${missing.length} symbol(s) that the native Kafka client needs: ` +
    `${missing.join(", ")}. Use the Bun version that the README names, or define them in kafka/native/compat.cc.`
  );
}

function notesFor(toolchain: Toolchain): readonly string[] {
  if (toolchain.zstd) return [];
  return [
    "Built without zstd, because zstd.h is not installed: a batch that another producer compressed with zstd stops its " +
      "partition. The product's own topics set another codec.",
  ];
}

interface Stamp {
  readonly identity: string;
  readonly sizeBytes: number;
}

function stampPath(addonPath: string): string {
  return join(dirname(addonPath), "orderwire.json");
}

function isInPlace(addonPath: string, identity: string): boolean {
  try {
    const stamp: Partial<Stamp> = JSON.parse(readFileSync(stampPath(addonPath), "utf8"));
    return stamp.identity === identity && stamp.sizeBytes === statSync(addonPath).size;
  } catch {
    // Not there, or not a stamp: it is made anew.
    return false;
  }
}

/** Renames over what is there, so that a process that has the old file loaded keeps it. */
function place(cached: string, addonPath: string, identity: string): void {
  mkdirSync(dirname(addonPath), { recursive: true });
  const temporary = `${addonPath}.${randomUUID()}`;
  try {
    linkSync(cached, temporary);
  } catch {
    // Another file system: a copy.
    copyFileSync(cached, temporary);
  }
  // Without a stamp in between, a crash here means a second placing and never a wrong claim.
  rmSync(stampPath(addonPath), { force: true });
  renameSync(temporary, addonPath);
  // Two links to one file make rename do nothing at all and leave both.
  rmSync(temporary, { force: true });
  const stamp: Stamp = { identity, sizeBytes: statSync(addonPath).size };
  writeFileSync(`${temporary}.json`, JSON.stringify(stamp));
  renameSync(`${temporary}.json`, stampPath(addonPath));
}

const abandonedAfterMs = 3_600_000;
const keptBuilds = 5;

/** Folders and logs of builds that were killed, and all but the newest builds (9 MB each; clones have their own link). */
function removeAbandoned(builds: string): void {
  const finished = readdirSync(builds)
    .filter((name) => existsSync(join(builds, name, addonName)))
    .map((name) => ({ path: join(builds, name), builtAt: statSync(join(builds, name, addonName)).mtimeMs }))
    .toSorted((a, b) => b.builtAt - a.builtAt);
  for (const { path } of finished.slice(keptBuilds - 1)) rmSync(path, { recursive: true, force: true });
  for (const name of readdirSync(builds)) {
    if (!name.startsWith("work-") && !name.startsWith("build-")) continue;
    const path = join(builds, name);
    try {
      if (Date.now() - statSync(path).mtimeMs > abandonedAfterMs)
        rmSync(path, { recursive: true, force: true });
    } catch {
      // Another process removes its own.
    }
  }
}

function fail(message: string): NativeClientResult {
  return { ok: false, failure: { message } };
}

if (import.meta.main) {
  const startedAt = performance.now();
  const display = createProgressDisplay(process.stderr, "Building the native Kafka client");
  const result = await ensureNativeClient({ onProgress: (progress) => display.show(progress) });
  display.end();
  if (!result.ok) {
    const { message, logPath } = result.failure;
    process.stderr.write(`${message}${logPath === undefined ? "" : ` The log: ${logPath}`}\n`);
    process.exit(1);
  }
  for (const note of result.value.notes) process.stderr.write(`${note}\n`);
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  if (result.value.origin === "built")
    process.stderr.write(`The native Kafka client was built in ${seconds} s.\n`);
}
