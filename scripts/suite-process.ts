// Promises that every test file's end is counted: each runs in a process of its own, and one that crashes in the native
// client, hangs, fails to load or exits with an error after its last test is a failure with a name, never a gap.
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { guardProcess, releaseProcess } from "../test/parts/process-guard.ts";
import { readJunitReport } from "./junit-report.ts";
import { addLanes, type LaneResult } from "./lane.ts";

export interface SuiteOptions {
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  /** A file that runs longer is killed and counted as failed. */
  readonly endsWithinMs: number;
  /** What runs a file and writes its JUnit report; default `bun test`. */
  readonly command?: (file: string, report: string) => string[];
}

/** For a single test that sets no limit of its own; Bun's 5 s are too few for a broker on a busy machine. */
const testEndsWithinMs = 30_000;

/** One after another: the machine's cores belong to the suite that runs, and to the servers it talks to. */
export async function runSuites(files: readonly string[], options: SuiteOptions): Promise<LaneResult> {
  const results: LaneResult[] = [];
  for (const file of files) results.push(await runSuite(file, options));
  return addLanes(results);
}

async function runSuite(file: string, options: SuiteOptions): Promise<LaneResult> {
  const directory = mkdtempSync(join(tmpdir(), "orderwire-test-"));
  const startedAt = performance.now();
  try {
    const end = await runBunTest(file, directory, options);
    const result = judge(file, directory, end);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    const failed = result.failures.length > 0;
    if (failed) process.stdout.write(readFileSync(join(directory, "output.log"), "utf8"));
    const counts = `${result.passed} passed${failed ? `, ${result.failures.length} failed` : ""}`;
    process.stdout.write(`${failed ? "FAIL" : "ok  "} ${file}: ${counts} (${seconds} s)\n`);
    return result;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** How the process ended, in words; `undefined` for exit code 0. */
type Ending = string | undefined;

async function runBunTest(file: string, directory: string, options: SuiteOptions): Promise<Ending> {
  // A file, not a pipe: a server that a test forgot would hold a pipe open and the run with it.
  const output = openSync(join(directory, "output.log"), "a");
  const { command = bunTest } = options;
  const child = Bun.spawn(command(file, join(directory, "junit.xml")), {
    cwd: options.root,
    env: { ...process.env, ...options.environment },
    stdin: "ignore",
    stdout: output,
    stderr: output,
    detached: true,
  });
  closeSync(output);
  guardProcess({ pid: child.pid, signal: "KILL", directory });
  let ending: Ending;
  const timer = setTimeout(() => {
    ending = `did not end within ${options.endsWithinMs / 1000} s`;
    killGroup(child.pid);
  }, options.endsWithinMs);
  await child.exited;
  clearTimeout(timer);
  // What the file left running in its group ends with it.
  killGroup(child.pid);
  releaseProcess(child.pid);
  if (ending !== undefined) return ending;
  if (child.signalCode !== null) return `died of ${child.signalCode}`;
  return child.exitCode === 0 ? undefined : `ended with exit code ${child.exitCode}`;
}

function bunTest(file: string, report: string): string[] {
  const limit = `--timeout=${testEndsWithinMs}`;
  const reporter = ["--reporter=junit", `--reporter-outfile=${report}`];
  return [process.execPath, "test", limit, ...reporter, `./${file}`];
}

function judge(file: string, directory: string, ending: Ending): LaneResult {
  const reportPath = join(directory, "junit.xml");
  const cases = existsSync(reportPath) ? readJunitReport(readFileSync(reportPath, "utf8")) : [];
  const named = (outcome: "failed" | "skipped") =>
    cases.filter((testCase) => testCase.outcome === outcome).map(({ name }) => `${file}: ${name}`);
  const failures = named("failed");
  if (failures.length === 0 && ending !== undefined) failures.push(`${file}: the process ${ending}`);
  if (cases.length === 0 && ending === undefined) failures.push(`${file}: holds no test`);
  return {
    passed: cases.filter(({ outcome }) => outcome === "passed").length,
    failures,
    skipped: named("skipped"),
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in the group.
  }
}
