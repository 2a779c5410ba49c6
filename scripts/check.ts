// One gate: types, lint with layering and floating promises, format, unused code, evolution of the schemas. Runs them side by side and
// prints only what failed; exit code 1 when any did.
const gates: Record<string, readonly string[]> = {
  types: tool("tsc", "--noEmit"),
  "types of the console": tool("tsc", "--noEmit", "--project", "console/app"),
  lint: tool("oxlint", "--type-aware", "--deny-warnings"),
  format: tool("oxfmt", "--check", "."),
  unused: tool("knip-bun", "--no-progress"),
  schemas: ["scripts/schemas.ts", "check"],
};

/** A program of node_modules, and nothing from elsewhere. */
function tool(...command: readonly string[]): readonly string[] {
  return ["x", "--no-install", ...command];
}

export interface GateResult {
  readonly name: string;
  readonly passed: boolean;
}

/** All gates, or those that `only` names. */
export async function runGates(only: readonly string[] = []): Promise<readonly GateResult[]> {
  const startedAt = performance.now();
  const chosen = Object.entries(gates).filter(([name]) => only.length === 0 || only.includes(name));
  const results = await Promise.all(
    chosen.map(async ([name, command]) => {
      const child = Bun.spawn([process.execPath, ...command], {
        cwd: `${import.meta.dirname}/..`,
        stdout: "pipe",
        stderr: "pipe",
      });
      const [out, err, exitCode] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { name, output: out + err, passed: exitCode === 0 };
    }),
  );
  for (const { name, output, passed } of results) {
    process.stdout.write(`${passed ? "ok  " : "FAIL"} ${name}\n`);
    if (!passed) process.stdout.write(output);
  }
  process.stdout.write(`check took ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
  return results;
}

if (import.meta.main) {
  const results = await runGates(process.argv.slice(2));
  process.exitCode = results.every(({ passed }) => passed) ? 0 : 1;
}
