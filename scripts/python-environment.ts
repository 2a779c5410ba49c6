// Promises a Python with the packages of the interop suite, in a virtual environment outside the checkout that is built
// once a requirements file; or one sentence that says why there is none.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { partsCache } from "../test/parts/artifacts.ts";
import { runToEnd } from "../test/parts/run-to-end.ts";

export type PythonEnvironment =
  | { readonly ok: true; readonly python: string }
  | { readonly ok: false; readonly reason: string };

export async function preparePython(requirements: string): Promise<PythonEnvironment> {
  const python = Bun.which("python3");
  if (python === null) return { ok: false, reason: "Python was not found: install python3-venv." };
  const folder = join(partsCache(), `python-${await fingerprint(python, requirements)}`);
  const interpreter = join(folder, "bin", "python");
  const complete = join(folder, "complete");
  if (existsSync(complete)) return { ok: true, python: interpreter };
  process.stderr.write("Building the Python environment of the interop suite, once ...\n");
  try {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(dirname(folder), { recursive: true });
    await runToEnd([python, "-m", "venv", folder]);
    await runToEnd([interpreter, "-m", "pip", "install", "--quiet", "--requirement", requirements]);
    writeFileSync(complete, "");
    return { ok: true, python: interpreter };
  } catch (error) {
    return { ok: false, reason: `No Python environment could be built: ${String(error)}` };
  }
}

/** A venv is tied to its path and to the interpreter that made it, so both are part of its name. */
async function fingerprint(python: string, requirements: string): Promise<string> {
  const version = await runToEnd([python, "--version"]);
  return createHash("sha256")
    .update(`${python}\n${version}\n${readFileSync(requirements, "utf8")}`)
    .digest("hex")
    .slice(0, 8);
}
