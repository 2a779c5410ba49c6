import { expect, test } from "bun:test";
import type { OrderEvent } from "./events.ts";
import { goldenCases } from "./golden-cases.ts";
import { compileType, schemaCatalog, schemaNames, subjectOf } from "./schema-catalog.ts";

interface Named {
  readonly what: string;
  readonly doc: unknown;
}

/** Every record, enum and field of a schema, depth first. */
function namedParts(schema: unknown, where = ""): Named[] {
  if (Array.isArray(schema)) return schema.flatMap((branch) => namedParts(branch, where));
  if (typeof schema !== "object" || schema === null) return [];
  const doc = "doc" in schema ? schema.doc : undefined;
  const name = "name" in schema ? String(schema.name) : "";
  const own = name === "" ? [] : [{ what: `${where}${name}`, doc }];
  const fields = "fields" in schema && Array.isArray(schema.fields) ? schema.fields : [];
  const inner = ["type", "items", "values"].map(
    (key): unknown => Object.entries(schema).find(([k]) => k === key)?.[1],
  );
  return [
    ...own,
    ...inner.flatMap((part) => namedParts(part, where)),
    ...fields.flatMap((field) => namedParts(field, `${name}.`)),
  ];
}

test("every schema, nested type and field says what it means", () => {
  for (const name of schemaNames) {
    const parts = namedParts(JSON.parse(schemaCatalog[name].definition));
    expect(parts.length).toBeGreaterThan(4);
    for (const { what, doc } of parts) {
      expect(typeof doc === "string" && doc.length > 8 ? what : `${what} has no doc`).toBe(what);
    }
  }
});

test("no two schemas define the same type name, so all of them fit into one registry and namespace", () => {
  const defined = schemaNames.flatMap((name) =>
    [...schemaCatalog[name].definition.matchAll(/"type":"(?:record|enum)","name":"(\w+)"/g)].map(
      (match) => match[1],
    ),
  );
  expect(defined.length).toBeGreaterThan(schemaNames.length);
  expect(new Set(defined).size).toBe(defined.length);
});

test("subjects are named by topic and full record name", () => {
  expect(subjectOf("order-events", "OrderEvent")).toBe("order-events-com.ecommerce.order.OrderEvent");
  expect(subjectOf("order-status-updates", "OrderStatusUpdate")).toBe(
    "order-status-updates-com.ecommerce.order.OrderStatusUpdate",
  );
});

test("an update is about a tenth of a creation of twenty lines: it carries only what changes", () => {
  const { type, toWire } = schemaCatalog.OrderEvent;
  const sizeOf = (title: string, change: (event: OrderEvent) => OrderEvent) => {
    const golden = goldenCases.find((golden) => golden.title === title);
    if (golden?.name !== "OrderEvent") throw new Error(`no golden case ${title}`);
    return type.toBuffer(toWire(change(golden.event))).length;
  };
  const update = sizeOf("update", (event) => event);
  const create = sizeOf("create, seventy lines: a count of two bytes", (event) =>
    event.eventType === "CREATE"
      ? { ...event, payload: { ...event.payload, items: event.payload.items.slice(0, 20) } }
      : event,
  );
  expect(update / create).toBeLessThan(0.12);
});

test("a dead letter of system A's eleven fields alone can be read: every later field has a default", () => {
  const ours = schemaCatalog.DeadLetter.type;
  const fields = JSON.parse(schemaCatalog.DeadLetter.definition).fields.slice(0, 11);
  const systemA = compileType({ type: "record", name: "com.ecommerce.order.DeadLetter", fields });
  const resolver = ours.createResolver(systemA);
  const old = systemA.toBuffer({
    originalMessage: "{}",
    errorMessage: "no",
    errorType: "ValueError",
    retryCount: 3,
    failedAttempts: 4,
    firstFailureTimestamp: "",
    lastFailureTimestamp: "",
    originalTopic: "order-events",
    originalPartition: 0,
    originalOffset: 7,
    consumerGroup: "order-service-group",
  });
  expect(ours.decode(old, 0, resolver).value).toMatchObject({
    originalOffset: 7,
    errorCategory: "RETRY_THEN_DLQ",
    originalValue: null,
    originalHeaders: [],
    attempts: [],
  });
});
