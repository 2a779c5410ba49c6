// What READMEs say of the benchmarks, between their markers, and the charts beside it: all of it from the newest kept results
// and nothing else, so that a figure there is always one that was measured.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { withSection } from "../../scripts/marked-section.ts";
import { capacityParts, capacityRows } from "./capacity.ts";
import { rowsOf, partTables } from "./part-tables.ts";
import { plotsOf } from "./plots.ts";
import { checkout, quotedResults, partNames, type PartName, type Result } from "./result-file.ts";
import { toMarkdown } from "./table.ts";
import { type Judgement, judge, quantity } from "./targets.ts";

type Results = ReadonlyMap<PartName, Result>;

/** Every file that is made from results, by its path from the checkout, as it should be. */
export async function wantedReports(): Promise<ReadonlyMap<string, string>> {
  const results = await quotedResults();
  const plots = inOrder(results).flatMap((result) => [...plotsOf(result)]);
  return new Map([
    ["README.md", await withFigures("README.md", claims(results))],
    ["bench/README.md", await withFigures("bench/README.md", figures(results))],
    ["docs/scaling.md", await withFigures("docs/scaling.md", capacity(results))],
    ...plots.map(([file, svg]) => [`bench/plots/${file}`, svg] as const),
  ]);
}

/** A line for each file. */
export async function writeReports(): Promise<readonly string[]> {
  mkdirSync(join(checkout, "bench", "plots"), { recursive: true });
  const wanted = await wantedReports();
  for (const [file, text] of wanted) await Bun.write(join(checkout, file), text);
  return [...wanted.keys()].map((file) => `Wrote ${file}`);
}

async function withFigures(file: string, text: string): Promise<string> {
  return withSection(await Bun.file(join(checkout, file)).text(), "bench", text);
}

/** For the first README: each target beside what was measured. */
export function claims(results: Results): string {
  const all = inOrder(results);
  if (all.length === 0) return "Nothing has been measured yet: `bun run bench -- --save`.";
  const rows = all.flatMap((result) => judge(result).filter(({ verdict }) => verdict !== "not measured"));
  const table = toMarkdown([["What", "Measured", "Target", ""], ...rows.map(claimRow)]);
  const plots = all.flatMap((result) => [...plotsOf(result).keys()]).map((file) => plot(file, "bench/plots"));
  return [table, "", ...provenance(all).map((line) => `${line}  `), "", ...plots].join("\n");
}

function claimRow({ target, value, verdict }: Judgement): readonly string[] {
  const { what, sense, limit, unit } = target;
  const measured = value === undefined ? "" : quantity(value, unit);
  return [what, measured, `${sense} ${quantity(limit, unit)}`, verdict];
}

/** For bench's own: each part's whole table. */
export function figures(results: Results): string {
  return inOrder(results)
    .flatMap((result) => {
      const { part, cases } = result;
      const plots = [...plotsOf(result).keys()].map((file) => plot(file, "plots"));
      return [
        `### ${part}`,
        "",
        toMarkdown(rowsOf(part, cases)),
        "",
        `${partTables[part].note}. ${provenance([result]).join(" ")}`,
        "",
        ...plots.flatMap((image) => [image, ""]),
      ];
    })
    .join("\n")
    .trimEnd();
}

/** For docs/scaling.md: what one process of each kind takes. */
function capacity(results: Results): string {
  const parts = inOrder(results).filter(({ part }) => capacityParts.has(part));
  const table = toMarkdown([["One process here", "Took", "By"], ...capacityRows(results)]);
  return [table, "", ...provenance(parts).map((line) => `${line}  `)].join("\n");
}

function plot(file: string, folder: string): string {
  return `![${file.replace(".svg", "")}](${folder}/${file})`;
}

/** A sentence for each machine and commit, with the parts that were measured on it. */
function provenance(results: readonly Result[]): readonly string[] {
  const bySource = new Map<string, PartName[]>();
  for (const { part, measuredAt, commit, uncommittedChanges, machine, versions } of results) {
    const { cpu, cores, memoryGb, kernel } = machine;
    const made = Object.entries(versions)
      .filter(([name]) => !name.startsWith("Python's "))
      .map(([name, version]) => `${name} ${version}`);
    const at = `commit ${commit}${uncommittedChanges ? " with uncommitted changes" : ""} on ${measuredAt.slice(0, 10)}`;
    const source = `${at}, ${cpu}, ${cores} cores for clients and servers together, ${memoryGb} GB, kernel ${kernel}; ${made.join(", ")}.`;
    bySource.set(source, [...(bySource.get(source) ?? []), part]);
  }
  return [...bySource].map(([source, parts]) => `Measured (${parts.join(", ")}): ${source}`);
}

function inOrder(results: Results): readonly Result[] {
  return partNames.flatMap((name) => results.get(name) ?? []);
}
