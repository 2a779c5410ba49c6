// `bun scripts/run-prepared.ts <program> …`: prepares a fresh clone, then becomes that program of the checkout. What
// `bun run start`, `bun run bench` and `bun run chaos` are.
import { join } from "node:path";
import { prepare } from "./prepare.ts";

const [program, ...parameters] = process.argv.slice(2);
if (program === undefined) {
  process.stderr.write("Which program? bun scripts/run-prepared.ts <program> …\n");
  process.exit(1);
}
try {
  await prepare();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
// Not an import: this process has looked for node_modules before they were there, and Bun remembers what it did not find.
process.execve?.(
  process.execPath,
  [process.execPath, join(import.meta.dirname, "..", program), ...parameters],
  process.env,
);
