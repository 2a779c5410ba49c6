// Promises what `bun run start`, `test`, `bench` and `chaos` stand on, in a fresh clone as in a used one: the npm packages as
// bun.lock has them, the native Kafka client, and the viewer of the API's page. Uses built-ins only, because it runs before
// anything is installed.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const checkout = join(import.meta.dirname, "..");

/** All steps; rejects with one sentence after the failing step has printed its own. */
export async function prepare(): Promise<void> {
  await installPackages();
  await Promise.all([buildNativeClient(), fetchApiViewer()]);
}

/** Installs when node_modules is missing or was not made from this bun.lock. Rejects when the installation fails. */
export async function installPackages(): Promise<void> {
  const stamp = join(checkout, "node_modules", ".orderwire-lock");
  const lock = createHash("sha256")
    .update(readFileSync(join(checkout, "bun.lock")))
    .update(readFileSync(join(checkout, "package.json")))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  await runBun("install", "--frozen-lockfile");
  writeFileSync(stamp, lock);
}

/** Builds the add-on, or takes it from the cache; rejects after the build itself has said what is missing. */
export async function buildNativeClient(): Promise<void> {
  await runBun(join("kafka", "native", "build.ts"));
}

/** Without a network the page stays plain, and the step says so: it rejects for nothing that can be expected. */
export async function fetchApiViewer(): Promise<void> {
  await runBun(join("service", "api-reference", "fetch-viewer.ts"));
}

async function runBun(...parameters: readonly string[]): Promise<void> {
  // execPath, not "bun": with `npx -y bun@...` there is no bun in PATH.
  const child = Bun.spawn([process.execPath, ...parameters], {
    cwd: checkout,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  const exitCode = await child.exited;
  if (exitCode !== 0) throw new Error(`\`bun ${parameters.join(" ")}\` ended with exit code ${exitCode}.`);
}
