// Whether bytes of one schema can be read by another, by the resolution rules of the Avro specification: every problem at
// once, each with the place in the schema and with what to do about it. Pure. Names are compared with their namespace, as
// our codec does; the specification and the registries ignore it.
import { type Type, types } from "avsc";

export interface ResolutionProblem {
  /** From the top-level record to the field, such as `OrderEvent.payload.CreateOrderPayload.items[].price`. */
  readonly path: string;
  readonly rule:
    | "field_without_default"
    | "type_changed"
    | "name_changed"
    | "symbol_unknown"
    | "size_changed"
    | "branch_unknown";
  /** One sentence: what is wrong, and what would be right. */
  readonly message: string;
}

/** Writer's types that a reader's type takes besides its own. */
const promotions: Readonly<Record<string, readonly string[]>> = {
  long: ["int"],
  float: ["int", "long"],
  double: ["int", "long", "float"],
  string: ["bytes"],
  bytes: ["string"],
};

/** Empty when `reader` reads everything that `writer` writes. */
export function resolutionProblems(reader: Type, writer: Type): readonly ResolutionProblem[] {
  return compare(reader, writer, simpleName(reader), new Set());
}

/** `met` holds the pairs of records that are being compared: a type may contain itself. */
function compare(reader: Type, writer: Type, path: string, met: ReadonlySet<string>): ResolutionProblem[] {
  const written = branchesOf(writer);
  if (written !== undefined) return written.flatMap((branch) => compare(reader, branch, path, met));
  const choices = branchesOf(reader);
  if (choices !== undefined) return compareToUnion(choices, writer, path, met);

  if (reader instanceof types.RecordType && writer instanceof types.RecordType) {
    return named(reader, writer, path) ?? compareFields(reader, writer, path, met);
  }
  if (reader instanceof types.EnumType && writer instanceof types.EnumType) {
    return named(reader, writer, path) ?? compareSymbols(reader, writer, path);
  }
  if (reader instanceof types.FixedType && writer instanceof types.FixedType) {
    return named(reader, writer, path) ?? compareSizes(reader, writer, path);
  }
  if (reader instanceof types.ArrayType && writer instanceof types.ArrayType) {
    return compare(reader.itemsType, writer.itemsType, `${path}[]`, met);
  }
  if (reader instanceof types.MapType && writer instanceof types.MapType) {
    return compare(reader.valuesType, writer.valuesType, `${path}{}`, met);
  }
  if (reader.typeName === writer.typeName || promotions[reader.typeName]?.includes(writer.typeName))
    return [];
  return [
    {
      path,
      rule: "type_changed",
      message: `${describe(writer)} cannot be read as ${describe(reader)}: keep the type, or add a field of another name with a default`,
    },
  ];
}

function compareToUnion(
  choices: readonly Type[],
  writer: Type,
  path: string,
  met: ReadonlySet<string>,
): ResolutionProblem[] {
  const attempts = choices.map((choice) => compare(choice, writer, at(path, choice), met));
  if (attempts.some((problems) => problems.length === 0)) return [];
  // The branch of the same name says which field it is; without one the branch itself is what is missing.
  const namesake = choices.findIndex((choice) => choice.name !== undefined && choice.name === writer.name);
  const problems = attempts[namesake];
  if (problems !== undefined) return problems;
  return [
    {
      path,
      rule: "branch_unknown",
      message: `the union has no branch for ${describe(writer)}: keep the union as it is, and make another record type of what is new`,
    },
  ];
}

function compareFields(
  reader: types.RecordType,
  writer: types.RecordType,
  path: string,
  met: ReadonlySet<string>,
): ResolutionProblem[] {
  const pair = `${reader.name}:${writer.name}`;
  if (met.has(pair)) return [];
  const inside = new Set([...met, pair]);
  return reader.fields.flatMap((field): ResolutionProblem[] => {
    const place = `${path}.${field.name}`;
    const source = writer.fields.find(({ name }) => name === field.name || field.aliases.includes(name));
    if (source !== undefined) return compare(field.type, source.type, at(place, field.type), inside);
    if (field.defaultValue() !== undefined) return [];
    return [
      {
        path: place,
        rule: "field_without_default",
        message: "the field is not in every version and has no default: give it one, or keep it",
      },
    ];
  });
}

function compareSymbols(reader: types.EnumType, writer: types.EnumType, path: string): ResolutionProblem[] {
  const unknown = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol));
  if (unknown.length === 0 || defaultSymbolOf(reader) !== undefined) return [];
  return [
    {
      path,
      rule: "symbol_unknown",
      message: `the enum does not know ${unknown.join(", ")} and has no default: keep the symbols; an enum with a default may gain some`,
    },
  ];
}

function compareSizes(reader: types.FixedType, writer: types.FixedType, path: string): ResolutionProblem[] {
  if (reader.size === writer.size) return [];
  const message = `${writer.size} bytes cannot be read as ${reader.size}: keep the size, or add a field of another name`;
  return [{ path, rule: "size_changed", message }];
}

/** Undefined when the names match. */
function named(reader: Type, writer: Type, path: string): ResolutionProblem[] | undefined {
  const aliases = reader.aliases ?? [];
  if (reader.name === writer.name || (writer.name !== undefined && aliases.includes(writer.name))) {
    return undefined;
  }
  const message = `${writer.name} cannot be read as ${reader.name}: keep the name and namespace`;
  return [{ path, rule: "name_changed", message }];
}

function branchesOf(type: Type): readonly Type[] | undefined {
  return type instanceof types.WrappedUnionType || type instanceof types.UnwrappedUnionType
    ? type.types
    : undefined;
}

/** avsc keeps it, and its type declarations do not know it. */
function defaultSymbolOf(type: types.EnumType): unknown {
  return "default" in type ? type.default : undefined;
}

/** A nested record is part of the path, so that a field of a union's branch says which. */
function at(path: string, type: Type): string {
  if (!(type instanceof types.RecordType)) return path;
  const name = simpleName(type);
  return path === name || path.endsWith(`.${name}`) ? path : `${path}.${name}`;
}

function simpleName(type: Type): string {
  return (type.name ?? type.typeName).split(".").at(-1) ?? "";
}

function describe(type: Type): string {
  const branches = branchesOf(type);
  if (branches !== undefined) return `a union of ${branches.map(describe).join(" and ")}`;
  return type.name === undefined ? type.typeName : `${type.typeName} ${type.name}`;
}
