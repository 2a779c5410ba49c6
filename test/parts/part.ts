// Promises one server process of a test run: its own process group, its own temporary folder, ready when `startPart`
// resolves, gone with its folder after `close` or with the process that started it (process-guard.ts). The fault
// tests' verbs act on the real process: nothing is simulated.
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { guardProcess, releaseProcess } from "./process-guard.ts";
import { livingOf, processTree } from "./process-tree.ts";

export interface Part {
  /** Of the running process; throws while the part is down. */
  pid(): number;
  /** Orderly stop, as an operator would; killed when it takes longer than 20 s. Data and port are kept. */
  stop(): Promise<void>;
  /**
   * SIGKILL to the process and its children, as when a container is killed: no shutdown code runs. Data and port are kept.
   * Resolves when all of them are gone: a child of PostgreSQL's that lived on would keep it from starting again.
   */
  kill(): Promise<void>;
  /** SIGSTOP to the process and its children: connections stay open, nothing answers. */
  pause(): void;
  /** SIGCONT: undoes `pause`. */
  resume(): void;
  /** Starts again on the same port with the same data, after an orderly stop when it still runs. Resolves when ready. */
  restart(): Promise<void>;
  /** The end: kills the process and removes its data. Idempotent. */
  close(): Promise<void>;
}

export interface PartSpec {
  /** For messages: "Apache Kafka 4.3.0". */
  readonly name: string;
  /** Holds the data and the log; removed by `close`. */
  readonly directory: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** The unprivileged user to run as; the folder must be that user's. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly stopSignal: "SIGTERM" | "SIGINT";
  readonly closeSignal: "QUIT" | "KILL";
  /** Asks over the part's own protocol whether it serves; false or a rejection means not yet. */
  readonly isReady: () => Promise<boolean>;
  readonly readyWithinMs: number;
}

const stopWithinMs = 20_000;
const pollEveryMs = 40;
type PartProcess = Subprocess<"ignore", number, number>;

export async function startPart(spec: PartSpec): Promise<Part> {
  const logPath = join(spec.directory, "part.log");
  let running: PartProcess | undefined;
  let paused: readonly number[] = [];

  function runningProcess(): PartProcess {
    if (running === undefined) throw new Error(`${spec.name} is not running.`);
    return running;
  }

  async function start(): Promise<void> {
    running = spawnPart(spec, logPath);
    await untilReady(spec, running, logPath);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = running;
    if (ending === undefined) return;
    resume();
    const killed = signal === "SIGKILL" ? processTree(ending.pid) : [];
    ending.kill(signal);
    for (const pid of killed) signalIfAlive(pid, "SIGKILL");
    const killTimer = setTimeout(() => process.kill(-ending.pid, "SIGKILL"), stopWithinMs);
    await ending.exited;
    clearTimeout(killTimer);
    while (livingOf(killed).length > 0) await Bun.sleep(pollEveryMs);
    releaseProcess(ending.pid);
    running = undefined;
  }

  function resume(): void {
    for (const pid of paused) signalIfAlive(pid, "SIGCONT");
    paused = [];
  }

  const part: Part = {
    pid: () => runningProcess().pid,
    stop: () => end(spec.stopSignal),
    kill: () => end("SIGKILL"),
    pause() {
      paused = processTree(runningProcess().pid);
      for (const pid of paused) signalIfAlive(pid, "SIGSTOP");
    },
    resume,
    async restart() {
      await end(spec.stopSignal);
      await start();
    },
    async close() {
      await end(spec.closeSignal === "QUIT" ? "SIGQUIT" : "SIGKILL");
      rmSync(spec.directory, { recursive: true, force: true });
    },
  };
  try {
    await start();
  } catch (error) {
    await part.close();
    throw error;
  }
  return part;
}

function spawnPart(spec: PartSpec, logPath: string): PartProcess {
  mkdirSync(spec.directory, { recursive: true });
  const log = openSync(logPath, "a");
  try {
    const child = Bun.spawn([...spec.command], {
      cwd: spec.directory,
      env: { ...process.env, ...spec.environment },
      stdin: "ignore",
      stdout: log,
      stderr: log,
      detached: true,
      ...spec.user,
    });
    child.unref();
    guardProcess({ pid: child.pid, signal: spec.closeSignal, directory: spec.directory });
    return child;
  } finally {
    closeSync(log);
  }
}

async function untilReady(spec: PartSpec, child: PartProcess, logPath: string): Promise<void> {
  const deadline = performance.now() + spec.readyWithinMs;
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`${spec.name} ended while starting (${exitOf(child)}).\n${lastLines(logPath)}`);
    }
    if (await spec.isReady().catch(() => false)) return;
    await Bun.sleep(pollEveryMs);
  }
  throw new Error(`${spec.name} was not ready within ${spec.readyWithinMs} ms.\n${lastLines(logPath)}`);
}

function exitOf(child: PartProcess): string {
  return child.signalCode === null ? `exit code ${child.exitCode}` : `signal ${child.signalCode}`;
}

function lastLines(logPath: string): string {
  return readFileSync(logPath, "utf8").trimEnd().split("\n").slice(-25).join("\n");
}

/** A child of the part may have ended since the tree was read. */
function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
