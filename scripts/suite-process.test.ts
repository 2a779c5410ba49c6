// Real `bun test` processes on small files: every way in which one can end badly must be counted.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSuites } from "./suite-process.ts";
import type { LaneResult } from "./lane.ts";

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "orderwire-suites-"));
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

function run(body: string, endsWithinMs = 20_000): Promise<LaneResult> {
  writeFileSync(join(root, "a.test.ts"), `import { expect, test } from "bun:test";\n${body}\n`);
  return runSuites(["a.test.ts"], { root, environment: { FROM_RUNNER: "yes" }, endsWithinMs });
}

describe("runSuites", () => {
  test("counts passed, failed and skipped cases by name and hands over the environment", async () => {
    const body = `
      test("good", () => { expect(process.env.FROM_RUNNER).toBe("yes"); });
      test("bad", () => { expect(1).toBe(2); });
      test.skip("left", () => {});`;
    expect(await run(body)).toEqual({
      passed: 1,
      failures: ["a.test.ts: bad"],
      skipped: ["a.test.ts: left"],
    });
  });

  test("a process that dies of a signal is a failure", async () => {
    const { failures } = await run(`test("x", () => { process.kill(process.pid, "SIGSEGV"); });`);
    expect(failures).toHaveLength(1);
    expect(failures[0]).toContain("a.test.ts: the process");
  });

  test("a crash after the last test is a failure", async () => {
    const { failures } = await run(`
      import { afterAll } from "bun:test";
      test("x", () => {});
      afterAll(() => { process.kill(process.pid, "SIGKILL"); });`);
    expect(failures).toEqual(["a.test.ts: the process died of SIGKILL"]);
  });

  test("an error exit after every test passed is a failure", async () => {
    expect(await run(`test("x", () => { process.exitCode = 3; });`)).toEqual({
      passed: 1,
      failures: ["a.test.ts: the process ended with exit code 3"],
      skipped: [],
    });
  });

  test("a file that does not load is a failure", async () => {
    expect((await run(`throw new Error("load");`)).failures).toEqual([
      "a.test.ts: the process ended with exit code 1",
    ]);
  });

  test("a file without a test is a failure", async () => {
    expect((await run("")).failures).toHaveLength(1);
  });

  test("a file that hangs is killed at its deadline and is a failure", async () => {
    const { failures } = await run(`test("x", () => { for (;;); });`, 400);
    expect(failures).toEqual(["a.test.ts: the process did not end within 0.4 s"]);
  });

  test("a server that the file left running does not hold the run", async () => {
    const { passed, failures } = await run(
      `test("x", () => { Bun.spawn(["sleep", "60"], { stdio: ["ignore", "inherit", "inherit"] }).unref(); });`,
    );
    expect({ passed, failures }).toEqual({ passed: 1, failures: [] });
  }, 15_000);
});
