// What the READMEs say of the release run: made from the newest kept one and from nothing else.
import { join } from "node:path";
import { withSection } from "../../scripts/marked-section.ts";
import type { ChaosReport } from "./check-directory.ts";
import { reportText } from "./report-text.ts";
import { keptFolder } from "./save-report.ts";

const checkout = join(import.meta.dirname, "..", "..");
const section = "chaos";

/** Every file with such a section, by its path from the checkout, as it should be. */
export async function wantedKeptReports(): Promise<ReadonlyMap<string, string>> {
  const report = await readNewest();
  const texts = { "README.md": summary(report), "test/chaos/README.md": whole(report) };
  const wanted = Object.entries(texts).map(async ([file, text]) => {
    return [file, withSection(await Bun.file(join(checkout, file)).text(), section, text)] as const;
  });
  return new Map(await Promise.all(wanted));
}

/** The files that were written. */
export async function writeKeptReports(): Promise<readonly string[]> {
  const wanted = await wantedKeptReports();
  for (const [file, text] of wanted) await Bun.write(join(checkout, file), text);
  return [...wanted.keys()];
}

async function readNewest(): Promise<ChaosReport> {
  let newest: ChaosReport | undefined;
  for await (const file of new Bun.Glob("release-*.json").scan(keptFolder)) {
    const report: ChaosReport = await Bun.file(join(keptFolder, file)).json();
    if (newest === undefined || report.facts.startedAt > newest.facts.startedAt) newest = report;
  }
  if (newest === undefined) throw new Error("No release run is kept: bun run chaos -- --tier release --save");
  return newest;
}

function whole(report: ChaosReport): string {
  return ["```text", reportText(report).trimEnd(), "```"].join("\n");
}

function summary(report: ChaosReport): string {
  const { facts, orders, kills, faults, deadLetters, redelivered, mutants } = report;
  const rows = [
    ["Orders that cart acknowledged", count(orders.ok)],
    ["Orders of system C", count(orders.sagas)],
    [
      "Records of order's topics, beside faults' own stages",
      `${count(report.records)}, at worst ${count(report.worstLag)} behind`,
    ],
    [
      "Kills that met work in flight",
      `${count(kills.all)}, at each of ${Object.keys(kills.byPoint).length} points`,
    ],
    ["Faults of servers, clients and records", count(faults.length)],
    [
      "Lost, doubled, out of order",
      `${count(report.lost)}, ${count(report.doubleEffects)}, ${count(report.inversions)}`,
    ],
    ["Read again although it was stored", `${count(redelivered.all)}, without effect`],
    ["Dead letters that are exact", `${count(deadLetters.exact)} of ${count(deadLetters.expected)}`],
    ...(mutants === undefined
      ? []
      : [
          ["Defects put in on purpose that were caught", `${count(mutants.caught)} of ${count(mutants.all)}`],
        ]),
    ["Findings", count(report.findings.length)],
  ];
  const versions = Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`);
  return [
    "| One release run | |",
    "| --- | --- |",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
    "",
    `Seed ${facts.seed}, commit ${facts.commit}, ${facts.startedAt.slice(0, 10)}, ${count(facts.elapsedMs / 60_000)} minutes; ${facts.machine}; ${versions.join(", ")}.`,
  ].join("\n");
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}
