import { afterAll, describe, expect, test } from "bun:test";
import { openCodec } from "./codec.ts";
import { goldenCases, topicOf } from "./golden-cases.ts";
import { createMockRegistry } from "./mock-registry.ts";
import { schemaNames } from "./schema-catalog.ts";

const codec = openCodec({
  registry: createMockRegistry(),
  subjects: schemaNames.map((name) => [topicOf[name], name]),
});
await codec.ready();
afterAll(() => codec.close());

test("every schema has golden bytes", () => {
  expect(new Set(goldenCases.map(({ name }) => name))).toEqual(new Set(schemaNames));
});

describe.each(goldenCases.map((golden) => [`${golden.name}: ${golden.title}`, golden] as const))(
  "%s",
  (_title, golden) => {
    const topic = topicOf[golden.name];

    test("encodes to exactly the golden bytes behind a zero byte and a four-byte id", () => {
      const encoded = codec.encode(topic, golden.name, golden.event);
      if (!encoded.ok) throw new Error(encoded.failure.message);
      expect(encoded.value.subarray(5).toString("hex")).toBe(golden.body.toString("hex"));
      expect(encoded.value[0]).toBe(0);
      const decoded = codec.decode(topic, encoded.value);
      expect(decoded.ok && decoded.value.schemaId).toBe(encoded.value.readUInt32BE(1));
    });

    test("the golden bytes decode to the value", () => {
      const encoded = codec.encode(topic, golden.name, golden.event);
      if (!encoded.ok) throw new Error(encoded.failure.message);
      const bytes = Buffer.concat([encoded.value.subarray(0, 5), golden.body]);
      const decoded = codec.decode(topic, bytes);
      if (!decoded.ok) throw new Error(JSON.stringify(decoded.failure));
      expect(decoded.value.name).toBe(golden.name);
      expect(decoded.value.event).toEqual(golden.event);
    });
  },
);
