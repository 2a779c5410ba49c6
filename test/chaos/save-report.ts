// Keeps the report of a run in the repository, by tier, day and commit.
import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import type { ChaosReport } from "./check-directory.ts";

export const keptFolder = join(import.meta.dirname, "results");

/** The path of the file, from the repository's root. */
export async function saveReport(report: ChaosReport): Promise<string> {
  const { tier, startedAt, commit } = report.facts;
  mkdirSync(keptFolder, { recursive: true });
  const path = join(keptFolder, `${tier}-${startedAt.slice(0, 10)}-${commit}.json`);
  const kept = { ...report, findings: report.findings.map(inOneLine) };
  await Bun.write(path, `${JSON.stringify(kept, null, 2)}\n`);
  return relative(join(import.meta.dirname, "..", ".."), path);
}

const longestLine = 240;

/** What a process logged stays with the files of the run. */
function inOneLine(finding: string): string {
  const [line = ""] = finding.split("\n");
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
}
