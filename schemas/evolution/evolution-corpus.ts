// Pairs of schemas with the verdict that the Avro specification gives on them: what our checker, avsc's resolver and a real
// registry are held against. For tests.
import type { Schema } from "avsc";
import { schemaCatalog } from "../schema-catalog.ts";
import type { ResolutionProblem } from "./resolution-problems.ts";

export interface EvolutionCase {
  readonly title: string;
  readonly writer: Schema;
  readonly reader: Schema;
  /** What is wrong, as `rule at path`; empty when the reader reads all that the writer writes. */
  readonly problems: readonly `${ResolutionProblem["rule"]} at ${string}`[];
  /** Where registries judge otherwise: they compare names without their namespace. */
  readonly registryReads?: true;
}

type Field = Readonly<Record<string, unknown>>;
const id: Field = { name: "id", type: "string" };
const withFields = (...fields: Field[]) => record("Thing", ...fields);
const typed = (type: unknown) => withFields({ name: "value", type });
const symbols = (symbols: readonly string[], fallback?: string) =>
  typed({
    type: "enum",
    name: "Mood",
    symbols,
    ...(fallback === undefined ? {} : { default: fallback }),
  });

function record(name: string, ...fields: Field[]): Schema {
  return parsed({ type: "record", name: `corpus.${name}`, fields });
}

/** Through text, as schemas travel; avsc's own type of a schema is too narrow for what is built here. */
function parsed(schema: unknown): Schema {
  return JSON.parse(JSON.stringify(schema));
}

function orderEventWith(change: (text: string) => string): Schema {
  return JSON.parse(change(schemaCatalog.OrderEvent.definition));
}

const promoted = [
  ["int", "long"],
  ["int", "float"],
  ["int", "double"],
  ["long", "float"],
  ["long", "double"],
  ["float", "double"],
  ["string", "bytes"],
  ["bytes", "string"],
] as const;
const notPromoted = [
  ["long", "int"],
  ["double", "float"],
  ["float", "long"],
  ["double", "long"],
  ["boolean", "int"],
  ["int", "string"],
  ["string", "int"],
  ["null", "int"],
] as const;

export const evolutionCorpus: readonly EvolutionCase[] = [
  { title: "the same schema", writer: withFields(id), reader: withFields(id), problems: [] },
  {
    title: "a new field with a default",
    writer: withFields(id),
    reader: withFields(id, { name: "note", type: "string", default: "" }),
    problems: [],
  },
  {
    title: "a new field without a default",
    writer: withFields(id),
    reader: withFields(id, { name: "note", type: "string" }),
    problems: ["field_without_default at Thing.note"],
  },
  {
    title: "a new field that may be null, without a default",
    writer: withFields(id),
    reader: withFields(id, { name: "note", type: ["null", "string"] }),
    problems: ["field_without_default at Thing.note"],
  },
  {
    title: "a field that the reader does not know",
    writer: withFields(id, { name: "note", type: "string" }),
    reader: withFields(id),
    problems: [],
  },
  {
    title: "a renamed field",
    writer: withFields({ name: "key", type: "string" }),
    reader: withFields(id),
    problems: ["field_without_default at Thing.id"],
  },
  {
    title: "a renamed field whose reader has the old name as an alias",
    writer: withFields({ name: "key", type: "string" }),
    reader: withFields({ ...id, aliases: ["key"] }),
    problems: [],
  },
  {
    title: "fields in another order",
    writer: withFields(id, { name: "count", type: "int" }),
    reader: withFields({ name: "count", type: "int" }, id),
    problems: [],
  },
  ...promoted.map(([writer, reader]) => ({
    title: `${writer} read as ${reader}`,
    writer: typed(writer),
    reader: typed(reader),
    problems: [],
  })),
  ...notPromoted.map(([writer, reader]) => ({
    title: `${writer} read as ${reader}`,
    writer: typed(writer),
    reader: typed(reader),
    problems: ["type_changed at Thing.value"] as const,
  })),
  {
    title: "a field that may now be null",
    writer: typed("string"),
    reader: typed(["null", "string"]),
    problems: [],
  },
  {
    title: "a field that might be null and may not be any more",
    writer: typed(["null", "string"]),
    reader: typed("string"),
    problems: ["type_changed at Thing.value"],
  },
  {
    title: "a union with one more branch to read",
    writer: typed(["null", "string"]),
    reader: typed(["null", "string", "int"]),
    problems: [],
  },
  {
    title: "a union with one branch less to read",
    writer: typed(["null", "string", "int"]),
    reader: typed(["null", "string"]),
    problems: ["branch_unknown at Thing.value"],
  },
  {
    title: "a union whose branches have changed places",
    writer: typed(["null", "string"]),
    reader: typed(["string", "null"]),
    problems: [],
  },
  {
    title: "a union into which a branch is promoted",
    writer: typed(["null", "int"]),
    reader: typed(["null", "long"]),
    problems: [],
  },
  {
    title: "an enum with more symbols to read",
    writer: symbols(["A"]),
    reader: symbols(["A", "B"]),
    problems: [],
  },
  {
    title: "an enum with fewer symbols to read",
    writer: symbols(["A", "B"]),
    reader: symbols(["A"]),
    problems: ["symbol_unknown at Thing.value"],
  },
  {
    title: "an enum with fewer symbols to read and a default",
    writer: symbols(["A", "B"]),
    reader: symbols(["A"], "A"),
    problems: [],
  },
  {
    title: "a renamed enum",
    writer: typed({ type: "enum", name: "Mood", symbols: ["A"] }),
    reader: typed({ type: "enum", name: "Temper", symbols: ["A"] }),
    problems: ["name_changed at Thing.value"],
  },
  {
    title: "a fixed of another size",
    writer: typed({ type: "fixed", name: "Hash", size: 4 }),
    reader: typed({ type: "fixed", name: "Hash", size: 8 }),
    problems: ["size_changed at Thing.value"],
  },
  {
    title: "an array whose items are promoted",
    writer: typed({ type: "array", items: "int" }),
    reader: typed({ type: "array", items: "long" }),
    problems: [],
  },
  {
    title: "an array whose items have another type",
    writer: typed({ type: "array", items: "string" }),
    reader: typed({ type: "array", items: "long" }),
    problems: ["type_changed at Thing.value[]"],
  },
  {
    title: "a map whose values have another type",
    writer: typed({ type: "map", values: "string" }),
    reader: typed({ type: "map", values: "boolean" }),
    problems: ["type_changed at Thing.value{}"],
  },
  {
    title: "an array instead of a map",
    writer: typed({ type: "map", values: "string" }),
    reader: typed({ type: "array", items: "string" }),
    problems: ["type_changed at Thing.value"],
  },
  {
    title: "a record that contains itself and has gained a default",
    writer: withFields(id, { name: "next", type: ["null", "corpus.Thing"] }),
    reader: withFields(
      id,
      { name: "next", type: ["null", "corpus.Thing"] },
      { name: "n", type: "int", default: 0 },
    ),
    problems: [],
  },
  {
    title: "a record that contains itself and has gained a field without a default",
    writer: withFields(id, { name: "next", type: ["null", "corpus.Thing"] }),
    reader: withFields(id, { name: "next", type: ["null", "corpus.Thing"] }, { name: "n", type: "int" }),
    problems: ["field_without_default at Thing.n"],
  },
  {
    title: "a record of another name",
    writer: withFields(id),
    reader: record("Other", id),
    problems: ["name_changed at Other"],
  },
  {
    title: "a record of another namespace",
    writer: withFields(id),
    reader: parsed({ type: "record", name: "elsewhere.Thing", fields: [id] }),
    problems: ["name_changed at Thing"],
    registryReads: true,
  },
  {
    title: "a field with a default in one branch of OrderEvent",
    writer: orderEventWith((text) => text),
    reader: orderEventWith((text) =>
      text.replace(
        '{"name":"totalAmount"',
        '{"name":"salesChannel","type":"string","default":"web"},{"name":"totalAmount"',
      ),
    ),
    problems: [],
  },
  {
    title: "a field without a default in the items of OrderEvent",
    writer: orderEventWith((text) => text),
    reader: orderEventWith((text) =>
      text.replace('{"name":"quantity"', '{"name":"sku","type":"string"},{"name":"quantity"'),
    ),
    problems: ["field_without_default at OrderEvent.payload.CreateOrderPayload.items[].sku"],
  },
  {
    title: "a third kind of OrderEvent",
    writer: orderEventWith((text) => text.replace('"UPDATE"]', '"UPDATE","CANCEL"]')),
    reader: orderEventWith((text) => text),
    problems: ["symbol_unknown at OrderEvent.eventType"],
  },
];
