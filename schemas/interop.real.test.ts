// Byte for byte with Confluent's Python serdes through a real registry, both ways. Runs when TEST_SCHEMA_REGISTRY_URL names
// a registry; TEST_PYTHON is an interpreter that has schemas/interop/requirements.txt (default: python3).
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { type Codec, openCodec } from "./codec.ts";
import type { SchemaName } from "./events.ts";
import { goldenCases, parseJson, toJsonValue, topicOf } from "./golden-cases.ts";
import { createRegistry, type SchemaRegistry } from "./registry.ts";
import { schemaNames } from "./schema-catalog.ts";

const url = process.env["TEST_SCHEMA_REGISTRY_URL"] ?? "";
const python = process.env["TEST_PYTHON"] ?? "python3";

type PythonRequest =
  | { op: "serialize"; topic: string; schema: string | object; value: unknown; register: boolean }
  | { op: "deserialize"; topic: string; hex: string }
  | { op: "body"; schema: string; value: unknown };

async function runPython(requests: readonly PythonRequest[]): Promise<{ hex: string; value: unknown }[]> {
  const script = new URL("./interop/serdes.py", import.meta.url).pathname;
  const child = Bun.spawn([python, script, url], { stdin: "pipe", stdout: "pipe", stderr: "pipe" });
  await child.stdin.write(JSON.stringify(requests));
  await child.stdin.end();
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`${python} ${script} failed: ${errors}`);
  return parseJson(output);
}

const runId = randomUUID().slice(0, 8);
const timeoutMs = 30_000;

/** Topics of this run, so that subjects of earlier runs are not met. */
function topicsOf(side: string) {
  const topic = (name: SchemaName) => `${side}-${runId}-${topicOf[name]}`;
  return { topic, subjects: schemaNames.map((name) => [topic(name), name] as const) };
}

describe.skipIf(url === "")("with Python's serdes, through a real registry", () => {
  let registry: SchemaRegistry;
  const codecs: Codec[] = [];

  async function readyCodec(side: string): Promise<Codec> {
    const codec = openCodec({ registry, subjects: topicsOf(side).subjects });
    codecs.push(codec);
    expect(await codec.ready()).toBe(true);
    return codec;
  }

  function encodeAll(codec: Codec, topic: (name: SchemaName) => string): Buffer[] {
    return goldenCases.map(({ name, event }) => {
      const outcome = codec.encode(topic(name), name, event);
      if (!outcome.ok) throw new Error(outcome.failure.message);
      return outcome.value;
    });
  }

  const serializeAll = (topic: (name: SchemaName) => string, register: boolean) =>
    goldenCases.map(({ name, schema, event }) => ({
      op: "serialize" as const,
      topic: topic(name),
      schema,
      value: toJsonValue(event),
      register,
    }));

  beforeAll(() => {
    registry = createRegistry({ url, timeoutMs: 10_000 });
  });
  afterAll(() => {
    for (const codec of codecs) codec.close();
  });

  test(
    "what we register, Python finds; it writes the same bytes, ids included, and reads ours",
    async () => {
      const { topic } = topicsOf("ours");
      const ours = encodeAll(await readyCodec("ours"), topic);
      const written = await runPython(serializeAll(topic, false));
      expect(written.map(({ hex }) => hex)).toEqual(ours.map((value) => value.toString("hex")));

      const read = await runPython(
        goldenCases.map(({ name }, index) => ({
          op: "deserialize",
          topic: topic(name),
          hex: ours[index]?.toString("hex") ?? "",
        })),
      );
      expect(read.map(({ value }) => value)).toEqual(goldenCases.map(({ event }) => event));
    },
    timeoutMs,
  );

  test(
    "what Python registers first, we find; we write the same bytes, ids included, and read its",
    async () => {
      const { topic } = topicsOf("theirs");
      const written = await runPython(serializeAll(topic, true));
      const codec = await readyCodec("theirs");
      expect(encodeAll(codec, topic).map((value) => value.toString("hex"))).toEqual(
        written.map(({ hex }) => hex),
      );
      for (const [index, { name, event }] of goldenCases.entries()) {
        const decoded = codec.decode(topic(name), Buffer.from(written[index]?.hex ?? "", "hex"));
        expect(decoded).toMatchObject({ ok: true, value: { name, event } });
      }
    },
    timeoutMs,
  );

  test(
    "a newer version of a schema that only Python knows is asked for once and read as ours",
    async () => {
      const { topic } = topicsOf("newer");
      const codec = await readyCodec("newer");
      const text = (name: string) => ({ name, type: "string" });
      const event = { orderId: "ORD-1", status: "shipped", updateTimestamp: "t", eventType: "STATUS_UPDATE" };
      const schema = {
        type: "record",
        name: "OrderStatusUpdate",
        namespace: "com.ecommerce.order",
        fields: [...Object.keys(event).map(text), { ...text("carrier"), default: "" }],
      };
      const value = { ...event, carrier: "DHL" };
      const [written] = await runPython([
        { op: "serialize", topic: topic("OrderStatusUpdate"), schema, value, register: true },
      ]);
      const bytes = Buffer.from(written?.hex ?? "", "hex");
      const first = codec.decode(topic("OrderStatusUpdate"), bytes);
      expect(first).toEqual({
        ok: false,
        failure: { kind: "unresolved-schema", schemaId: bytes.readUInt32BE(1) },
      });
      expect(await codec.resolve(bytes.readUInt32BE(1))).toBe("known");
      expect(codec.decode(topic("OrderStatusUpdate"), bytes)).toMatchObject({ ok: true, value: { event } });
    },
    timeoutMs,
  );

  test(
    "the golden bytes are what Python writes",
    async () => {
      const bodies = await runPython(
        goldenCases.map(({ schema, event }) => ({ op: "body", schema, value: toJsonValue(event) })),
      );
      expect(bodies.map(({ hex }) => hex)).toEqual(goldenCases.map(({ body }) => body.toString("hex")));
    },
    timeoutMs,
  );

  test(
    "an id that the registry never gave is missing, and stays apart from a registry that is away",
    async () => {
      const codec = await readyCodec("missing");
      expect(await codec.resolve(2 ** 31 - 1)).toBe("missing");
      const away = createRegistry({ url: new URL("/no/such/path", url).href, timeoutMs: 10_000 });
      expect(await away.schemaOf(1)).toMatchObject({ ok: false, failure: { kind: "unavailable" } });
    },
    timeoutMs,
  );
});
