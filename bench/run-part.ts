// One part in this process: servers, its cases, the result told and kept.
import { createProgressDisplay } from "../kafka/native/progress.ts";
import { missingTools } from "../test/parts/machine.ts";
import type { PartCommand } from "./read-command.ts";
import { describeMachine, describeVersions } from "./report/machine.ts";
import { describeCommit, type Result, saveResult, writeResult } from "./report/result-file.ts";
import { resultText } from "./report/result-text.ts";
import { openServers } from "./servers.ts";

/** Throws when a check of the part fails. */
export async function runPart({ part, options, told, size, save, json, into }: PartCommand): Promise<void> {
  const isServed = process.env["KAFKA_BROKERS"] !== undefined;
  const missing = isServed ? [] : missingTools();
  if (missing.length > 0) throw new Error(missing.join("\n"));
  // What is measured is what is there now, whatever is committed meanwhile.
  const commit = await describeCommit();
  const measuredAt = new Date().toISOString();
  const servers = await openServers();
  const display = createProgressDisplay(process.stderr, `Benchmark ${part.name}`);
  try {
    const machine = describeMachine();
    const cases = await part.run({ options, servers, display }).finally(() => display.end());
    const versions = await describeVersions(servers);
    const result: Result = {
      format: 1,
      part: part.name,
      measuredAt,
      ...commit,
      size,
      options: toldOptions(told),
      machine,
      versions,
      cases: [...cases],
    };
    process.stdout.write(`${json ? JSON.stringify(result, null, 2) : resultText(result)}\n`);
    if (into !== undefined) await writeResult(result, into);
    if (save) process.stderr.write(`Saved as ${await saveResult(result)}\n`);
  } finally {
    await servers.close();
  }
}

function toldOptions(options: PartCommand["told"]): Result["options"] {
  const told: Result["options"] = {};
  for (const [name, value] of Object.entries(options))
    told[name] = typeof value === "object" ? [...value] : value;
  return told;
}
