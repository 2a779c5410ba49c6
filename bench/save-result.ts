// A benchmark's raw values, kept in bench/results under the part's name, the day and the commit they were measured at.
import { join } from "node:path";
import { runToEnd } from "../test/parts/run-to-end.ts";

/** The file's path from the checkout. */
export async function saveResult(part: string, result: object, now = new Date()): Promise<string> {
  const checkout = join(import.meta.dirname, "..");
  const commit = (await runToEnd(["git", "rev-parse", "--short=10", "HEAD"], { cwd: checkout })).trim();
  const changed = await runToEnd(["git", "status", "--porcelain", "--untracked-files=no"], { cwd: checkout });
  const file = join("bench", "results", `${part}-${now.toISOString().slice(0, 10)}-${commit}.json`);
  const told = { part, measuredAt: now.toISOString(), commit, uncommittedChanges: changed !== "", ...result };
  await Bun.write(join(checkout, file), `${JSON.stringify(told, null, 2)}\n`);
  return file;
}
