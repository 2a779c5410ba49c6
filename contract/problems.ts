// Turns what zod finds wrong into lines that a person can act on: one line a problem, naming the field, the rule
// and what came instead. Both the dialects and tRPC validate through here, so both speak the same sentences.
import type { z } from "zod";
import { invalidRequest, type ContractFailure } from "./errors.ts";
import { failed, success, type Result } from "./result.ts";

/** What a reader calls the parts of the input. */
export type InputKind = "body" | "query" | "path";

/** More lines help nobody, and a body of 64 KB can have 10,000 unknown fields. */
const maxProblems = 20;
const maxNameLength = 64;

const typeNames: Readonly<Record<string, string>> = {
  int: "an integer",
  number: "a number",
  string: "a string",
  boolean: "a boolean",
  object: "a JSON object",
  array: "an array",
  void: "absent",
};

/** Validates once; strict schemas only. Lines that a schema words itself are kept as they are. */
export function readInput<Output, Input>(
  schema: z.ZodType<Output, Input>,
  value: unknown,
  kind: InputKind,
): Result<Output, ContractFailure> {
  const parsed = schema.safeParse(value, { error: (issue) => wordIssue(issue, kind) });
  if (parsed.success) return success(parsed.data);
  const lines = withoutEngineLimits(parsed.error.issues).flatMap((issue) => linesOf(issue, kind));
  return failed(invalidRequest(bounded(lines)));
}

function wordIssue(issue: z.core.$ZodRawIssue, kind: InputKind): string {
  const path = issue.path ?? [];
  if (issue.code === "invalid_type") return wordType(issue, path, kind);
  const name = quoted(path.join("."));
  if (issue.code === "too_small") return `Field ${name} must be at least ${issue.minimum}`;
  if (issue.code === "too_big") return `Field ${name} must be at most ${issue.maximum}`;
  if (issue.code === "invalid_value") {
    return `Field ${name} must be one of ${issue.values.map(String).join(", ")}`;
  }
  return path.length === 0 ? `The ${kind} is not valid` : `Field ${name} is not valid`;
}

function wordType(
  issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>,
  path: readonly PropertyKey[],
  kind: InputKind,
): string {
  const mismatch = `must be ${typeName(issue)}, received ${received(issue.input)}`;
  if (path.length === 0) return `Type error: The ${kind} ${mismatch}`;
  const name = quoted(path.join("."));
  if (issue.input === undefined) return `Missing required ${partOf(kind)}: ${name}`;
  return `Type error: Field ${name} ${mismatch}`;
}

/** zod reports all unknown keys as one issue; people get a line for each. */
function linesOf(issue: z.core.$ZodIssue, kind: InputKind): string[] {
  if (issue.code !== "unrecognized_keys") return [issue.message];
  const keys = issue.keys.slice(0, maxProblems + 1);
  return keys.map((key) => `Unknown ${partOf(kind)}: ${quoted(key)}`);
}

/** A number beyond 2^53 also breaks the field's own limit, which is the one worth telling. */
function withoutEngineLimits(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.filter(
    (issue) =>
      !("origin" in issue && issue.origin === "int") ||
      !issues.some((other) => other !== issue && other.path.join() === issue.path.join()),
  );
}

function bounded(lines: readonly string[]): string[] {
  const distinct = [...new Set(lines)];
  if (distinct.length <= maxProblems) return distinct;
  return [...distinct.slice(0, maxProblems), "There are more problems than are listed here"];
}

function partOf(kind: InputKind): string {
  return kind === "body" ? "field" : "parameter";
}

/** A name the client chose, shortened and escaped: it may hold anything JSON can. */
function quoted(name: string): string {
  const shown = name.length > maxNameLength ? `${name.slice(0, maxNameLength)}…` : name;
  return `'${JSON.stringify(shown).slice(1, -1)}'`;
}

/** An integer field that got no number at all is still called an integer: zod checks the number first. */
function typeName(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidType>): string {
  const wantsInteger = issue.expected === "number" && isIntegerSchema(issue.inst);
  const expected = wantsInteger ? "int" : issue.expected;
  return typeNames[expected] ?? `a ${expected}`;
}

function isIntegerSchema(inst: z.core.$ZodRawIssue["inst"]): boolean {
  const definition = inst?._zod.def;
  return definition !== undefined && "format" in definition && definition.format === "safeint";
}

function received(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  if (typeof value !== "number") return `a ${typeof value}`;
  return Number.isFinite(value) ? `the number ${value}` : "a number that is too large";
}
