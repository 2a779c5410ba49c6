// Tells whether a value is exactly what a schema describes, and if not, in one sentence which field breaks which rule.
// Stricter than avsc, which fills in missing fields, ignores unknown ones, and writes NaN and broken surrogates. The
// sentence names the field and the rule, never the value: it may reach clients and logs.
import { types, type Type } from "avsc";
import { numberBounds } from "./events.ts";

export interface ValueProblem {
  /** `items[2].price`; empty for the value itself. */
  readonly path: string;
  /** `must be …` */
  readonly rule: string;
}

/** Null when the value fits. */
export type ValueCheck = (value: unknown) => ValueProblem | null;

export function describeProblem({ path, rule }: ValueProblem): string {
  return `${path === "" ? "the event" : path} ${rule}`;
}

function rule(text: string): ValueProblem {
  return { path: "", rule: text };
}

function inside(step: string, { path, rule }: ValueProblem): ValueProblem {
  const joined = path === "" || path.startsWith("[") ? `${step}${path}` : `${step}.${path}`;
  return { path: joined, rule };
}

function wholeNumberCheck(min: number, max: number): ValueCheck {
  const problem = rule(`must be a whole number from ${min} to ${max}`);
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= min && value <= max ? null : problem;
}

const notFinite = rule("must be a finite number");
const notText = rule("must be a string");
const notWellFormed = rule("must be well-formed Unicode");
const notBytes = rule("must be a Buffer");
const notBoolean = rule("must be true or false");
const notNull = rule("must be null");
const notArray = rule("must be an array");
const notObject = rule("must be an object");
const missing = rule("is missing");
const unknown = rule("is not a field of the schema");

function checkText(value: unknown): ValueProblem | null {
  if (typeof value !== "string") {
    return notText;
  }
  return value.isWellFormed() ? null : notWellFormed;
}

const primitiveChecks: Readonly<Record<string, ValueCheck>> = {
  null: (value) => (value === null ? null : notNull),
  boolean: (value) => (typeof value === "boolean" ? null : notBoolean),
  int: wholeNumberCheck(numberBounds.minInt, numberBounds.maxInt),
  long: wholeNumberCheck(numberBounds.minLong, numberBounds.maxLong),
  float: (value) => (Number.isFinite(value) ? null : notFinite),
  double: (value) => (Number.isFinite(value) ? null : notFinite),
  bytes: (value) => (Buffer.isBuffer(value) ? null : notBytes),
  string: checkText,
};

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}

function recordCheck(type: types.RecordType): ValueCheck {
  const fields = type.fields.map((field) => ({ name: field.name, check: compileValueCheck(field.type) }));
  const names = new Set(fields.map((field) => field.name));
  return (value) => {
    if (!isObject(value)) {
      return notObject;
    }
    for (const { name, check } of fields) {
      const content = value[name];
      if (content === undefined) {
        return inside(name, missing);
      }
      const problem = check(content);
      if (problem !== null) {
        return inside(name, problem);
      }
    }
    for (const name in value) {
      if (!names.has(name)) {
        return inside(name, unknown);
      }
    }
    return null;
  };
}

function arrayCheck(type: types.ArrayType): ValueCheck {
  const check = compileValueCheck(type.itemsType);
  return (value) => {
    if (!Array.isArray(value)) {
      return notArray;
    }
    for (let index = 0; index < value.length; index++) {
      const problem = check(value[index]);
      if (problem !== null) {
        return inside(`[${index}]`, problem);
      }
    }
    return null;
  };
}

/** `{ "<full name of the branch>": value }`, with exactly one branch. */
function wrappedUnionCheck(type: types.WrappedUnionType): ValueCheck {
  const branches = new Map(type.types.map((branch) => [branch.branchName ?? "", compileValueCheck(branch)]));
  const noBranch = rule(`must be one of ${[...branches.keys()].join(", ")}`);
  return (value) => {
    const [only, ...others] = isObject(value) ? Object.entries(value) : [];
    const check = only !== undefined && others.length === 0 ? branches.get(only[0]) : undefined;
    return check === undefined ? noBranch : check(only?.[1]);
  };
}

/** Our plain unions are "null or one thing"; for any other, the first branch that fits will do. */
function plainUnionCheck(type: types.UnwrappedUnionType): ValueCheck {
  const checks = type.types.map(compileValueCheck);
  return (value) => {
    let problem: ValueProblem = notNull;
    for (const check of checks) {
      const found = check(value);
      if (found === null) {
        return null;
      }
      if (found !== notNull) {
        problem = found;
      }
    }
    return { path: problem.path, rule: `${problem.rule} or null` };
  };
}

/** The check of one schema's values, for the schemas of this product: no maps, no fixed, no type inside itself. */
export function compileValueCheck(type: Type): ValueCheck {
  if (type instanceof types.RecordType) {
    return recordCheck(type);
  }
  if (type instanceof types.ArrayType) {
    return arrayCheck(type);
  }
  if (type instanceof types.WrappedUnionType) {
    return wrappedUnionCheck(type);
  }
  if (type instanceof types.UnwrappedUnionType) {
    return plainUnionCheck(type);
  }
  if (type instanceof types.EnumType) {
    const symbols = new Set<unknown>(type.symbols);
    const problem = rule(`must be one of ${type.symbols.join(", ")}`);
    return (value) => (symbols.has(value) ? null : problem);
  }
  const check = primitiveChecks[type.typeName];
  if (check === undefined) {
    throw new Error(`no value check for the Avro type ${type.typeName}`);
  }
  return check;
}
