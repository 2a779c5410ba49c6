// A benchmark's result: what was measured, by which commit, on what, with every raw value. The same form for every part, so
// that one program prints, judges and draws them all. Kept in bench/results under the part's name, the day and the commit.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { runToEnd } from "../../test/parts/run-to-end.ts";

export const partNames = ["create", "latency", "consume", "saga", "replay", "dlq", "growth"] as const;
export type PartName = (typeof partNames)[number];

const caseSchema = z.strictObject({
  /** What the case is compared within, `64 connections` for one; empty where all are compared. */
  group: z.string(),
  name: z.string(),
  /** Each round's figures by name, the unit last; what is not known is absent. */
  rounds: z.array(z.record(z.string(), z.number())).min(1),
  /** What grew during the last round, memory at every tenth of the events for one. */
  series: z.record(z.string(), z.array(z.number())).exactOptional(),
});

const resultSchema = z.strictObject({
  format: z.literal(1),
  part: z.enum(partNames),
  measuredAt: z.iso.datetime(),
  commit: z.string(),
  uncommittedChanges: z.boolean(),
  /** `quick` is for a look: nothing quotes it; `own`: options were given, and it is quoted where there is no full one. */
  size: z.enum(["full", "own", "quick"]),
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.number())])),
  machine: z.strictObject({
    cpu: z.string(),
    cores: z.number(),
    memoryGb: z.number(),
    /** Of the last minute: other work on the machine slows every case. */
    load: z.number(),
    platform: z.string(),
    kernel: z.string(),
  }),
  /** Of what was measured and of what it was measured on and beside. */
  versions: z.record(z.string(), z.string()),
  cases: z.array(caseSchema).min(1),
});

export type Result = z.infer<typeof resultSchema>;
export type MeasuredCase = z.infer<typeof caseSchema>;
export type Figures = MeasuredCase["rounds"][number];

export const checkout = join(import.meta.dirname, "..", "..");
const folder = join("bench", "results");

/** Throws a sentence that names the file when it is no result. */
export async function readResult(path: string): Promise<Result> {
  const text = await Bun.file(path).text();
  const read = resultSchema.safeParse(toJson(text, path));
  if (!read.success) throw new Error(`${path} is no benchmark's result:\n${z.prettifyError(read.error)}`);
  return read.data;
}

function toJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${path} is no JSON: ${String(error)}`, { cause: error });
  }
}

/** The file's path from the checkout. */
export async function saveResult(result: Result): Promise<string> {
  const file = join(folder, `${result.part}-${result.measuredAt.slice(0, 10)}-${result.commit}.json`);
  await writeResult(result, join(checkout, file));
  return file;
}

export async function writeResult(result: Result, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await Bun.write(path, `${JSON.stringify(resultSchema.parse(result), null, 2)}\n`);
}

/** The kept result of each part that is quoted: the newest of full size, or else the newest that is not quick. */
export async function quotedResults(): Promise<ReadonlyMap<PartName, Result>> {
  const quoted = new Map<PartName, Result>();
  for await (const file of new Bun.Glob("*.json").scan(join(checkout, folder))) {
    const result = await readResult(join(checkout, folder, file));
    if (result.size !== "quick" && isPreferred(result, quoted.get(result.part)))
      quoted.set(result.part, result);
  }
  return quoted;
}

export function isPreferred(
  result: Pick<Result, "size" | "measuredAt">,
  other: Pick<Result, "size" | "measuredAt"> | undefined,
): boolean {
  if (other === undefined) return true;
  if (result.size !== other.size) return result.size === "full";
  return result.measuredAt > other.measuredAt;
}

/** What is checked out. */
export async function describeCommit(): Promise<Pick<Result, "commit" | "uncommittedChanges">> {
  const git = (...words: string[]) => runToEnd(["git", ...words], { cwd: checkout });
  const commit = (await git("rev-parse", "--short=10", "HEAD")).trim();
  const changed = await git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results");
  return { commit, uncommittedChanges: changed !== "" };
}
