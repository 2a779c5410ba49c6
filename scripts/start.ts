// `bun run start`: prepares a fresh clone, then serves cart and order in one process.
import { prepare } from "./prepare.ts";

try {
  await prepare();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
const { main } = await import("../main.ts");
await main();
