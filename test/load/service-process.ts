// Promises cart or order as a process of its own, its log in a file, gone with this process.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../parts/free-port.ts";
import { guardProcess, releaseProcess } from "../parts/process-guard.ts";

export interface ServiceProcess {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when it is ready for requests; rejects with its log when it ends before, or takes longer than a minute. */
  ready(): Promise<void>;
  /** How it ended: the signal that ended it, or its exit code. */
  readonly ended: Promise<NodeJS.Signals | number>;
  /** Asks it to stop as an orchestrator would; the exit code, 0 after a clean stop. */
  stop(): Promise<number>;
  /** SIGKILL: nothing is tidied up. Resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open, nothing answers. */
  freeze(): void;
  /** SIGCONT: undoes `freeze`. */
  thaw(): void;
  /** The last lines of its log. */
  log(): string;
}

export interface ServiceOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Default: this one. */
  readonly checkout?: string;
}

type ServiceName = "cart" | "order";
type Settings = Readonly<Record<string, string>>;

const readyWithinMs = 60_000;
const stopWithinMs = 15_000;

/** Resolves when it is ready for requests. */
export async function startService(
  name: ServiceName,
  settings: Settings,
  options: ServiceOptions = {},
): Promise<ServiceProcess> {
  const service = await spawnService(name, settings, options);
  await service.ready();
  return service;
}

/** Resolves when the process is there. */
export async function spawnService(
  name: ServiceName,
  settings: Settings,
  options: ServiceOptions = {},
): Promise<ServiceProcess> {
  const directory = mkdtempSync(join(tmpdir(), `orderwire-${name}-`));
  const logPath = join(directory, "service.log");
  const port = options.port ?? (await findFreePort());
  const url = `http://127.0.0.1:${port}`;
  const output = openSync(logPath, "a");
  const child = Bun.spawn([process.execPath, join(name, "main.ts")], {
    cwd: options.checkout ?? join(import.meta.dirname, "..", ".."),
    env: { ...process.env, ...settings, [`${name.toUpperCase()}_PORT`]: String(port) },
    stdin: "ignore",
    stdout: output,
    stderr: output,
    detached: true,
  });
  closeSync(output);
  guardProcess({ pid: child.pid, signal: "KILL", directory });
  let lastLog = "";
  const log = () => {
    if (lastLog !== "") return lastLog;
    return readFileSync(logPath, "utf8").trimEnd().split("\n").slice(-25).join("\n");
  };

  const ended = child.exited.then((exitCode) => {
    lastLog = log();
    releaseProcess(child.pid);
    rmSync(directory, { recursive: true, force: true });
    return child.signalCode ?? exitCode;
  });

  return {
    url,
    port,
    pid: child.pid,
    ended,
    log,
    async ready() {
      const deadline = performance.now() + readyWithinMs;
      while (!(await isReady(url))) {
        const hasEnded = child.exitCode !== null || child.signalCode !== null;
        if (hasEnded || performance.now() > deadline) {
          const what = hasEnded ? "ended while starting" : `was not ready within ${readyWithinMs / 1000} s`;
          child.kill("SIGKILL");
          await ended;
          throw new Error(`${name} ${what}.\n${log()}`);
        }
        await Bun.sleep(50);
      }
    },
    freeze: () => child.kill("SIGSTOP"),
    thaw: () => child.kill("SIGCONT"),
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
      const end = await ended;
      clearTimeout(timer);
      return typeof end === "number" ? end : await child.exited;
    },
    async kill() {
      child.kill("SIGKILL");
      await ended;
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
