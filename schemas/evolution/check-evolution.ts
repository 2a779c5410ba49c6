// Whether a version of a schema can live beside all earlier ones: its readers read what each of them wrote (backward), and
// readers of each read what it writes (forward). Both, because during a deploy old and new services run side by side, and
// because records stay on the topics. Pure.
import { type Type } from "avsc";
import { compileType } from "../schema-catalog.ts";
import { resolutionProblems } from "./resolution-problems.ts";

export interface EarlierVersion {
  /** For people: `v1`, or `version 3 of order-events-com.ecommerce.order.Order in the registry`. */
  readonly label: string;
  readonly definition: string;
}

/** Sentences, one a problem, each with the schema, the field and what to do; empty when they can. */
export function evolutionProblems(
  fullName: string,
  definition: string,
  earlier: readonly EarlierVersion[],
): readonly string[] {
  const current = compile(definition);
  if (typeof current === "string") {
    return [`${fullName}: it is no valid Avro schema: ${current}.`];
  }
  return earlier.flatMap(({ label, definition: text }) => {
    const before = compile(text);
    if (typeof before === "string") return [`${fullName}: ${label} is no valid Avro schema: ${before}.`];
    return [
      ...sentences(fullName, `this version cannot read what ${label} wrote`, current, before),
      ...sentences(fullName, `${label} cannot read what this version writes`, before, current),
    ];
  });
}

/** Whether two texts describe the same bytes: they may differ in docs, defaults and aliases. */
export function writesTheSame(one: string, other: string): boolean {
  const [first, second] = [compile(one), compile(other)];
  return typeof first !== "string" && typeof second !== "string" && first.equals(second);
}

function sentences(fullName: string, what: string, reader: Type, writer: Type): string[] {
  return resolutionProblems(reader, writer).map(
    ({ path, message }) => `${fullName}, ${path}: ${what}: ${message}.`,
  );
}

/** The type, or why there is none. */
function compile(definition: string): Type | string {
  try {
    return compileType(JSON.parse(definition));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
