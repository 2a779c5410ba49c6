// A program under measurement, in a process of its own: when it has its partitions, what it takes of memory and processor,
// and that it is still there. It dies with the benchmark.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guardProcess, releaseProcess } from "../test/parts/process-guard.ts";

export interface ProgramSpec {
  readonly name: string;
  readonly command: readonly string[];
  /** Beside this process's own; `undefined` takes one of those away. */
  readonly environment: (directory: string) => Readonly<Record<string, string | undefined>>;
  /** Whether this line of its output says that it has its partitions. */
  readonly saysRunning: (line: string) => boolean;
}

export interface MeasuredProgram {
  /** By performance.now(). */
  readonly startedAtMs: number;
  /** When it had its partitions, by performance.now(). */
  readonly running: Promise<number>;
  /** Rejects when it ends before it is stopped; never resolves. */
  readonly failed: Promise<never>;
  figures(): ProcessFigures;
  /** What it wrote last, for people. */
  lastLines(): string;
  /** Orderly. */
  stop(): Promise<void>;
}

export interface ProcessFigures {
  /** Resident memory in MB now, and the most there ever was; of its children as well. */
  readonly rssMb: number;
  readonly peakRssMb: number;
  /** Processor time of all its threads since it was started. */
  readonly cpuMs: number;
}

const stopWithinMs = 20_000;
const keptLines = 40;

export function startProgram({ name, command, environment, saysRunning }: ProgramSpec): MeasuredProgram {
  const directory = mkdtempSync(join(tmpdir(), "orderwire-bench-"));
  const startedAtMs = performance.now();
  const child = Bun.spawn([...command], {
    env: { ...process.env, ...environment(directory) },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  guardProcess({ pid: child.pid, signal: "KILL", directory });
  const running = Promise.withResolvers<number>();
  const failed = Promise.withResolvers<never>();
  const lastLines: string[] = [];
  let stopping = false;

  async function follow(output: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const line of linesOf(output)) {
      if (saysRunning(line)) running.resolve(performance.now());
      lastLines.push(line);
      if (lastLines.length > keptLines) lastLines.shift();
    }
  }

  async function watch(): Promise<void> {
    await Promise.all([follow(child.stdout), follow(child.stderr), child.exited]);
    releaseProcess(child.pid);
    rmSync(directory, { recursive: true, force: true });
    if (!stopping) failed.reject(new Error([`${name} ended by itself`, ...lastLines].join("\n")));
  }

  // Whoever waits for something else meanwhile need not look.
  failed.promise.catch(() => undefined);
  const gone = watch();
  return {
    startedAtMs,
    running: running.promise,
    failed: failed.promise,
    figures: () => addUp(familyOf(child.pid).map(readFigures)),
    lastLines: () => lastLines.join("\n"),
    async stop() {
      stopping = true;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopWithinMs);
      await gone;
      clearTimeout(timer);
      if (child.signalCode === "SIGKILL") throw new Error([`${name} did not stop`, ...lastLines].join("\n"));
    },
  };
}

async function* linesOf(output: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of output) {
    const lines = `${rest}${decoder.decode(bytes, { stream: true })}`.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

const millisecondsPerTick = 10;
const nothing: ProcessFigures = { rssMb: 0, peakRssMb: 0, cpuMs: 0 };

/** The process and its children, which are some programs' workers. */
function familyOf(pid: number): readonly number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return [
      pid,
      ...children
        .split(" ")
        .filter(Boolean)
        .flatMap((child) => familyOf(Number(child))),
    ];
  } catch {
    return [pid];
  }
}

function addUp(figures: readonly ProcessFigures[]): ProcessFigures {
  return figures.reduce(
    (sum, one) => ({
      rssMb: sum.rssMb + one.rssMb,
      peakRssMb: sum.peakRssMb + one.peakRssMb,
      cpuMs: sum.cpuMs + one.cpuMs,
    }),
    nothing,
  );
}

/** From /proc: elsewhere than on Linux they are not known. */
function readFigures(pid: number): ProcessFigures {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const megabytes = (field: string) =>
      Math.round(Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024);
    // The second field is a name in brackets, which may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
    const [userTicks, systemTicks] = [Number(fields[11]), Number(fields[12])];
    return {
      rssMb: megabytes("VmRSS"),
      peakRssMb: megabytes("VmHWM"),
      cpuMs: (userTicks + systemTicks) * millisecondsPerTick,
    };
  } catch {
    return { rssMb: Number.NaN, peakRssMb: Number.NaN, cpuMs: Number.NaN };
  }
}
