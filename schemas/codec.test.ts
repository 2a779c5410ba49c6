import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Codec, openCodec } from "./codec.ts";
import type { DeadLetter, OrderDto, OrderEvent, OrderStatusUpdate } from "./events.ts";
import { goldenCases, topicOf } from "./golden-cases.ts";
import { createMockRegistry } from "./mock-registry.ts";
import type { RegistryFailure, SchemaRegistry } from "./registry.ts";
import { compileType, schemaCatalog, schemaNames, subjectOf } from "./schema-catalog.ts";
import type { TopicSchema } from "./subject-ids.ts";

const subjects: readonly TopicSchema[] = schemaNames.map((name) => [topicOf[name], name]);
const update: OrderEvent = {
  eventType: "UPDATE",
  orderId: "ORDER-1",
  timestamp: "2026-01-01T00:00:00.000Z",
  payload: { status: "shipped" },
};

/** A registry that can be taken away and brought back, over the real mock client; `questions` counts what reached it. */
function createInterruptedRegistry(inner = createMockRegistry()) {
  const away: RegistryFailure = { kind: "unavailable", message: "The schema registry cannot be reached." };
  const state = { reachable: true, questions: 0 };
  const registry: SchemaRegistry = {
    async idOf(...question) {
      state.questions++;
      return state.reachable ? inner.idOf(...question) : { ok: false, failure: away };
    },
    async schemaOf(schemaId) {
      state.questions++;
      return state.reachable ? inner.schemaOf(schemaId) : { ok: false, failure: away };
    },
  };
  return { state, registry, inner };
}

async function readyCodec(registry: SchemaRegistry = createMockRegistry()): Promise<Codec> {
  const codec = openCodec({ registry, subjects });
  expect(await codec.ready()).toBe(true);
  return codec;
}

function encoded(codec: Codec, event: OrderEvent = update): Buffer {
  const outcome = codec.encode("order-events", "OrderEvent", event);
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.value;
}

/** The failure's kind or reason, or the name of the event. */
function told(codec: Codec, topic: string, value: Buffer | null): string {
  const outcome = codec.decode(topic, value);
  if (outcome.ok) return outcome.value.name;
  return outcome.failure.kind === "undecodable" ? outcome.failure.reason : outcome.failure.kind;
}

function framed(schemaId: number, body: Uint8Array = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(schemaId, 1);
  return Buffer.concat([header, body]);
}

describe("round trip", () => {
  const text = fc.string({ unit: "binary", maxLength: 80 });
  const amount = fc.double({ noNaN: true, noDefaultInfinity: true });
  const int = fc.integer();
  const items = fc.array(fc.record({ itemId: text, quantity: int, price: amount }), { maxLength: 4 });
  const bytes = fc.uint8Array({ maxLength: 80 }).map((content) => Buffer.from(content));
  const long = fc.integer({ min: -(2 ** 52), max: 2 ** 53 - 2 });
  const order = {
    customerId: text,
    orderDate: text,
    items,
    totalAmount: amount,
    currency: text,
    status: text,
  };
  const orderEvents: fc.Arbitrary<OrderEvent> = fc.oneof(
    fc.record({
      eventType: fc.constant("CREATE" as const),
      orderId: text,
      timestamp: text,
      payload: fc.record(order),
    }),
    fc.record({
      eventType: fc.constant("UPDATE" as const),
      orderId: text,
      timestamp: text,
      payload: fc.record({ status: text }),
    }),
  );
  const statusUpdates: fc.Arbitrary<OrderStatusUpdate> = fc.record({
    orderId: text,
    status: text,
    updateTimestamp: text,
    eventType: text,
  });
  const orderDtos: fc.Arbitrary<OrderDto> = fc.record({
    orderId: long,
    customerId: text,
    status: text,
    source: fc.option(text),
    items: fc.array(fc.record({ productId: text, quantity: int, price: amount }), { maxLength: 4 }),
  });
  const deadLetters: fc.Arbitrary<DeadLetter> = fc.record({
    originalMessage: fc.option(text),
    errorMessage: text,
    errorType: text,
    retryCount: int,
    failedAttempts: int,
    firstFailureTimestamp: text,
    lastFailureTimestamp: text,
    originalTopic: text,
    originalPartition: int,
    originalOffset: long,
    consumerGroup: text,
    originalValue: fc.option(bytes),
    originalValueSize: fc.option(long),
    originalValueSha256: fc.option(text),
    originalKey: fc.option(bytes),
    originalHeaders: fc.array(fc.record({ name: text, value: fc.option(bytes) }), { maxLength: 3 }),
    originalTimestampMs: fc.option(long),
    errorCategory: fc.constantFrom("NO_RETRY_DLQ", "RETRY_THEN_DLQ", "RETRY_FOREVER"),
    reasonCode: fc.option(text),
    eventId: fc.option(text),
    eventType: fc.option(text),
    schemaId: fc.option(int),
    attempts: fc.array(fc.record({ attempt: int, failedAt: text, errorType: text, errorMessage: text }), {
      maxLength: 3,
    }),
  });
  const events = fc.oneof(
    fc.record({ name: fc.constant("Order" as const), event: fc.record({ orderId: text, ...order }) }),
    fc.record({ name: fc.constant("OrderEvent" as const), event: orderEvents }),
    fc.record({ name: fc.constant("OrderStatusUpdate" as const), event: statusUpdates }),
    fc.record({ name: fc.constant("OrderDto" as const), event: orderDtos }),
    fc.record({ name: fc.constant("DeadLetter" as const), event: deadLetters }),
  );

  test("every event comes back as it was, told apart by its schema id alone", async () => {
    const codec = await readyCodec();
    fc.assert(
      fc.property(events, ({ name, event }) => {
        const outcome = codec.encode(topicOf[name], name, event);
        if (!outcome.ok) throw new Error(outcome.failure.message);
        const decoded = codec.decode(topicOf[name], outcome.value);
        if (!decoded.ok) throw new Error(JSON.stringify(decoded.failure));
        expect(decoded.value.name).toBe(name);
        expect(decoded.value.event).toEqual(event);
      }),
      { numRuns: 500 },
    );
  });

  test("an event larger than the kept buffer is whole, and the next small one is too", async () => {
    const codec = await readyCodec();
    const large: OrderEvent = { ...update, payload: { status: "é".repeat(500_000) } };
    const bytes = encoded(codec, large);
    const small = encoded(codec);
    expect(codec.decode("order-events", bytes)).toMatchObject({ ok: true, value: { event: large } });
    expect(codec.decode("order-events", small)).toMatchObject({ ok: true, value: { event: update } });
  });

  test("an encoded buffer belongs to the caller: encoding on does not change it", async () => {
    const codec = await readyCodec();
    const first = encoded(codec);
    const copy = Buffer.from(first);
    encoded(codec, { ...update, orderId: "ANOTHER" });
    expect(first.equals(copy)).toBe(true);
  });

  test("the compiler and the codec both refuse an event of the wrong shape, in one sentence", async () => {
    const codec = await readyCodec();
    // @ts-expect-error a status is text
    const wrong: OrderEvent = { ...update, payload: { status: 5 } };
    expect(codec.encode("order-events", "OrderEvent", wrong)).toEqual({
      ok: false,
      failure: { kind: "not-serialisable", message: "payload.status must be a string." },
    });
  });

  test("encoding for a subject that nobody configured is a mistake in the program and throws", async () => {
    const codec = await readyCodec();
    expect(() => codec.encode("orders", "OrderEvent", update)).toThrow(
      "orders-com.ecommerce.order.OrderEvent is not among",
    );
  });
});

describe("poison", () => {
  test("a tombstone, no bytes, one to four bytes and a wrong magic byte each have their reason", async () => {
    const codec = await readyCodec();
    expect(told(codec, "order-events", null)).toBe("tombstone");
    for (let length = 0; length < 5; length++) {
      expect(told(codec, "order-events", Buffer.alloc(length))).toBe("too_short");
    }
    expect(told(codec, "order-events", Buffer.from('{"orderId":1}'))).toBe("not_avro_framed");
    expect(told(codec, "order-events", Buffer.from([0x1f, 0x8b]))).toBe("not_avro_framed");
    expect(told(codec, "order-events", Buffer.alloc(10 * 1024 * 1024, 0xff))).toBe("not_avro_framed");
  });

  test("a record of another subject is told as such, on a topic of another kind and on an unknown one", async () => {
    const codec = await readyCodec();
    expect(told(codec, "order-status-updates", encoded(codec))).toBe("schema_of_other_subject");
    expect(told(codec, "payments", encoded(codec))).toBe("schema_of_other_subject");
    expect(told(codec, "order-events", encoded(codec))).toBe("OrderEvent");
  });

  test("a value that is cut anywhere, or continues after its end, is a failure", async () => {
    const codec = await readyCodec();
    for (const { name, event } of goldenCases) {
      const outcome = codec.encode(topicOf[name], name, event);
      if (!outcome.ok) throw new Error(outcome.failure.message);
      for (let length = 0; length < outcome.value.length; length++) {
        const cut = outcome.value.subarray(0, length);
        expect(["too_short", "truncated", "block_count"]).toContain(told(codec, topicOf[name], cut));
      }
      const longer = Buffer.concat([outcome.value, Buffer.from([0])]);
      expect(told(codec, topicOf[name], longer)).toBe("trailing_bytes");
    }
  });

  test("an event type that contradicts its payload has its own reason, both ways", async () => {
    const codec = await readyCodec();
    const { type } = schemaCatalog.OrderEvent;
    const schemaId = encoded(codec).readUInt32BE(1);
    const { payload } = goldenCases.flatMap((golden) =>
      golden.name === "OrderEvent" && golden.event.eventType === "CREATE" ? [golden.event] : [],
    )[0] ?? { payload: undefined };
    const contradictions = [
      { eventType: "CREATE", payload: { "com.ecommerce.order.UpdateOrderPayload": { status: "s" } } },
      { eventType: "UPDATE", payload: { "com.ecommerce.order.CreateOrderPayload": payload } },
    ];
    for (const contradiction of contradictions) {
      const body = type.toBuffer({ orderId: "O", timestamp: "t", ...contradiction });
      expect(told(codec, "order-events", framed(schemaId, body))).toBe("event_type_mismatch");
    }
  });

  test("no bytes at all make decoding throw, and what it accepts is never bigger than the bytes account for", async () => {
    const codec = await readyCodec();
    const sound = goldenCases.map(({ name, event }) => {
      const outcome = codec.encode(topicOf[name], name, event);
      if (!outcome.ok) throw new Error(outcome.failure.message);
      return { topic: topicOf[name], value: outcome.value };
    });
    const mutated = fc
      .tuple(
        fc.constantFrom(...sound),
        fc.array(fc.tuple(fc.nat(), fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xfe, 0xff), fc.nat(255))), {
          minLength: 1,
          maxLength: 6,
        }),
      )
      .map(([{ topic, value }, changes]) => {
        const bytes = Buffer.from(value);
        for (const [place, byte] of changes) bytes[5 + (place % (bytes.length - 5))] = byte;
        return { topic, value: bytes };
      });
    const random = fc.record({
      topic: fc.constantFrom(...Object.values(topicOf)),
      value: fc
        .tuple(fc.nat(12), fc.uint8Array({ maxLength: 200 }))
        .map(([schemaId, body]) => framed(schemaId, body)),
    });
    fc.assert(
      fc.property(fc.oneof(mutated, random), ({ topic, value }) => {
        const outcome = codec.decode(topic, value);
        if (!outcome.ok) return;
        expect(JSON.stringify(outcome.value).length).toBeLessThan(2_000 + 200 * value.length);
      }),
      { numRuns: 5_000 },
    );
  });

  test("six bytes that promise two billion items are refused on the spot", async () => {
    const definition = JSON.stringify({
      type: "record",
      name: "com.ecommerce.order.OrderStatusUpdate",
      fields: [
        { name: "list", type: { type: "array", items: "null" } },
        { name: "orderId", type: "string" },
        { name: "status", type: "string" },
        { name: "updateTimestamp", type: "string" },
      ],
    });
    const registry = createMockRegistry();
    const id = await registry.idOf("order-status-updates-x", definition);
    const victim = openCodec({ registry, subjects: [["order-status-updates", "OrderStatusUpdate"]] });
    await victim.ready();
    const schemaId = id.ok ? id.value : 0;
    expect(await victim.resolve(schemaId)).toBe("known");
    const bomb = framed(schemaId, Buffer.from("feffffff0f00", "hex"));
    expect(told(victim, "order-status-updates", bomb)).toBe("block_count");
  });
});

describe("while the registry is away", () => {
  test("opening does not wait for it, encoding says so, and it recovers by itself", async () => {
    const { registry, state } = createInterruptedRegistry();
    state.reachable = false;
    const warnings: string[] = [];
    const codec = openCodec({
      registry,
      subjects,
      logger: { info: () => {}, warn: (message) => warnings.push(message) },
      retryDelayMs: (attempt) => {
        if (attempt === 3) state.reachable = true;
        return 0;
      },
    });
    expect(codec.isReady).toBe(false);
    expect(codec.encode("order-events", "OrderEvent", update)).toMatchObject({
      ok: false,
      failure: { kind: "registry-unavailable" },
    });
    expect(await codec.ready()).toBe(true);
    expect(codec.isReady).toBe(true);
    expect(encoded(codec).length).toBeGreaterThan(5);
    expect(state.questions).toBe(3 + subjects.length);
    expect(warnings).toHaveLength(1);
  });

  test("what is known is encoded and decoded on, without a question", async () => {
    const { registry, state } = createInterruptedRegistry();
    const codec = await readyCodec(registry);
    const asked = state.questions;
    state.reachable = false;
    expect(told(codec, "order-events", encoded(codec))).toBe("OrderEvent");
    expect(state.questions).toBe(asked);
  });

  test("an id never met stays unresolved, not dead, until the registry answers", async () => {
    const { registry, state, inner } = createInterruptedRegistry();
    const codec = await readyCodec(registry);
    const other = await inner.idOf(
      "elsewhere-com.ecommerce.order.OrderEvent",
      schemaCatalog.OrderEvent.definition,
    );
    const value = framed(other.ok ? other.value : 0, encoded(codec).subarray(5));
    state.reachable = false;
    expect(told(codec, "order-events", value)).toBe("unresolved-schema");
    expect(await codec.resolve(value.readUInt32BE(1))).toBe("unavailable");
    expect(told(codec, "order-events", value)).toBe("unresolved-schema");
    state.reachable = true;
    expect(await codec.resolve(value.readUInt32BE(1))).toBe("known");
    expect(told(codec, "order-events", value)).toBe("OrderEvent");
  });

  test("a refused schema does not keep the others from their ids", async () => {
    const inner = createMockRegistry();
    const refused = subjectOf("order-events", "Order");
    const codec = openCodec({
      registry: {
        ...inner,
        idOf: async (subject, definition) =>
          subject === refused
            ? { ok: false, failure: { kind: "refused", message: "incompatible" } }
            : inner.idOf(subject, definition),
      },
      subjects,
      retryDelayMs: () => 60_000,
    });
    const lastSubject = subjects.at(-1);
    if (lastSubject === undefined) throw new Error("no subjects");
    const golden = goldenCases.find(({ name }) => name === lastSubject[1]);
    if (golden === undefined) throw new Error("no golden case");
    await until(() => codec.encode(topicOf[golden.name], golden.name, golden.event).ok);
    expect(codec.isReady).toBe(false);
    codec.close();
    expect(await codec.ready()).toBe(false);
  });
});

describe("ids that have to be asked for", () => {
  test("concurrent questions for one id are one request", async () => {
    const { registry, state, inner } = createInterruptedRegistry();
    const codec = await readyCodec(registry);
    const other = await inner.idOf("elsewhere", schemaCatalog.OrderEvent.definition);
    const asked = state.questions;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => codec.resolve(other.ok ? other.value : 0)),
    );
    expect(new Set(answers)).toEqual(new Set(["known"]));
    expect(state.questions).toBe(asked + 1);
  });

  test("an unknown id is asked once, then dead without a question until the answer has grown old", async () => {
    const { registry, state } = createInterruptedRegistry();
    let nowMs = 0;
    const codec = openCodec({ registry, subjects, missingForMs: 1_000, now: () => nowMs });
    await codec.ready();
    const value = framed(4711);
    expect(told(codec, "order-events", value)).toBe("unresolved-schema");
    expect(await codec.resolve(4711)).toBe("missing");
    const asked = state.questions;
    expect(told(codec, "order-events", value)).toBe("unknown_schema_id");
    expect(await codec.resolve(4711)).toBe("missing");
    expect(state.questions).toBe(asked);
    nowMs = 1_001;
    expect(told(codec, "order-events", value)).toBe("unresolved-schema");
  });

  test("an id that no registry can give is dead without a question", async () => {
    const { registry, state } = createInterruptedRegistry();
    const codec = await readyCodec(registry);
    const asked = state.questions;
    for (const schemaId of [0, 2 ** 31, 2 ** 32 - 1]) {
      expect(told(codec, "order-events", framed(schemaId))).toBe("unknown_schema_id");
      expect(await codec.resolve(schemaId)).toBe("missing");
    }
    expect(state.questions).toBe(asked);
  });
});

describe("another version of a schema", () => {
  /** Registers `fields` as another version of OrderStatusUpdate and answers a value written with it. */
  async function written(fields: object[], event: object): Promise<{ codec: Codec; value: Buffer }> {
    const registry = createMockRegistry();
    const schema = { type: "record" as const, name: "com.ecommerce.order.OrderStatusUpdate", fields };
    const definition = JSON.stringify(schema);
    const id = await registry.idOf(subjectOf("order-status-updates", "OrderStatusUpdate"), definition);
    const codec = await readyCodec(registry);
    const body = compileType(JSON.parse(definition)).toBuffer(event);
    const value = framed(id.ok ? id.value : 0, body);
    expect(told(codec, "order-status-updates", value)).toBe("unresolved-schema");
    expect(await codec.resolve(value.readUInt32BE(1))).toBe("known");
    return { codec, value };
  }
  const text = (name: string) => ({ name, type: "string" });
  const three = { orderId: "ORD-1", status: "shipped", updateTimestamp: "2026-01-01T00:00:00Z" };

  test("an older one without our field reads with the field's default", async () => {
    const { codec, value } = await written([text("orderId"), text("status"), text("updateTimestamp")], three);
    expect(codec.decode("order-status-updates", value)).toMatchObject({
      ok: true,
      value: { name: "OrderStatusUpdate", event: { ...three, eventType: "STATUS_UPDATE" } },
    });
  });

  test("a newer one with fields of its own reads without them, in any order", async () => {
    const note = { name: "note", type: ["null", { type: "map", values: "string" }] };
    const fields = [note, text("status"), text("updateTimestamp"), text("eventType"), text("orderId")];
    const { codec, value } = await written(fields, { ...three, eventType: "X", note: { by: "me" } });
    const decoded = codec.decode("order-status-updates", value);
    expect(decoded.ok && decoded.value.event).toEqual({ ...three, eventType: "X" });
  });

  test("its bytes are checked as its own schema writes them", async () => {
    const note = { name: "note", type: { type: "map", values: "string" } };
    const fields = [note, text("status"), text("updateTimestamp"), text("orderId")];
    const { codec, value } = await written(fields, { ...three, note: {} });
    const proto = Buffer.concat([
      value.subarray(0, 5),
      Buffer.from("02125f5f70726f746f5f5f00", "hex"),
      value.subarray(5),
    ]);
    expect(told(codec, "order-status-updates", proto)).toBe("invalid_value");
    expect(told(codec, "order-status-updates", value.subarray(0, -1))).toBe("truncated");
  });

  test("one that cannot become ours is dead with its own reason", async () => {
    const { codec, value } = await written([text("orderId"), { name: "status", type: "int" }], {
      orderId: "O",
      status: 1,
    });
    expect(told(codec, "order-status-updates", value)).toBe("unreadable_schema");
  });

  test("the same schema without docs is the same schema", async () => {
    const fields = [text("orderId"), text("status"), text("updateTimestamp"), text("eventType")];
    const { codec, value } = await written(fields, { ...three, eventType: "STATUS_UPDATE" });
    expect(told(codec, "order-status-updates", value)).toBe("OrderStatusUpdate");
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadlineAt = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadlineAt) throw new Error("the condition never came true");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
