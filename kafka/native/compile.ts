// Compiles the add-on in a folder of its own: a copy of the npm package's sources, librdkafka as static libraries,
// the binding and our own files, linked into one self-contained .node file. Needs bash, make and a C++20 compiler.
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { packageSources } from "./fingerprint.ts";
import { applyPatches } from "./patches.ts";
import type { Progress } from "./progress.ts";
import type { HeadersResult } from "./headers.ts";
import type { Environment, Toolchain } from "./toolchain.ts";

export interface CompileOptions {
  readonly packageDir: string;
  /** The folder of our C++ and C files. */
  readonly recipeDir: string;
  /** nan's headers. */
  readonly nanDir: string;
  /** An empty folder for the tree; the caller removes it. */
  readonly workDir: string;
  /** Gets every command's output. */
  readonly logPath: string;
  readonly toolchain: Toolchain;
  /** Node's headers, possibly still on their way: librdkafka does not need them. */
  readonly headers: Promise<HeadersResult>;
  readonly environment: Environment;
  readonly onProgress: (progress: Progress) => void;
}

export type CompileResult =
  | { readonly ok: true; readonly value: { readonly addonPath: string } }
  | { readonly ok: false; readonly message: string };

const binding = [
  "binding",
  "callbacks",
  "common",
  "config",
  "connection",
  "errors",
  "kafka-consumer",
  "producer",
  "topic",
  "workers",
  "admin",
] as const;

// What Bun lacks or does otherwise.
const ourCxx = ["compat", "handles"] as const;

// Our own functions on librdkafka, called through bun:ffi.
const plainC = ["clients", "mock", "topic-configs", "record-batches", "outgoing-records"] as const;

// What librdkafka's C++ layer is compiled to call instead.
const replaced = [
  ["rd_kafka_new", "orderwire_client_new"],
  ["rd_kafka_conf_set_dr_msg_cb", "orderwire_conf_set_dr_msg_cb"],
] as const;

const compiling = "compiling librdkafka and the binding";

// Seconds of one core, measured; only their proportions matter, for an honest percentage.
const cost = { configure: 3, libraryFile: 0.9, bindingFile: 3, link: 1 } as const;

/** What a command that failed throws: its first error line, for the one line that people see. */
class CommandFailed extends Error {}

export async function compileAddon(options: CompileOptions): Promise<CompileResult> {
  const { workDir, toolchain, environment, logPath } = options;
  const controller = new AbortController();
  const run = (
    command: string,
    args: readonly string[],
    cwd: string,
    onLine?: (line: string) => void,
  ): Promise<void> =>
    runLogged(command, args, { cwd, environment, logPath, signal: controller.signal, onLine });

  for (const source of packageSources) {
    const target = join(workDir, source);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(options.packageDir, source), target, { recursive: true });
  }
  const misfit = applyPatches(workDir);
  if (misfit !== null) return { ok: false, message: misfit };
  const librdkafka = join(workDir, "deps", "librdkafka");
  const jobs = availableParallelism();

  let total = Number.POSITIVE_INFINITY;
  let done = 0;
  const advance = (seconds: number, stage: string): void => {
    done += seconds;
    options.onProgress({ stage, fraction: Math.min(done / total, 1) });
  };

  const configured = Promise.withResolvers<void>();
  const buildLibrary = async (): Promise<void> => {
    await run("bash", ["./configure", ...configureArguments(toolchain)], librdkafka);
    const found = readConfiguredFeatures(librdkafka);
    const lacking = ["ssl", "zlib", "snappy", "sasl_scram"].filter((feature) => !found.has(feature));
    if (lacking.length > 0)
      throw new CommandFailed(`librdkafka's configure did not find: ${lacking.join(", ")}`);
    const compiled = countCompilations(toolchain.make, librdkafka, environment);
    total =
      cost.configure +
      compiled * cost.libraryFile +
      (binding.length + ourCxx.length + plainC.length) * cost.bindingFile +
      cost.link;
    advance(cost.configure, compiling);
    configured.resolve();
    const onLine = (line: string): void => {
      if (compilation.test(line)) advance(cost.libraryFile, compiling);
    };
    await run(toolchain.make, [`-j${jobs}`, "-C", "src", "librdkafka.a"], librdkafka, onLine);
    await run(toolchain.make, [`-j${jobs}`, "-C", "src-cpp", "librdkafka++.a"], librdkafka, onLine);
  };

  const buildBinding = async (): Promise<HeadersResult> => {
    const headers = await options.headers;
    if (!headers.ok) {
      controller.abort();
      return headers;
    }
    // mock.c reads the config.h that configure writes.
    await configured.promise;
    const commands = bindingCommands(options, headers.value.includeDir);
    // As many compilers as cores, beside make's own: librdkafka is done first on most machines, and the two
    // together keep every core busy to the end.
    const worker = async (): Promise<void> => {
      for (let next = commands.shift(); next !== undefined; next = commands.shift()) {
        await run(next.command, next.args, workDir);
        advance(cost.bindingFile, compiling);
      }
    };
    await Promise.all(Array.from({ length: jobs }, worker));
    return headers;
  };

  options.onProgress({ stage: "configuring librdkafka", fraction: 0 });
  // The first failure stops the other half at once, and is the one that is told: the other's is only that it was stopped.
  let failure: unknown;
  const stopping = async <Value>(work: Promise<Value>): Promise<Value | undefined> => {
    try {
      return await work;
    } catch (error) {
      failure ??= error;
      controller.abort();
      configured.reject(error);
      return undefined;
    }
  };
  configured.promise.catch(() => undefined);
  const [, headers] = await Promise.all([stopping(buildLibrary()), stopping(buildBinding())]);
  if (headers?.ok === false) return headers;
  if (failure instanceof CommandFailed) return { ok: false, message: failure.message };
  if (failure !== undefined) throw failure;

  advance(0, "linking");
  const addonPath = join(workDir, "addon.node");
  const dynamicLibraries = toolchain.libraries.map((name) => name.replace(/^.*\/lib(\w+)\.a$/, "-l$1"));
  try {
    try {
      await run(toolchain.cxx, linkArguments(toolchain, toolchain.libraries, addonPath), workDir);
    } catch (error) {
      // Some systems ship archives that cannot go into a shared object; the shared libraries are there as well.
      if (!(error instanceof CommandFailed)) throw error;
      await run(toolchain.cxx, linkArguments(toolchain, dynamicLibraries, addonPath), workDir);
    }
  } catch (error) {
    if (error instanceof CommandFailed) return { ok: false, message: error.message };
    throw error;
  }
  advance(cost.link, "done");
  return { ok: true, value: { addonPath } };
}

function configureArguments(toolchain: Toolchain): readonly string[] {
  return [
    `--cc=${toolchain.cc}`,
    `--cxx=${toolchain.cxx}`,
    "--no-download",
    "--disable-debug-symbols",
    // Not needed for what the product speaks: OIDC over HTTP, Kerberos, another lz4 than the bundled one.
    "--disable-curl",
    "--disable-gssapi",
    "--disable-lz4-ext",
    toolchain.zstd ? "--enable-zstd" : "--disable-zstd",
    "--enable-static",
    // The C++ layer makes its clients through clients.c, which needs to know them, and hears of its records through
    // outgoing-records.c.
    `--CXXFLAGS=${replaced.map(([name, ours]) => `-D${name}=${ours}`).join(" ")}`,
    ...(toolchain.includeFlags.length === 0 ? [] : [`--CPPFLAGS=${toolchain.includeFlags.join(" ")}`]),
    ...(toolchain.linkFlags.length === 0 ? [] : [`--LDFLAGS=${toolchain.linkFlags.join(" ")}`]),
  ];
}

function bindingCommands(
  options: CompileOptions,
  nodeHeaders: string,
): { command: string; args: string[] }[] {
  const { toolchain, workDir, recipeDir } = options;
  const include = [
    nodeHeaders,
    options.nanDir,
    workDir,
    join(workDir, "deps/librdkafka/src"),
    join(workDir, "deps/librdkafka/src-cpp"),
  ];
  const shared = [
    "-std=c++20",
    "-fPIC",
    "-O2",
    // Deprecation notes of V8's and nan's own headers; errors still show.
    "-w",
    "-DBUILDING_NODE_EXTENSION",
    ...include.map((dir) => `-I${dir}`),
  ];
  const compile = (source: string, object: string, extra: readonly string[] = []) => ({
    command: toolchain.cxx,
    args: [...shared, ...extra, "-c", source, "-o", object],
  });
  return [
    // The long ones first, or the last core finishes alone.
    ...binding.toReversed().map((name) => compile(join(workDir, "src", `${name}.cc`), `${name}.o`)),
    // V8 and Bun are built without run-time type information; classes defined here must not ask for it.
    ...ourCxx.map((name) => compile(join(recipeDir, `${name}.cc`), `${name}.o`, ["-fno-rtti"])),
    ...plainC.map((name) => ({
      command: toolchain.cc,
      args: ["-std=gnu11", "-fPIC", "-O2", `-I${nodeHeaders}`, `-I${join(workDir, "deps/librdkafka/src")}`]
        .concat(toolchain.includeFlags)
        .concat("-c", join(recipeDir, `${name}.c`), "-o", `${name}.o`),
    })),
  ];
}

function linkArguments(
  toolchain: Toolchain,
  libraries: readonly string[],
  output: string,
): readonly string[] {
  const objects = [...binding, ...ourCxx, ...plainC].map((name) => `${name}.o`);
  const archives = ["deps/librdkafka/src-cpp/librdkafka++.a", "deps/librdkafka/src/librdkafka.a"];
  const inputs = [...objects, ...archives, ...toolchain.linkFlags, ...libraries];
  if (process.platform === "darwin") {
    // V8's symbols come from Bun when it loads the file. Two-level names already bind our own symbols to ourselves.
    return ["-bundle", "-undefined", "dynamic_lookup", "-o", output, ...inputs, "-lm"];
  }
  return [
    "-shared",
    "-pthread",
    "-o",
    output,
    // Ours before Bun's: Bun exports stubs for some libuv functions that end the process when they are called.
    "-Wl,-Bsymbolic",
    // OpenSSL, zlib and librdkafka stay private: another add-on may bring other versions of them.
    "-Wl,--exclude-libs,ALL",
    "-Wl,--strip-all",
    "-static-libstdc++",
    "-static-libgcc",
    ...inputs,
    "-ldl",
    "-lrt",
    "-lm",
  ];
}

const compilation = /\s-c\s+\S+\.c(pp)?(\s|$)/;

/** How many files make will compile, from its own dry run. */
function countCompilations(make: string, librdkafka: string, environment: Environment): number {
  const targets = [
    ["src", "librdkafka.a"],
    ["src-cpp", "librdkafka++.a"],
  ] as const;
  let count = 0;
  for (const [folder, target] of targets) {
    const plan = spawnSync(make, ["-n", "-C", folder, target], {
      cwd: librdkafka,
      env: { ...environment },
      encoding: "utf8",
    });
    count += plan.stdout.split("\n").filter((line) => compilation.test(line)).length;
  }
  return count;
}

interface RunOptions {
  readonly cwd: string;
  readonly environment: Environment;
  readonly logPath: string;
  readonly signal: AbortSignal;
  readonly onLine: ((line: string) => void) | undefined;
}

/** Resolves on exit code 0. Throws {@link CommandFailed} otherwise, or when the build was stopped. */
function runLogged(command: string, args: readonly string[], options: RunOptions): Promise<void> {
  appendFileSync(options.logPath, `\n$ ${command} ${args.join(" ")}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
      signal: options.signal,
    });
    let firstError: string | undefined;
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.on("data", (chunk: Buffer) => {
        // The build folder may be gone by the time a stopped compiler's last words arrive.
        if (options.signal.aborted) return;
        appendFileSync(options.logPath, chunk);
        const lines = (rest + chunk.toString()).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          options.onLine?.(line);
          if (firstError === undefined && /\b(error|undefined reference|Error \d)\b/.test(line))
            firstError = line.trim();
        }
      });
    }
    child.on("error", (error) => reject(new CommandFailed(`${command} could not run: ${error.message}`)));
    child.on("close", (code) => {
      if (code === 0) resolve();
      else
        reject(new CommandFailed(`${command} failed with exit code ${code}: ${firstError ?? "see the log"}`));
    });
  });
}

/** What librdkafka's configure found, from the config.h that it wrote. */
function readConfiguredFeatures(librdkafka: string): ReadonlySet<string> {
  const config = readFileSync(join(librdkafka, "config.h"), "utf8");
  return new Set(
    [...config.matchAll(/^#define WITH_(\w+) 1$/gm)].map(([, name]) => (name ?? "").toLowerCase()),
  );
}
