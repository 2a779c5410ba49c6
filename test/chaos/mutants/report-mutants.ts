// The mutants as people read them: by whom each was caught, after how much, and by which sentence of the checker.
import type { Detection, MutantsReport, MutantVerdict } from "./run-mutants.ts";

const widest = 110;

/** Sentences; empty when every mutant was caught and nothing was off without one. */
export function failuresOf({ verdicts, missed, unsound }: MutantsReport): readonly string[] {
  return [...missed.map((name) => `mutant ${name} survived: ${breaksOf(verdicts, name)}`), ...unsound];
}

export function mutantsText(report: MutantsReport): string {
  const { verdicts, caught, all } = report;
  const width = Math.max(6, ...verdicts.map(({ mutant }) => mutant.name.length));
  const lines = [
    `${"mutant".padEnd(width)}  by         after      with the words`,
    ...verdicts.flatMap((verdict) => rowsOf(verdict, width)),
    "",
    `mutants caught ${caught} of ${all}`,
    ...failuresOf(report).map((sentence) => `FAILED ${sentence}`),
  ];
  return `${lines.join("\n")}\n`;
}

function rowsOf({ mutant, simulator, real }: MutantVerdict, width: number): readonly string[] {
  const detections: readonly (readonly [by: string, detection: Detection | undefined])[] = [
    ["simulator", simulator],
    ["real run", real],
  ];
  return detections
    .filter(([, detection]) => detection !== undefined)
    .map(([by, detection], index) => {
      const name = index === 0 ? mutant.name : "";
      const words = detection?.caught === true ? detection.sentence : "NOTHING: it survived";
      const short = words.length > widest ? `${words.slice(0, widest)}…` : words;
      return `${name.padEnd(width)}  ${by.padEnd(9)}  ${(detection?.after ?? "").padEnd(9)}  ${short}`;
    });
}

function breaksOf(verdicts: readonly MutantVerdict[], name: string): string {
  return verdicts.find(({ mutant }) => mutant.name === name)?.mutant.breaks ?? "";
}
