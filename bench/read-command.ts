// What the command line asks of the benchmark, or what is wrong with it and how it is to be written.
import { parseArgs } from "node:util";
import { z } from "zod";
import type { BenchPart, PartOptions } from "./bench-part.ts";
import { benchParts } from "./bench-parts.ts";
import type { Result } from "./report/result-file.ts";

export interface RunCommand {
  /** `own`: a part with other options than those of its full size. */
  readonly size: Result["size"];
  /** Whether the result is kept in bench/results. */
  readonly save: boolean;
}

export interface PartCommand extends RunCommand {
  readonly kind: "part";
  readonly part: BenchPart;
  readonly options: PartOptions;
  /** Those that the part has, for the result. */
  readonly told: Partial<PartOptions>;
  /** The result as JSON instead of a table. */
  readonly json: boolean;
  /** Where the result is written as well. */
  readonly into: string | undefined;
}

export interface AllCommand extends RunCommand {
  readonly kind: "all";
}

export type Command =
  | PartCommand
  | AllCommand
  | { readonly kind: "show"; readonly file: string }
  | { readonly kind: "readme" }
  | { readonly kind: "usage"; readonly lines: readonly string[] };

const count = z.coerce.number<string>("a number").int().positive();
const list = z
  .string()
  .transform((text) => text.split(","))
  .pipe(z.array(z.coerce.number<string>().int().nonnegative()).min(1));
const optionsSchema = z.object({
  rounds: count,
  seconds: count,
  warm: count,
  events: count,
  orders: list,
  letters: list,
  connections: list,
  rates: list,
  only: z.string(),
  store: z.enum(["postgres", "sqlite", "both"]),
  kill: z.boolean(),
});
const nothing: PartOptions = {
  rounds: 1,
  seconds: 1,
  warm: 1,
  events: 1,
  orders: [],
  letters: [],
  connections: [],
  rates: [],
  only: "",
  store: "both",
  kill: false,
};
const text = { type: "string" } as const;
const flag = { type: "boolean" } as const;
const flags = {
  rounds: text,
  seconds: text,
  warm: text,
  events: text,
  orders: text,
  letters: text,
  connections: text,
  rates: text,
  only: text,
  store: text,
  kill: flag,
  quick: flag,
  save: flag,
  json: flag,
  into: text,
} as const;

export function readCommand(words: readonly string[]): Command {
  const args = words[0] === "--" ? words.slice(1) : [...words];
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: flags });
    const { quick = false, save = false, json = false, into, ...given } = values;
    const run: RunCommand = { size: quick ? "quick" : "full", save };
    const [name, file, ...more] = positionals;
    if (more.length > 0 || (file !== undefined && name !== "show")) return usage();
    if (name === "show") return file === undefined ? usage() : { kind: "show", file };
    if (name === "readme") return { kind: "readme" };
    if (name === undefined) {
      const [other] = Object.keys({ ...given, ...(json ? { json } : {}) });
      return other === undefined
        ? { kind: "all", ...run }
        : usage(`--${other} belongs to a part: name the part.`);
    }
    const part = benchParts.find((one) => one.name === name);
    if (part === undefined) return usage(`There is no part ${name}.`);
    const own = { ...part.full, ...(quick ? part.quick : {}) };
    const foreign = Object.keys(given).find((option) => !(option in own));
    if (foreign !== undefined) return usage(`${name} has no --${foreign}.`);
    const read = optionsSchema.partial().safeParse(given);
    if (!read.success) return usage(z.prettifyError(read.error));
    const told = { ...own, ...defined(read.data) };
    const size = quick || isAsLarge(told, own) ? run.size : "own";
    return { kind: "part", size, save, part, options: { ...nothing, ...told }, told, json, into };
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

/** More rounds are no other size. */
function isAsLarge(told: Partial<PartOptions>, own: Partial<PartOptions>): boolean {
  const { rounds: toldRounds = 1, ...toldRest } = told;
  const { rounds = 1, ...rest } = own;
  return toldRounds >= rounds && Bun.deepEquals(toldRest, rest);
}

function usage(...problems: readonly string[]): Command {
  const parts = benchParts.map((part) => {
    const options = Object.entries(part.full).map(([name, value]) =>
      typeof value === "boolean" ? `[--${name}]` : `[--${name} ${String(value) || "<text>"}]`,
    );
    return `bun run bench -- ${part.name} ${options.join(" ")} [--quick] [--save] [--json]`;
  });
  return {
    kind: "usage",
    lines: [
      ...problems,
      "bun run bench [-- --quick] [--save]",
      ...parts,
      "bun run bench -- show bench/results/<file>.json",
      "bun run bench -- readme",
    ],
  };
}

/** Without what is undefined. */
function defined(options: { readonly [Name in keyof PartOptions]?: PartOptions[Name] | undefined }) {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  // Of the same names and types.
  return Object.fromEntries(entries) satisfies Partial<PartOptions>;
}
