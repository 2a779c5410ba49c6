// Test support: the golden values and their Avro bytes, which another implementation (Python's fastavro) wrote. A change
// of these bytes is a change of what other people's programs read.
import { readFileSync } from "node:fs";
import type { EventTypes, SchemaName } from "./events.ts";

export type GoldenCase = {
  readonly [Name in SchemaName]: {
    readonly name: Name;
    /** The .avsc file. */
    readonly schema: string;
    readonly title: string;
    readonly event: EventTypes[Name];
    /** Avro without the frame: ids differ from registry to registry. */
    readonly body: Buffer;
  };
}[SchemaName];

/** Where the tests put each record type. */
export const topicOf: Readonly<Record<SchemaName, string>> = {
  Order: "order-events",
  OrderStatusUpdate: "order-status-updates",
  OrderEvent: "order-events",
  DeadLetter: "order-events-dlq",
  OrderDto: "orders",
  OrderState: "order-state",
};

const files = ["order", "status_update", "order_event", "dlq", "order_dto", "order_state"];

export const goldenCases: readonly GoldenCase[] = files.flatMap((file) => {
  const text = readFileSync(new URL(`./golden/${file}.json`, import.meta.url), "utf8");
  const { name, schema, cases } = parseJson(text);
  return cases.map(({ title, value, hex }: { title: string; value: unknown; hex: string }) => ({
    name,
    schema,
    title,
    event: value,
    body: Buffer.from(hex, "hex"),
  }));
});

/** JSON in which `{"$hex": "…"}` is a Buffer. */
export function parseJson(text: string) {
  return JSON.parse(text, (_key, value) =>
    typeof value === "object" && value !== null && "$hex" in value ? Buffer.from(value.$hex, "hex") : value,
  );
}

/** The inverse of `parseJson`: Buffers become what JSON can hold. */
export function toJsonValue(value: unknown): unknown {
  if (Buffer.isBuffer(value)) {
    return { $hex: value.toString("hex") };
  }
  if (Array.isArray(value)) {
    return value.map(toJsonValue);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, content]) => [name, toJsonValue(content)]));
  }
  return value;
}
