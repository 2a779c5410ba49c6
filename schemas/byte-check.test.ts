import { describe, expect, test } from "bun:test";
import { Type } from "avsc";
import * as fc from "fast-check";
import { byteFault, compileByteCheck } from "./byte-check.ts";
import { numberBounds } from "./events.ts";
import { compileType } from "./schema-catalog.ts";

type Schema = Parameters<typeof compileType>[0];

/** `ok` when all bytes are one value of the schema, else why not. */
function verdict(schema: Schema, bytes: Buffer): string {
  const end = compileByteCheck(compileType(schema))(bytes, 0);
  if (end < 0) return byteFault(end);
  return end === bytes.length ? "ok" : "trailing";
}

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** A zigzag varint of any size. */
function zigzag(value: bigint): Buffer {
  let raw = value < 0n ? -value * 2n - 1n : value * 2n;
  const bytes: number[] = [];
  do {
    const more = raw > 127n;
    bytes.push(Number(raw & 127n) | (more ? 128 : 0));
    raw >>= 7n;
  } while (raw > 0n);
  return Buffer.from(bytes);
}

const list: Schema = {
  type: "record",
  name: "List",
  fields: [{ name: "next", type: ["null", "List"] }],
};

describe("sound bytes pass", () => {
  const sound: [string, Schema, string][] = [
    ["null", "null", ""],
    ["boolean", "boolean", "01"],
    ["the longest int", "int", "ff ff ff ff 0f"],
    ["a double", "double", "00 00 00 00 00 00 f0 3f"],
    ["a float", "float", "00 00 80 3f"],
    ["an empty string", "string", "00"],
    ["a four-byte character", "string", "08 f0 9f 98 80"],
    ["the replacement character itself", "string", "06 ef bf bd"],
    ["bytes that are no text", "bytes", "04 ff fe"],
    ["fixed", { type: "fixed", name: "F", size: 2 }, "ff ff"],
    ["an empty array", { type: "array", items: "int" }, "00"],
    ["an array in two blocks", { type: "array", items: "int" }, "02 02 04 04 06 00"],
    ["a block with its size", { type: "array", items: "int" }, "03 04 02 04 00"],
    ["a map", { type: "map", values: "int" }, "02 02 61 02 00"],
    ["a list of two", list, "02 02 00"],
  ];
  test.each(sound)("%s", (_what, schema, bytes) => {
    expect(verdict(schema, hex(bytes))).toBe("ok");
  });
});

describe("unsound bytes are refused before anything is allocated", () => {
  const unsound: [string, Schema, string, string][] = [
    ["no bytes at all", "int", "", "truncated"],
    ["a varint without its end", "long", "ff ff", "truncated"],
    ["a varint of eleven bytes", "long", "ff ff ff ff ff ff ff ff ff ff 01", "invalid_value"],
    ["a zero that takes eleven bytes", "long", `${"80".repeat(10)}00`, "invalid_value"],
    ["an int beyond 32 bits", "int", "80 80 80 80 10", "invalid_value"],
    ["a boolean of 2", "boolean", "02", "invalid_value"],
    ["half a double", "double", "00 00 00 00", "truncated"],
    ["NaN", "double", "00 00 00 00 00 00 f8 7f", "invalid_value"],
    ["minus infinity", "double", "00 00 00 00 00 00 f0 ff", "invalid_value"],
    ["a float's NaN", "float", "00 00 c0 7f", "invalid_value"],
    ["a string longer than the rest", "string", "0a 61 62", "truncated"],
    ["a string of two gigabytes", "string", "fe ff ff ff 0f", "truncated"],
    ["a string of negative length", "string", "01", "invalid_value"],
    ["a lone continuation byte", "string", "02 80", "invalid_value"],
    ["an encoded surrogate", "string", "06 ed a0 80", "invalid_value"],
    ["an overlong slash", "string", "04 c0 af", "invalid_value"],
    ["bad UTF-8 far behind", "string", `8a 01 ${"61".repeat(68)} ff`, "invalid_value"],
    [
      "an enum symbol that is not there",
      { type: "enum", name: "E", symbols: ["A", "B"] },
      "04",
      "invalid_value",
    ],
    ["a negative enum symbol", { type: "enum", name: "E", symbols: ["A", "B"] }, "01", "invalid_value"],
    ["a union branch that is not there", ["null", "int"], "04", "invalid_value"],
    ["half a fixed", { type: "fixed", name: "F", size: 2 }, "ff", "truncated"],
    [
      "two billion items in six bytes",
      { type: "array", items: "string" },
      "fe ff ff ff 0f 00",
      "block_count",
    ],
    ["two billion items, negative", { type: "array", items: "string" }, "ff ff ff ff 0f 00", "block_count"],
    [
      "the most negative count",
      { type: "array", items: "int" },
      "ff ff ff ff ff ff ff ff ff 01",
      "invalid_value",
    ],
    ["a million nulls, which take no bytes", { type: "array", items: "null" }, "80 89 7a 00", "block_count"],
    [
      "more doubles than the bytes can hold",
      { type: "array", items: "double" },
      `04 ${"00".repeat(15)}`,
      "block_count",
    ],
    ["a block whose size is wrong", { type: "array", items: "int" }, "03 06 02 04 00", "block_count"],
    ["a block of negative size", { type: "array", items: "int" }, "03 01 02 04 00", "block_count"],
    ["an array without its end", { type: "array", items: "int" }, "02 02", "truncated"],
    [
      "a map that sets its own prototype",
      { type: "map", values: "int" },
      "02 12 5f5f70726f746f5f5f 02 00",
      "invalid_value",
    ],
    ["a map's key in bad UTF-8", { type: "map", values: "int" }, "02 02 ff 02 00", "invalid_value"],
    ["a list nested ten thousand deep", list, `${"02".repeat(10_000)}00`, "nested_too_deeply"],
  ];
  test.each(unsound)("%s", (_what, schema, bytes, reason) => {
    expect(verdict(schema, hex(bytes))).toBe(reason);
  });
});

test("a refused nesting leaves no trace: the next record is checked from depth zero", () => {
  const check = compileByteCheck(compileType(list));
  for (let round = 0; round < 3; round++) {
    expect(check(hex(`${"02".repeat(100)}00`), 0)).toBeLessThan(0);
    expect(check(hex("02 02 00"), 0)).toBe(3);
  }
});

test("longs pass exactly within the bounds in which avsc reads them truly", () => {
  const within = (value: bigint) =>
    value >= BigInt(numberBounds.minLong) && value <= BigInt(numberBounds.maxLong);
  const long = Type.forSchema("long");
  const check = compileByteCheck(long);
  const near = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc
      .tuple(
        fc.constantFrom(2n ** 52n, -(2n ** 52n), 2n ** 53n, -(2n ** 53n), 2n ** 63n - 9n, -(2n ** 63n) + 9n),
        fc.bigInt({ min: -8n, max: 8n }),
      )
      .map(([base, step]) => base + step),
  );
  fc.assert(
    fc.property(near, (value) => {
      const bytes = zigzag(value);
      expect(check(bytes, 0) === bytes.length).toBe(within(value));
      if (within(value)) expect(BigInt(long.fromBuffer(bytes))).toBe(value);
    }),
    { numRuns: 2_000 },
  );
  expect(verdict("long", zigzag(-(2n ** 52n) - 1n))).toBe("invalid_value");
  expect(verdict("long", zigzag(2n ** 53n - 1n))).toBe("invalid_value");
});

test("whatever avsc writes passes, and reading it takes exactly the bytes that were checked", () => {
  const schema: Schema = {
    type: "record",
    name: "Everything",
    fields: [
      { name: "a", type: { type: "array", items: { type: "map", values: ["null", "long", "string"] } } },
      { name: "b", type: "bytes" },
      { name: "c", type: ["null", "boolean", { type: "array", items: "double" }] },
      { name: "d", type: { type: "enum", name: "D", symbols: ["X", "Y"] } },
    ],
  };
  const type = compileType(schema);
  const check = compileByteCheck(type);
  const value = fc.record({
    a: fc.array(
      fc.dictionary(
        fc.string({ minLength: 1 }).filter((key) => key !== "__proto__"),
        fc.oneof(fc.constant(null), fc.integer(), fc.string({ unit: "binary" })),
      ),
    ),
    b: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    c: fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.array(fc.double({ noNaN: true, noDefaultInfinity: true })),
    ),
    d: fc.constantFrom("X", "Y"),
  });
  fc.assert(
    fc.property(value, (value) => {
      const bytes = type.toBuffer(value);
      expect(check(bytes, 0)).toBe(bytes.length);
      expect(type.decode(bytes, 0).offset).toBe(bytes.length);
    }),
  );
});
