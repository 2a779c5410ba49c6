// When two builds may share one result: the key covers everything that can change a byte of the add-on or decide
// whether it loads. It holds no path and no time, so every clone on a machine computes the same key.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Toolchain } from "./toolchain.ts";

/** The parts of the npm package that the build reads, relative to the package. */
export const packageSources = [
  "package.json",
  "src",
  "deps/librdkafka/Makefile",
  "deps/librdkafka/configure",
  "deps/librdkafka/configure.self",
  "deps/librdkafka/mklove",
  "deps/librdkafka/src",
  "deps/librdkafka/src-cpp",
] as const;

/** Our own part: what supplies the missing symbols, what is changed in the sources, and what decides on the compilers' arguments. */
const recipe = [
  "compat.cc",
  "handles.cc",
  "mock.c",
  "clients.h",
  "clients.c",
  "topic-configs.c",
  "record-batches.c",
  "outgoing-records.c",
  "compile.ts",
  "patches.ts",
  "toolchain.ts",
] as const;

/**
 * What can be known in a millisecond, without a compiler: enough to say that an add-on that is in place was made by
 * this recipe for this Bun. A compiler that was upgraded since does not make a working add-on wrong.
 */
export function readIdentity(packageDir: string, recipeDir: string): string {
  const hash = createHash("sha256");
  hash.update(
    JSON.stringify([
      process.platform,
      process.arch,
      process.versions.bun,
      process.versions.node,
      packageVersion(packageDir),
    ]),
  );
  for (const name of recipe) hash.update(name).update(readFileSync(join(recipeDir, name)));
  return hash.digest("hex").slice(0, 32);
}

/** The name of a cached build: the identity, every source byte (8 MB, about 40 ms), the compiler and its libraries. */
export function readCacheKey(packageDir: string, identity: string, toolchain: Toolchain): string {
  const hash = createHash("sha256");
  const { compiler, libraries, zstd } = toolchain;
  hash.update(JSON.stringify([identity, compiler, libraries, zstd]));
  for (const source of packageSources) {
    for (const path of filesBelow(join(packageDir, source))) {
      hash.update(path.slice(packageDir.length)).update(readFileSync(path));
    }
  }
  return hash.digest("hex").slice(0, 32);
}

function packageVersion(packageDir: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest)
    return String(manifest.version);
  throw new Error(`${packageDir}/package.json must name a version`);
}

function filesBelow(path: string): readonly string[] {
  let entries;
  try {
    entries = readdirSync(path, { recursive: true, withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOTDIR") return [path];
    throw error;
  }
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
