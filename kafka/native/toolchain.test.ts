import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { explainMissing, findToolchain } from "./toolchain.ts";

let root: string;
let next = 0;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "orderwire-toolchain-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A PATH with these programs only: the text of a script each, or "real" for this machine's own. */
function pathWith(programs: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(root, `path-${next++}-`));
  for (const [name, source] of Object.entries(programs)) {
    const target = join(folder, name);
    if (source === "real") symlinkSync(Bun.which(name) ?? `/missing/${name}`, target);
    else {
      writeFileSync(target, source);
      chmodSync(target, 0o755);
    }
  }
  return folder;
}

/** A compiler that has every header but one (or, with `present`, also one that this machine lacks). */
function compilerWithout(header: string): string {
  return `#!/bin/sh
case "$*" in *" -E "*) ;; *) exec ${Bun.which("g++")} "$@" ;; esac
read -r line
case "$line" in *${header}*) exit 1 ;; *zstd*) exit 0 ;; esac
echo "$line" | ${Bun.which("g++")} "$@"`;
}

const system = "/usr/bin:/bin";
const complete = { gcc: "real", make: "real", bash: "real" } as const;

describe("what is missing", () => {
  test("everything is named in one line with the command of each system", () => {
    const result = findToolchain({ PATH: pathWith({}) });
    expect(result).toEqual({
      ok: false,
      message:
        "The native Kafka client cannot be built, missing: a C++20 compiler, make, bash, the OpenSSL headers, the zlib headers. " +
        "Install with: apt-get install -y g++ make bash libssl-dev zlib1g-dev (Debian, Ubuntu); " +
        "dnf install -y gcc-c++ make bash openssl-devel zlib-devel (Fedora); " +
        "apk add build-base make bash openssl-dev zlib-dev (Alpine); " +
        "xcode-select --install && brew install openssl@3 (macOS).",
    });
  });

  test("no PATH at all is a machine without tools, not this process's PATH", () => {
    expect(findToolchain({}).ok).toBe(false);
  });

  test.each([
    ["make", { gcc: "real", bash: "real" }, "make (Debian"],
    ["bash", { gcc: "real", make: "real" }, "bash (Debian"],
  ] as const)("a missing %s is named alone", (name, programs, debian) => {
    const result = findToolchain({ PATH: pathWith({ ...programs, "g++": compilerWithout("none") }) });
    if (result.ok) throw new Error("found");
    expect(result.message).toContain(`missing: ${name}. Install with: apt-get install -y ${debian}`);
  });

  test.each([
    ["openssl/ssl.h", "the OpenSSL headers", "libssl-dev"],
    ["zlib.h", "the zlib headers", "zlib1g-dev"],
    ["concepts", "a C++20 compiler", "g++"],
  ])("a compiler without <%s> asks for %s", (header, name, debian) => {
    const PATH = `${pathWith({ ...complete, "g++": compilerWithout(header) })}:${system}`;
    const result = findToolchain({ PATH });
    if (result.ok) throw new Error("found");
    expect(result.message).toContain(`missing: ${name}. Install with: apt-get install -y ${debian} (Debian`);
    expect(result.message).not.toContain("\n");
  });

  test("a command that would install two things is given once", () => {
    expect(explainMissing(["compiler", "make", "zlib"])).toContain("; xcode-select --install (macOS).");
  });
});

describe("what is there", () => {
  test("this machine, which has built the client, has what the build needs", () => {
    const result = findToolchain(process.env);
    if (!result.ok) throw new Error(result.message);
    expect(result.value.compiler).not.toBe(" ");
    expect(result.value.libraries.length).toBe(result.value.zstd ? 4 : 3);
  });

  test("zstd is linked where its header is, and left out where not", () => {
    const lacking = findToolchain({
      PATH: `${pathWith({ ...complete, "g++": compilerWithout("zstd") })}:${system}`,
    });
    const having = findToolchain({
      PATH: `${pathWith({ ...complete, "g++": compilerWithout("none") })}:${system}`,
    });
    if (!lacking.ok || !having.ok) throw new Error("not found");
    expect(lacking.value.zstd).toBe(false);
    expect(having.value.zstd).toBe(true);
    expect(having.value.libraries.some((library) => library.includes("zstd"))).toBe(true);
  });
});
