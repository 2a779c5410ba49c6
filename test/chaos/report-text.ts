// The report of a run as people read it.
import type { ChaosReport } from "./check-directory.ts";

export function reportText(report: ChaosReport): string {
  const { facts, orders, kills, deadLetters, redelivered, mutants } = report;
  const lines = [
    ["run", `${facts.tier}, seed ${facts.seed}, ${number(facts.elapsedMs / 1000)} s, commit ${facts.commit}`],
    [
      "orders",
      `${number(orders.ok)} ok, ${number(orders.failed)} fail, ${number(orders.unknown)} unknown (${number(orders.unknownAndThere)} of them were taken); ${number(orders.stored)} stored, ${number(orders.sagas)} of system C; ${number(report.records)} records`,
    ],
    [
      "kills",
      `${kills.all}: ${counts(kills.byPoint)}; ${report.leaves} orderly leaves, ${report.freezes} freezes`,
    ],
    ["lost", number(report.lost)],
    ["double effects", number(report.doubleEffects)],
    ["inversions", number(report.inversions)],
    [
      "redelivered",
      `${number(redelivered.all)} records over all restarts, at most ${number(redelivered.most)} to one process; without effect`,
    ],
    [
      "dead letters",
      `${number(deadLetters.exact)} of ${number(deadLetters.expected)} exact (one letter, its reason, its bytes); ${number(deadLetters.copies)} copies on the topic`,
    ],
    ["worst lag", `${number(report.worstLag)} records`],
    ...(mutants === undefined
      ? []
      : [
          [
            "mutants",
            `${mutants.caught} of ${mutants.all} caught${mutants.missed.length === 0 ? "" : `; not: ${mutants.missed.join(", ")}`}`,
          ],
        ]),
    ["machine", facts.machine],
    [
      "versions",
      Object.entries(facts.versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(", "),
    ],
  ].map(([name = "", value = ""]) => `${name.padEnd(15)} ${value}`);
  return [...lines, ...recoveries(report), ...faults(report), "", ...verdict(report), ""].join("\n");
}

function recoveries({ recoveryMs }: ChaosReport): readonly string[] {
  const rows = Object.entries(recoveryMs).toSorted(([left], [right]) => left.localeCompare(right));
  if (rows.length === 0) return [];
  return [
    "",
    "recovery after                          times    p50 ms    p95 ms    max ms",
    ...rows.map(
      ([what, { count, p50, p95, max }]) =>
        `  ${what.padEnd(36)}${[count, p50, p95, max].map((value) => number(value).padStart(7)).join("   ")}`,
    ),
  ];
}

function faults({ faults: outcomes }: ChaosReport): readonly string[] {
  if (outcomes.length === 0) return [];
  return [
    "",
    "fault                                 row",
    ...outcomes.map(({ name, row, bit, held, broken }) => {
      const all = held.length + broken.length;
      return `  ${name.padEnd(36)}${row}: ${bit ? "" : "did not bite, "}${held.length} of ${all} expectations held`;
    }),
  ];
}

function verdict({ findings }: ChaosReport): readonly string[] {
  return findings.length === 0
    ? ["All is well: every record has exactly one end, and every client was told what is so."]
    : findings.map((finding) => `FAILED ${finding}`);
}

function counts(byName: Readonly<Record<string, number>>): string {
  return Object.entries(byName)
    .toSorted(([, left], [, right]) => right - left)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

function number(value: number): string {
  return Math.round(value).toLocaleString("en");
}
