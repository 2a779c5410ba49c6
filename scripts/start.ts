// `bun run start`: prepares a fresh clone, then becomes the process that serves cart and order.
import { join } from "node:path";
import { prepare } from "./prepare.ts";

try {
  await prepare();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
// Not an import: this process has looked for node_modules before they were there, and Bun remembers what it did not find.
process.execve?.(
  process.execPath,
  [process.execPath, join(import.meta.dirname, "..", "main.ts")],
  process.env,
);
