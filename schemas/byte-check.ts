// Walks Avro bytes by their writer's schema before avsc reads them, and allocates nothing. avsc trusts lengths and
// block counts (six forged bytes make it build an array until the process dies), reads past the end, turns bad UTF-8 into
// replacement characters and some negative longs into positive ones. Bytes that pass here can be decoded safely.
import { types, type Type } from "avsc";
import {
  type ByteCheck,
  checkString,
  faults,
  fixedCheck,
  indexCheck,
  primitiveCheck,
  readLong,
  varint,
} from "./byte-primitives.ts";

export type { ByteCheck };

/** Why bytes are refused. */
export type ByteFault = "truncated" | "block_count" | "invalid_value" | "nested_too_deeply";

/** How often a record type may contain itself, in the one schema that may: ours never do. */
const maxNesting = 32;

/** The name of what a check answered, when it is negative. */
export function byteFault(result: number): ByteFault {
  switch (result) {
    case faults.truncated:
      return "truncated";
    case faults.blockCount:
      return "block_count";
    case faults.nestedTooDeeply:
      return "nested_too_deeply";
    default:
      return "invalid_value";
  }
}

function unionCheck(branches: readonly ByteCheck[]): ByteCheck {
  return (bytes, start) => {
    const position = readLong(bytes, start);
    if (position < 0) {
      return position;
    }
    const branch = branches[varint];
    return branch === undefined ? faults.invalidValue : branch(bytes, position);
  };
}

function recordCheck(fields: readonly ByteCheck[]): ByteCheck {
  return (bytes, start) => {
    let position = start;
    for (const field of fields) {
      position = field(bytes, position);
      if (position < 0) {
        return position;
      }
    }
    return position;
  };
}

/**
 * Arrays and maps. A count may not promise more items than the bytes that are left could hold; items of no width (null,
 * the empty record) count as one byte, or a few bytes could ask for millions of them.
 */
function blocksCheck(item: ByteCheck, minItemSize: number): ByteCheck {
  const itemSize = Math.max(1, minItemSize);
  return (bytes, start) => {
    let position = start;
    for (;;) {
      position = readLong(bytes, position);
      if (position < 0) {
        return position;
      }
      let count = varint;
      if (count === 0) {
        return position;
      }
      // A negative count is followed by the block's size in bytes, for readers that skip it.
      let blockEnd = -1;
      if (count < 0) {
        count = -count;
        position = readLong(bytes, position);
        if (position < 0) {
          return position;
        }
        blockEnd = position + varint;
      }
      if (count * itemSize > bytes.length - position) {
        return faults.blockCount;
      }
      for (; count > 0; count--) {
        position = item(bytes, position);
        if (position < 0) {
          return position;
        }
      }
      if (blockEnd >= 0 && blockEnd !== position) {
        return faults.blockCount;
      }
    }
  };
}

/** A map's entry. `__proto__` is refused: avsc would set the object's prototype with it. */
function entryCheck(value: ByteCheck): ByteCheck {
  return (bytes, start) => {
    const keyEnd = checkString(bytes, start);
    if (keyEnd < 0) {
      return keyEnd;
    }
    const isProto = varint === 9 && bytes.toString("latin1", keyEnd - 9, keyEnd) === "__proto__";
    return isProto ? faults.invalidValue : value(bytes, keyEnd);
  };
}

/** The fewest bytes a value can take. A type inside itself counts as nothing, which only makes the bound looser. */
function minSizeOf(type: Type, within: ReadonlySet<Type> = new Set()): number {
  if (type instanceof types.RecordType) {
    if (within.has(type)) {
      return 0;
    }
    const inside = new Set(within).add(type);
    return type.fields.reduce((size, field) => size + minSizeOf(field.type, inside), 0);
  }
  if (type instanceof types.UnwrappedUnionType || type instanceof types.WrappedUnionType) {
    return 1 + Math.min(...type.types.map((branch) => minSizeOf(branch, within)));
  }
  if (type instanceof types.FixedType) {
    return type.size;
  }
  const sizes: Readonly<Record<string, number>> = { null: 0, float: 4, double: 8 };
  return sizes[type.typeName] ?? 1;
}

/** The check of one schema's bytes. Compile once per schema: it is a tree of closures. */
export function compileByteCheck(root: Type): ByteCheck {
  const records = new Map<Type, ByteCheck | undefined>();
  let nesting = 0;

  function compileRecord(type: types.RecordType): ByteCheck {
    const known = records.get(type);
    if (known !== undefined) {
      return known;
    }
    if (records.has(type)) {
      // The type contains itself and its check is not made yet: look it up when it is needed.
      return (bytes, position) => {
        const check = records.get(type);
        if (check === undefined || nesting >= maxNesting) {
          return faults.nestedTooDeeply;
        }
        nesting++;
        const result = check(bytes, position);
        nesting--;
        return result;
      };
    }
    records.set(type, undefined);
    const check = recordCheck(type.fields.map((field) => compile(field.type)));
    records.set(type, check);
    return check;
  }

  function compile(type: Type): ByteCheck {
    if (type instanceof types.RecordType) {
      return compileRecord(type);
    }
    if (type instanceof types.UnwrappedUnionType || type instanceof types.WrappedUnionType) {
      return unionCheck(type.types.map(compile));
    }
    if (type instanceof types.ArrayType) {
      return blocksCheck(compile(type.itemsType), minSizeOf(type.itemsType));
    }
    if (type instanceof types.MapType) {
      const valuesType: Type = type.valuesType;
      return blocksCheck(entryCheck(compile(valuesType)), 1 + minSizeOf(valuesType));
    }
    if (type instanceof types.EnumType) {
      return indexCheck(type.symbols.length);
    }
    if (type instanceof types.FixedType) {
      return fixedCheck(type.size);
    }
    return primitiveCheck(type.typeName);
  }

  return compile(root);
}
