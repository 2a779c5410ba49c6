// What the files of a run directory say, as figures and findings: the account of the common stage and of each stage of a fault, the
// schedule, and what was expected of each fault. Reads files only, so it can be done again long after the run.
import { join } from "node:path";
import { checkRun, type RunCheck, sourceOf } from "./check-run.ts";
import { createFindings, describeFinding, type Finding, type Findings } from "./findings.ts";
import { readFacts, readLines, type RunFacts } from "./run-files.ts";

export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export interface MutantsCaught {
  readonly caught: number;
  readonly all: number;
  /** Names of those that were not. */
  readonly missed: readonly string[];
  /** Of those, and of what was off without any. */
  readonly findings: readonly string[];
}

export interface ChaosReport {
  readonly facts: RunFacts;
  readonly orders: RunCheck["creates"] & { readonly stored: number; readonly sagas: number };
  readonly records: number;
  /** That met work in flight, by named point, `random` and `cart`. */
  readonly kills: { readonly all: number; readonly byPoint: Readonly<Record<string, number>> };
  /** Kills that met nothing in flight: they do not count. */
  readonly killsWithoutWork: number;
  readonly leaves: number;
  readonly freezes: number;
  readonly lost: number;
  readonly doubleEffects: number;
  readonly inversions: number;
  /** Records that processes were handed although the store had them, over all processes, and the most of one. */
  readonly redelivered: { readonly all: number; readonly most: number };
  readonly deadLetters: RunCheck["deadLetters"];
  readonly faults: readonly FaultOutcome[];
  /** Milliseconds until all that was published by its end had been read, by kind of kill and fault. */
  readonly recoveryMs: Readonly<Record<string, Percentiles>>;
  /** Records, at its worst. */
  readonly worstLag: number;
  readonly mutants?: MutantsCaught;
  /** What is off; empty when all is well. */
  readonly findings: readonly string[];
}

export interface FaultOutcome {
  readonly name: string;
  readonly row: string;
  readonly bit: boolean;
  readonly held: readonly string[];
  readonly broken: readonly string[];
}

export async function checkDirectory(directory: string): Promise<ChaosReport> {
  const facts = await readFacts(directory);
  const check = await checkRun(sourceOf(directory), facts);
  const own = createFindings();
  const told = await readEvents(directory, facts, own);
  const ofStages: string[] = [];
  for (const stage of facts.stages) {
    const { findings } = await checkRun(sourceOf(join(directory, stage)), facts);
    ofStages.push(...findings.map((finding) => `${stage}: ${describeFinding(finding)}`));
  }
  const mutants = await readMutants(directory);
  const { ok, failed, unknown, unknownAndThere } = check.creates;
  const found = [...check.findings, ...own.all()];
  return {
    facts,
    orders: { ok, failed, unknown, unknownAndThere, stored: check.orders, sagas: check.sagas },
    records: check.records,
    ...told,
    lost: countOf(found, "lost"),
    doubleEffects: countOf(found, "double effect"),
    inversions: countOf(found, "inversion"),
    redelivered: await readRedelivered(directory),
    deadLetters: check.deadLetters,
    worstLag: await readWorstLag(directory),
    ...(mutants === undefined ? {} : { mutants }),
    findings: [...found.map(describeFinding), ...ofStages, ...(mutants?.findings ?? [])],
  };
}

function countOf(findings: readonly Finding[], kind: Finding["kind"]): number {
  return findings.reduce((sum, finding) => (finding.kind === kind ? sum + finding.count : sum), 0);
}

type Told = Pick<ChaosReport, "kills" | "killsWithoutWork" | "leaves" | "freezes" | "faults" | "recoveryMs">;

async function readEvents(
  directory: string,
  { kills: planned }: RunFacts,
  findings: Findings,
): Promise<Told> {
  const byPoint: Record<string, number> = {};
  const recoveries = new Map<string, number[]>();
  const faults = new Map<string, FaultOutcome>();
  let [all, killsWithoutWork, leaves, freezes] = [0, 0, 0, 0];
  for await (const { kind, what, row = "", bit, recoveredMs, expectations = [] } of readLines(
    directory,
    "events",
  )) {
    if (kind === "kill" && bit === true) {
      all += 1;
      byPoint[what] = (byPoint[what] ?? 0) + 1;
    } else if (kind === "kill") killsWithoutWork += 1;
    if (kind === "leave") leaves += 1;
    if (kind === "freeze") freezes += 1;
    if (recoveredMs !== undefined) recoveries.set(what, [...(recoveries.get(what) ?? []), recoveredMs]);
    const broken = expectations.filter(({ held }) => !held);
    for (const { what: sentence, detail = "" } of broken)
      findings.add(
        "expectation",
        kind === "fault" ? `${what}: not so: ${sentence}` : `not so: ${sentence}`,
        detail,
      );
    if (kind === "fault") {
      faults.set(what, {
        name: what,
        row,
        bit: bit === true,
        held: expectations.filter(({ held }) => held).map((expectation) => expectation.what),
        broken: broken.map((expectation) => expectation.what),
      });
    }
  }
  if (all < planned) findings.add("schedule", `${planned} kills were planned`, `${all} met work in flight`);
  for (const { name, bit } of faults.values())
    if (!bit) findings.add("schedule", "a fault met no work in flight", name);
  return {
    kills: { all, byPoint },
    killsWithoutWork,
    leaves,
    freezes,
    faults: [...faults.values()],
    recoveryMs: Object.fromEntries([...recoveries].map(([what, times]) => [what, percentilesOf(times)])),
  };
}

function percentilesOf(times: readonly number[]): Percentiles {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), max: at(1) };
}

/** Written down by mutants/tell-mutants.ts; a run of one fault has none. */
async function readMutants(directory: string): Promise<MutantsCaught | undefined> {
  const file = Bun.file(join(directory, "mutants.json"));
  if (!(await file.exists())) return undefined;
  const mutants: MutantsCaught = await file.json();
  return mutants;
}

/** A process tells its sum again and again: the last one counts. */
async function readRedelivered(directory: string): Promise<ChaosReport["redelivered"]> {
  const ofProcess = new Map<string, number>();
  for await (const { slot, process, redelivered } of readLines(directory, "redelivered"))
    ofProcess.set(`${slot}/${process}`, redelivered);
  const counts = [...ofProcess.values()];
  return { all: counts.reduce((sum, count) => sum + count, 0), most: Math.max(0, ...counts) };
}

async function readWorstLag(directory: string): Promise<number> {
  let worst = 0;
  for await (const { lag } of readLines(directory, "samples")) worst = Math.max(worst, lag);
  return worst;
}
