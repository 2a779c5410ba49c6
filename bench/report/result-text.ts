// A result for a terminal: its table, what it says about the targets, and on what it was measured.
import { partTables, tableOf } from "./part-tables.ts";
import type { Result } from "./result-file.ts";
import { targetLines } from "./targets.ts";

export function resultText(result: Result): string {
  const { part, size, measuredAt, commit, uncommittedChanges, options, machine, versions } = result;
  const { cpu, cores, memoryGb, load, platform, kernel } = machine;
  const set = Object.entries(options).map(([name, value]) => `${name} ${String(value) || "all"}`);
  const sentences = targetLines(result);
  return [
    tableOf(result),
    "",
    ...(sentences.length === 0 ? [] : [...sentences, ""]),
    `${partTables[part].note}.`,
    `${part}, ${size} size: ${set.join(", ")}. Medians of the rounds; shares are taken within a round.`,
    `${cpu}, ${cores} cores for clients and servers together, ${memoryGb} GB, load ${load.toFixed(1)} at the start, ${platform}, kernel ${kernel}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(", "),
    `Measured at ${measuredAt}, commit ${commit}${uncommittedChanges ? " with uncommitted changes" : ""}`,
  ].join("\n");
}
