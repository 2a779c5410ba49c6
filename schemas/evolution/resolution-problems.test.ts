import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { compileType, schemaCatalog, schemaNames } from "../schema-catalog.ts";
import { evolutionCorpus } from "./evolution-corpus.ts";
import { resolutionProblems } from "./resolution-problems.ts";

const avscReads = (readerText: string, writerText: string): boolean => {
  const [reader, writer] = [compileType(JSON.parse(readerText)), compileType(JSON.parse(writerText))];
  try {
    reader.createResolver(writer);
    return true;
  } catch {
    return false;
  }
};

describe.each(evolutionCorpus.map((one) => [one.title, one] as const))("%s", (_title, one) => {
  const problems = resolutionProblems(compileType(one.reader), compileType(one.writer));

  test("is judged as the specification does, with the place", () => {
    expect(problems.map(({ rule, path }) => `${rule} at ${path}`)).toEqual([...one.problems]);
  });

  test("is judged as the codec's resolver does", () => {
    const read = avscReads(JSON.stringify(one.reader), JSON.stringify(one.writer));
    expect(read).toBe(problems.length === 0);
  });
});

test("what is no problem can be read, value by value, and what avsc refuses is a problem: for any two of 1,000 pairs", () => {
  const leaf = fc.constantFrom("int", "long", "float", "double", "string", "bytes", "boolean");
  const type: fc.Arbitrary<unknown> = fc.oneof(
    leaf,
    leaf.map((items) => ({ type: "array", items })),
    leaf.map((values) => ({ type: "map", values })),
    leaf.map((other) => ["null", other]),
    fc
      .subarray(["A", "B", "C"], { minLength: 1 })
      .map((symbols) => ({ type: "enum", name: "Mood", symbols })),
  );
  const field = fc.record({ name: fc.constantFrom("a", "b", "c"), type });
  const fieldsOf = fc.uniqueArray(field, { selector: ({ name }) => name, minLength: 1, maxLength: 3 });
  // The writer's fields are the reader's, some of them with another type, so that many pairs can be read.
  const pair = fc
    .tuple(
      fieldsOf,
      fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: type }), {
        minLength: 3,
        maxLength: 3,
      }),
    )
    .map(([fields, others]) => {
      const written = fields.map((one, index) => ({ ...one, type: others[index] ?? one.type }));
      return [fields, written].map((of) =>
        JSON.stringify({ type: "record", name: "corpus.Any", fields: of }),
      );
    })
    // One enum a schema: two of a name would not be valid.
    .filter((texts) => texts.every((text) => text.split("Mood").length <= 2));
  let readable = 0;
  fc.assert(
    fc.property(pair, ([readerText = "", writerText = ""]) => {
      const [reader, writer] = [compileType(JSON.parse(readerText)), compileType(JSON.parse(writerText))];
      const problems = resolutionProblems(reader, writer);
      expect(avscReads(readerText, writerText)).toBe(problems.length === 0);
      if (problems.length > 0) return;
      readable++;
      const resolver = reader.createResolver(writer);
      const value: unknown = writer.random();
      expect(() => reader.fromBuffer(writer.toBuffer(value), resolver)).not.toThrow();
    }),
    { numRuns: 1000 },
  );
  expect(readable).toBeGreaterThan(300);
  expect(readable).toBeLessThan(900);
});

test("every schema of the product reads itself", () => {
  for (const name of schemaNames) {
    const { type } = schemaCatalog[name];
    expect(resolutionProblems(type, type)).toEqual([]);
  }
});
