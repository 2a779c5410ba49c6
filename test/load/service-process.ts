// Promises cart or order as a process of its own, ready for requests, its log in a file, gone with this process.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../parts/free-port.ts";
import { guardProcess, releaseProcess } from "../parts/process-guard.ts";

export interface ServiceProcess {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Asks it to stop as an orchestrator would; the exit code, 0 after a clean stop. */
  stop(): Promise<number>;
  /** The last lines of its log. */
  log(): string;
}

const readyWithinMs = 60_000;
const stopWithinMs = 15_000;

export async function startService(
  name: "cart" | "order",
  settings: Readonly<Record<string, string>>,
): Promise<ServiceProcess> {
  const directory = mkdtempSync(join(tmpdir(), `orderwire-${name}-`));
  const logPath = join(directory, "service.log");
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const output = openSync(logPath, "a");
  const child = Bun.spawn([process.execPath, join(name, "main.ts")], {
    cwd: join(import.meta.dirname, "..", ".."),
    env: { ...process.env, ...settings, [`${name.toUpperCase()}_PORT`]: String(port) },
    stdin: "ignore",
    stdout: output,
    stderr: output,
    detached: true,
  });
  closeSync(output);
  guardProcess({ pid: child.pid, signal: "KILL", directory });
  const log = () => readFileSync(logPath, "utf8").trimEnd().split("\n").slice(-25).join("\n");

  const deadline = performance.now() + readyWithinMs;
  while (!(await isReady(url))) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || performance.now() > deadline) {
      const what = ended ? "ended while starting" : `was not ready within ${readyWithinMs / 1000} s`;
      const printed = log();
      child.kill("SIGKILL");
      throw new Error(`${name} ${what}.\n${printed}`);
    }
    await Bun.sleep(50);
  }
  return {
    url,
    log,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
      const exitCode = await child.exited;
      clearTimeout(timer);
      releaseProcess(child.pid);
      rmSync(directory, { recursive: true, force: true });
      return exitCode;
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}
