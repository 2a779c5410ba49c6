// `bun run parts`: Kafka, the registry and PostgreSQL on this machine until Ctrl-C, for trying things by hand.
import { missingTools } from "./machine.ts";
import { startParts } from "./parts.ts";

const missing = missingTools();
if (missing.length > 0) {
  process.stderr.write(`${missing.join("\n")}\n`);
  process.exit(1);
}

const startedAt = performance.now();
const parts = await startParts();
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
const variables = Object.entries(parts.environment).map(([name, value]) => `export ${name}=${value}`);
process.stdout.write(`${variables.join("\n")}\n`);
process.stderr.write(`All three are up after ${seconds} s. Ctrl-C stops them and removes their data.\n`);

await new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve());
  // Without a listener on something alive the process would end here.
  setInterval(() => {}, 60_000);
});
await parts.close();
process.exit(0);
