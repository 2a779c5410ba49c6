// Promises that a helper program ran to its end with exit code 0; otherwise an error that carries what it printed.

export interface RunOptions {
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly cwd?: string;
  /** Beside this process's own variables. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Resolves with what the program wrote to its standard output. */
export async function runToEnd(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = Bun.spawn([...command], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: { ...process.env, ...options.env } }),
    ...options.user,
  });
  const [out, err, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (exitCode === 0) return out;
  const printed = `${out}${err}`.trimEnd().split("\n").slice(-30).join("\n");
  throw new Error(`${command[0] ?? "(empty command)"} ended with exit code ${exitCode}:\n${printed}`);
}
