// Reads the Dockerfile and .dockerignore, as far as ours go: what they say is what the test does by hand, so that neither
// can say something else than what was tried. Anything they say that is not understood here is an error.
import { Glob } from "bun";

export interface Instruction {
  readonly word: string;
  readonly rest: string;
}

export interface Stage {
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

export function readDockerfile(text: string): readonly Stage[] {
  const lines = text
    .replaceAll(/^#.*\n/gm, "")
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const stages: { from: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [word = "", ...rest] = line.split(/\s+/);
    if (word === "FROM") stages.push({ from: rest[0] ?? "", instructions: [] });
    else stages.at(-1)?.instructions.push({ word, rest: rest.join(" ") });
  }
  return stages;
}

/** Whether a file is sent to the build: the last line that matches it or a folder above it decides. */
export function readDockerignore(text: string): (file: string) => boolean {
  const rules = text
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const admits = line.startsWith("!");
      const pattern = admits ? line.slice(1) : line;
      return { admits, globs: [new Glob(pattern), new Glob(`${pattern}/**`)] };
    });
  return (file) => rules.findLast(({ globs }) => globs.some((glob) => glob.match(file)))?.admits ?? true;
}

/** The words of `["a", "b"]`. */
export function readWords(json: string): readonly string[] {
  const words: unknown = JSON.parse(json);
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) {
    throw new Error(`${json} is no list of words`);
  }
  return words;
}
