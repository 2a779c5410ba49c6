// Every part in a process of its own, on servers that they share; at the end what of the targets was met. A part that failed
// does not keep the others from running, and the whole has failed.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { missingTools } from "../test/parts/machine.ts";
import { benchParts } from "./bench-parts.ts";
import type { AllCommand } from "./read-command.ts";
import { readResult } from "./report/result-file.ts";
import { targetLines } from "./report/targets.ts";
import { openServers } from "./servers.ts";

/** The exit code: 1 when a part has failed. */
export async function runAll({ size, save }: AllCommand): Promise<number> {
  const missing = process.env["KAFKA_BROKERS"] === undefined ? missingTools() : [];
  if (missing.length > 0) throw new Error(missing.join("\n"));
  const servers = await openServers();
  const directory = mkdtempSync(join(tmpdir(), "orderwire-bench-"));
  const startedAtMs = performance.now();
  const sentences: string[] = [];
  const failed: string[] = [];
  try {
    for (const { name } of benchParts) {
      const into = join(directory, `${name}.json`);
      const flags = [...(size === "quick" ? ["--quick"] : []), ...(save ? ["--save"] : [])];
      process.stdout.write(`\n== ${name}\n`);
      const partStartedAtMs = performance.now();
      const child = Bun.spawn(
        [process.execPath, join(import.meta.dirname, "main.ts"), name, ...flags, "--into", into],
        {
          env: { ...process.env, ...servers.environment, BENCH_KAFKA_VERSION: servers.kafkaVersion },
          stdio: ["ignore", "inherit", "inherit"],
        },
      );
      const exitCode = await child.exited;
      process.stdout.write(`${name} took ${seconds(partStartedAtMs)} s\n`);
      if (exitCode === 0) sentences.push(...targetLines(await readResult(into)));
      else failed.push(name);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
    await servers.close();
  }
  const lines = ["", "== targets", ...sentences, `All parts took ${seconds(startedAtMs)} s.`];
  process.stdout.write(`${[...lines, ...failed.map((name) => `FAILED ${name}`)].join("\n")}\n`);
  return failed.length > 0 ? 1 : 0;
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(0);
}
