// An OpenAPI document as tests read it: its operations, the schema of an answer with every reference in its place.
import { z } from "zod";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [name: string]: Json };

export interface Operation {
  readonly path: string;
  readonly method: string;
  readonly operation: JsonObject;
}

export function readDocument(body: unknown): JsonObject {
  return z.record(z.string(), z.json()).parse(body);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws when something on the way is missing. */
export function at(root: Json | undefined, ...path: readonly string[]): JsonObject {
  const [head, ...rest] = path;
  if (!isObject(root)) throw new Error(`nothing before ${head}`);
  return head === undefined ? root : at(root[head], ...rest);
}

export function operationsOf(root: JsonObject): Operation[] {
  return Object.entries(at(root, "paths")).flatMap(([path, item]) =>
    Object.entries(at(item)).map(([method, operation]) => ({ path, method, operation: at(operation) })),
  );
}

/** The operation that a request belongs to; `{names}` stand for one segment. */
export function operationAt(root: JsonObject, method: string, path: string): Operation | undefined {
  return operationsOf(root).find(
    (operation) =>
      operation.method === method.toLowerCase() &&
      new RegExp(`^${operation.path.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path),
  );
}

/** What a documented answer may be; undefined for a status that is not documented. */
export function answerOf(
  root: JsonObject,
  { operation }: Operation,
  status: number,
): { readonly schema: z.ZodType; readonly example: Json } | undefined {
  const answer = at(operation["responses"])[String(status)];
  if (answer === undefined) return undefined;
  const media = at(answer, "content", "application/json");
  const [example] = Object.values(at(media["examples"]));
  return { schema: schemaOf(root, at(media["schema"])), example: at(example)["value"] ?? null };
}

export function schemaOf(root: JsonObject, schema: JsonObject): z.ZodType {
  return z.fromJSONSchema(inlined(root, schema));
}

export function resolve(root: JsonObject, reference: string): JsonObject {
  if (!reference.startsWith("#/")) throw new Error(`${reference} is not in the document`);
  return at(root, ...reference.slice(2).split("/"));
}

/** What zod cannot read: rules between the fields of an object. Whoever validates in earnest (Schemathesis) reads them. */
const unread = new Set(["not"]);

function inlined(root: JsonObject, schema: JsonObject): JsonObject {
  const reference = schema["$ref"];
  if (typeof reference === "string") return inlined(root, resolve(root, reference));
  const isPlain = schema["type"] === "object";
  const kept = Object.entries(schema).filter(([name]) => (name === "oneOf" ? !isPlain : !unread.has(name)));
  return Object.fromEntries(kept.map(([name, value]) => [name, inlinedValue(root, value)]));
}

function inlinedValue(root: JsonObject, value: Json): Json {
  if (Array.isArray(value)) return value.map((entry: Json) => inlinedValue(root, entry));
  return isObject(value) ? inlined(root, value) : value;
}
