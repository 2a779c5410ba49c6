// What the build needs from the machine, asked before anything is compiled: either everything is there, or one
// line names the packages to install.
import { spawnSync } from "node:child_process";

/** The programs and optional libraries that this machine offers. */
export interface Toolchain {
  readonly cxx: string;
  readonly cc: string;
  readonly make: string;
  /** First line of `c++ --version` and its target triple: another compiler is another build. */
  readonly compiler: string;
  /** OpenSSL, zlib and zstd as linker arguments: the path of a static archive, else `-lname`. */
  readonly libraries: readonly string[];
  /** Compiler flags for headers outside the default path (Homebrew's OpenSSL on macOS), or none. */
  readonly includeFlags: readonly string[];
  readonly linkFlags: readonly string[];
  /** Whether zstd.h is there. Without it a zstd batch cannot be read: see the README. */
  readonly zstd: boolean;
}

export type ToolchainResult =
  | { readonly ok: true; readonly value: Toolchain }
  | { readonly ok: false; readonly message: string };

/** Where programs are looked up and what child processes get, normally `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

interface Requirement {
  /** What the line says is missing. */
  readonly name: string;
  readonly debian: string;
  readonly fedora: string;
  readonly alpine: string;
  readonly macos: string;
}

const xcode = "xcode-select --install";
const requirements = {
  compiler: {
    name: "a C++20 compiler",
    debian: "g++",
    fedora: "gcc-c++",
    alpine: "build-base",
    macos: xcode,
  },
  make: { name: "make", debian: "make", fedora: "make", alpine: "make", macos: xcode },
  // librdkafka's configure is a bash script; Alpine has none by default.
  bash: { name: "bash", debian: "bash", fedora: "bash", alpine: "bash", macos: xcode },
  openssl: {
    name: "the OpenSSL headers",
    debian: "libssl-dev",
    fedora: "openssl-devel",
    alpine: "openssl-dev",
    macos: "brew install openssl@3",
  },
  zlib: {
    name: "the zlib headers",
    debian: "zlib1g-dev",
    fedora: "zlib-devel",
    alpine: "zlib-dev",
    macos: xcode,
  },
} as const satisfies Record<string, Requirement>;

/** What can be missing. */
export type RequirementName = keyof typeof requirements;

/** One line: what is missing, and the command for each system that installs all of it. */
export function explainMissing(missing: readonly RequirementName[]): string {
  const rows = missing.map((name) => requirements[name]);
  const list = (field: keyof Requirement, separator: string): string =>
    [...new Set(rows.map((row) => row[field]))].join(separator);
  return (
    `The native Kafka client cannot be built, missing: ${list("name", ", ")}. Install with: ` +
    `apt-get install -y ${list("debian", " ")} (Debian, Ubuntu); dnf install -y ${list("fedora", " ")} (Fedora); ` +
    `apk add ${list("alpine", " ")} (Alpine); ${list("macos", " && ")} (macOS).`
  );
}

/**
 * Asks the machine. Costs about 0.2 s: a few preprocessor runs.
 * @param environment its PATH decides what is found.
 */
export function findToolchain(environment: Environment): ToolchainResult {
  const which = (names: readonly string[]): string | null => {
    const PATH = environment["PATH"] ?? "";
    // Bun.which falls back to this process's own PATH when it is given an empty one.
    if (PATH === "") return null;
    return names.map((name) => Bun.which(name, { PATH })).find((path) => path !== null) ?? null;
  };
  const cxx = which(["g++", "c++", "clang++"]);
  const cc = which(["gcc", "cc", "clang"]);
  const make = which(["gmake", "make"]);
  const missing: RequirementName[] = [];

  const output = (command: string, args: readonly string[], input?: string): string | null => {
    const run = spawnSync(command, args, {
      env: { ...environment },
      encoding: "utf8",
      ...(input === undefined ? {} : { input }),
    });
    return run.status === 0 ? run.stdout : null;
  };
  const openssl = openSslPrefix(which, output);
  const includeFlags = openssl === null ? [] : [`-I${openssl}/include`];
  const hasHeader = (header: string): boolean =>
    cxx !== null &&
    output(cxx, [...includeFlags, "-std=c++20", "-E", "-x", "c++", "-"], `#include <${header}>\n`) !== null;

  const compiles = hasHeader("concepts");
  if (cc === null || !compiles) missing.push("compiler");
  if (make === null) missing.push("make");
  if (which(["bash"]) === null) missing.push("bash");
  // Without a compiler nobody can say whether the headers are there: name them, one round instead of two.
  if (!hasHeader("openssl/ssl.h")) missing.push("openssl");
  if (!hasHeader("zlib.h")) missing.push("zlib");
  if (cxx === null || cc === null || make === null || missing.length > 0) {
    return { ok: false, message: explainMissing(missing) };
  }

  const zstd = hasHeader("zstd.h");
  const version = output(cxx, ["--version"])?.split("\n")[0] ?? "";
  const machine = output(cxx, ["-dumpmachine"])?.trim() ?? "";
  const library = (name: string): string => {
    // A compiler that does not find the archive echoes the bare name.
    const archive = output(cxx, [`-print-file-name=lib${name}.a`])?.trim() ?? "";
    return archive.includes("/") ? archive : `-l${name}`;
  };
  return {
    ok: true,
    value: {
      cxx,
      cc,
      make,
      compiler: `${version} ${machine}`,
      libraries: ["ssl", "crypto", "z", ...(zstd ? ["zstd"] : [])].map(library),
      includeFlags,
      linkFlags: openssl === null ? [] : [`-L${openssl}/lib`],
      zstd,
    },
  };
}

/** Homebrew keeps OpenSSL outside the default search path, because macOS has another library of that name. */
function openSslPrefix(
  which: (names: readonly string[]) => string | null,
  output: (command: string, args: readonly string[]) => string | null,
): string | null {
  if (process.platform !== "darwin") return null;
  const brew = which(["brew"]);
  return brew === null ? null : (output(brew, ["--prefix", "openssl@3"])?.trim() ?? null);
}
