import { describe, expect, test } from "bun:test";
import { schemaCatalog } from "./schema-catalog.ts";
import { createWriterSchemas, readWriterSchema } from "./writer-schemas.ts";

const avro = { schemaType: "AVRO" as const, hasReferences: false };

describe("whatever text a registry answers with is an answer, not an error", () => {
  const unreadable = [
    "",
    "{",
    "null",
    '"no-such-type"',
    '{"type":"record","name":"R"}',
    '{"type":"record","name":"com.ecommerce.order.Order","fields":[]}',
    '{"type":"record","name":"x-y","fields":[]}',
    '{"type":"record","name":"com.ecommerce.order.Order","fields":[{"name":"a;b","type":"int"}]}',
  ];
  test.each(unreadable)("%s", (definition) => {
    expect(readWriterSchema({ ...avro, definition }).kind).toBe("unreadable");
  });
});

test("schemas of other kinds, and ones that need others, are not read", () => {
  const { definition } = schemaCatalog.Order;
  expect(readWriterSchema({ ...avro, schemaType: "PROTOBUF", definition }).kind).toBe("unreadable");
  expect(readWriterSchema({ ...avro, hasReferences: true, definition }).kind).toBe("unreadable");
  expect(readWriterSchema({ ...avro, definition }).kind).toBe("readable");
});

test("a type of another product is foreign, also one of the same short name", () => {
  const foreign = [
    '"string"',
    '{"type":"record","name":"Order","namespace":"com.other","fields":[]}',
    '["null","int"]',
  ];
  for (const definition of foreign) {
    expect(readWriterSchema({ ...avro, definition }).kind).toBe("foreign");
  }
});

test("forged ids do not fill the memory: the oldest refusals are forgotten", async () => {
  const schemas = createWriterSchemas({
    registry: { schemaOf: async () => ({ ok: false, failure: { kind: "missing", message: "" } }) },
    missingForMs: 60_000,
    now: () => 0,
  });
  for (let id = 1; id <= 10_001; id++) await schemas.resolve(id);
  expect(schemas.look(1).kind).toBe("unasked");
  expect(schemas.look(10_001).kind).toBe("missing");
});
