// Events to bytes and back, in the Confluent wire format: a zero byte, the schema's id (four bytes, big-endian), Avro binary.
//
// Both directions are synchronous and answer a value; neither throws for what it is given. Only an id that this process has
// never met needs the registry: `decode` says so and `resolve` asks. While the registry is away everything that is known
// goes on.
import { byteFault, type ByteFault } from "./byte-check.ts";
import type { DecodedEvent, EventTypes, SchemaName } from "./events.ts";
import type { SchemaRegistry } from "./registry.ts";
import { contradiction, schemaCatalog, subjectOf } from "./schema-catalog.ts";
import { type CodecLogger, openSubjectIds, type TopicSchema } from "./subject-ids.ts";
import { compileValueCheck, describeProblem, type ValueCheck } from "./value-check.ts";
import { createWriterSchemas, type Knowledge, type ReadableSchema } from "./writer-schemas.ts";

export interface EncodeFailure {
  /** `registry-unavailable`: the schema has no id yet, retry later. `not-serialisable`: the event does not fit, do not retry. */
  readonly kind: "registry-unavailable" | "not-serialisable";
  /** One sentence that names the field and the rule, never the value. */
  readonly message: string;
}

export type EncodeOutcome =
  | { readonly ok: true; readonly value: Buffer }
  | { readonly ok: false; readonly failure: EncodeFailure };

/** Stable codes: they are stored with dead letters and counted. */
export type UndecodableReason =
  | ByteFault
  | "tombstone"
  | "too_short"
  | "not_avro_framed"
  | "unknown_schema_id"
  | "schema_of_other_subject"
  | "unreadable_schema"
  | "trailing_bytes"
  | "event_type_mismatch";

export type DecodeFailure =
  /** For good: these bytes will never be an event of this topic. */
  | { readonly kind: "undecodable"; readonly reason: UndecodableReason; readonly message: string }
  /** `resolve` first, then decode again. */
  | { readonly kind: "unresolved-schema"; readonly schemaId: number };

export type DecodeOutcome =
  | { readonly ok: true; readonly value: DecodedEvent }
  | { readonly ok: false; readonly failure: DecodeFailure };

export interface Codec {
  /** Whether every schema has its id, so that everything can be encoded. */
  readonly isReady: boolean;
  /** True as soon as `isReady`; false when the codec is closed before. Has no deadline: the registry may be away for long. */
  ready(): Promise<boolean>;
  /** The pair of topic and name has to be among the codec's subjects: another one throws. The buffer is the caller's. */
  encode<Name extends SchemaName>(topic: string, name: Name, event: EventTypes[Name]): EncodeOutcome;
  /** Null is a tombstone. */
  decode(topic: string, value: Buffer | null): DecodeOutcome;
  /**
   * Asks the registry for a schema that `decode` called unresolved. After `known` and `missing` decode has an answer;
   * `unavailable` says nothing about the record: wait and ask again. Concurrent questions for one id are one request.
   */
  resolve(schemaId: number): Promise<"known" | "missing" | "unavailable">;
  /** Stops asking for ids. What is known goes on working. */
  close(): void;
}

export interface CodecOptions {
  readonly registry: SchemaRegistry;
  /** Which record types are on which topics; each pair is registered as `<topic>-<full name>`. */
  readonly subjects: readonly TopicSchema[];
  readonly logger?: CodecLogger;
  /** Wait before asking again for ids that are still unknown, attempt counts from 1; 100 ms doubled up to 5 s, jittered. */
  readonly retryDelayMs?: (attempt: number) => number;
  /** How long "no such id" is believed; 30 s. */
  readonly missingForMs?: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

const magicByte = 0;
const headerLength = 5;
const defaultMissingForMs = 30_000;

function defaultRetryDelayMs(attempt: number): number {
  return Math.min(5_000, 100 * 2 ** Math.min(attempt - 1, 10)) * (0.5 + Math.random() / 2);
}

/** Answers at once and gets the schemas' ids in the background, for as long as it takes. */
export function openCodec(options: CodecOptions): Codec {
  const { registry, subjects, logger, retryDelayMs = defaultRetryDelayMs } = options;
  const { missingForMs = defaultMissingForMs, now = () => performance.now() } = options;
  const schemas = createWriterSchemas({ registry, missingForMs, now });
  const namesByTopic = new Map<string, Set<SchemaName>>();
  for (const [topic, name] of subjects) {
    namesByTopic.set(topic, (namesByTopic.get(topic) ?? new Set<SchemaName>()).add(name));
  }
  const ids = openSubjectIds({
    registry,
    subjects,
    retryDelayMs,
    onId: (schemaId, name) => schemas.learnOwn(schemaId, name),
    ...(logger === undefined ? {} : { logger }),
  });

  function decodeWith(schema: ReadableSchema, schemaId: number, bytes: Buffer): DecodeOutcome {
    const end = schema.check(bytes, headerLength);
    if (end < 0) {
      const reason = byteFault(end);
      return undecodable(
        reason,
        `The value (${bytes.length} bytes, schema ${schemaId}) ${faultText[reason]}.`,
      );
    }
    if (end < bytes.length) {
      const extra = bytes.length - end;
      return undecodable(
        "trailing_bytes",
        `The value has ${extra} bytes after its record (schema ${schemaId}).`,
      );
    }
    return readEvent(schema, schemaId, bytes);
  }

  return {
    get isReady() {
      return ids.complete;
    },
    ready: () => ids.completed(),

    encode(topic, name, event) {
      const schemaId = ids.idOf(topic, name);
      if (schemaId === undefined) {
        if (namesByTopic.get(topic)?.has(name) !== true) {
          throw new Error(`encode: ${subjectOf(topic, name)} is not among the codec's subjects`);
        }
        const message = "The schema registry has not given this event's schema an id yet.";
        return { ok: false, failure: { kind: "registry-unavailable", message } };
      }
      const wire = schemaCatalog[name].toWire(event);
      const problem = valueChecks[name](wire);
      if (problem !== null) {
        return { ok: false, failure: { kind: "not-serialisable", message: `${describeProblem(problem)}.` } };
      }
      return { ok: true, value: frame(schemaId, name, wire) };
    },

    decode(topic, value) {
      if (value === null) {
        return undecodable("tombstone", "The record has no value.");
      }
      if (value.length > 0 && value[0] !== magicByte) {
        return undecodable("not_avro_framed", "The value does not begin with the zero byte of framed Avro.");
      }
      if (value.length < headerLength) {
        return undecodable("too_short", `The value has ${value.length} bytes: too few for a schema id.`);
      }
      const schemaId = value.readUInt32BE(1);
      const schema = schemas.look(schemaId);
      if (schema.kind !== "readable") {
        return refuse(schema, schemaId, topic);
      }
      return namesByTopic.get(topic)?.has(schema.name) === true
        ? decodeWith(schema, schemaId, value)
        : otherSubject(schemaId, schemaCatalog[schema.name].fullName, topic);
    },

    resolve: (schemaId) => schemas.resolve(schemaId),
    close: () => ids.close(),
  };
}

const valueChecks: Readonly<Record<SchemaName, ValueCheck>> = {
  Order: compileValueCheck(schemaCatalog.Order.type),
  OrderStatusUpdate: compileValueCheck(schemaCatalog.OrderStatusUpdate.type),
  OrderEvent: compileValueCheck(schemaCatalog.OrderEvent.type),
  DeadLetter: compileValueCheck(schemaCatalog.DeadLetter.type),
  OrderDto: compileValueCheck(schemaCatalog.OrderDto.type),
  OrderState: compileValueCheck(schemaCatalog.OrderState.type),
};

const faultText: Readonly<Record<ByteFault, string>> = {
  truncated: "ends before its record does",
  block_count: "promises more items than its bytes can hold",
  invalid_value:
    "holds a value that its schema does not allow: a number out of bounds, bad UTF-8, an unknown branch",
  nested_too_deeply: "nests records too deeply",
};

function undecodable(reason: UndecodableReason, message: string): DecodeOutcome {
  return { ok: false, failure: { kind: "undecodable", reason, message } };
}

function otherSubject(schemaId: number, fullName: string, topic: string): DecodeOutcome {
  return undecodable(
    "schema_of_other_subject",
    `Schema ${schemaId} is ${fullName}, which is not read on ${topic}.`,
  );
}

function refuse(schema: Exclude<Knowledge, ReadableSchema>, schemaId: number, topic: string): DecodeOutcome {
  if (schema.kind === "unasked") {
    return { ok: false, failure: { kind: "unresolved-schema", schemaId } };
  }
  if (schema.kind === "missing") {
    return undecodable("unknown_schema_id", `The schema registry has no schema ${schemaId}.`);
  }
  return schema.kind === "foreign"
    ? otherSubject(schemaId, schema.fullName, topic)
    : undecodable("unreadable_schema", `Schema ${schemaId} is of no use: ${schema.message}.`);
}

function readEvent(schema: ReadableSchema, schemaId: number, bytes: Buffer): DecodeOutcome {
  let decoded;
  try {
    decoded = schema.read(bytes, headerLength, schemaId);
  } catch {
    // What is left to avsc: a symbol or number of another version of the schema that ours has no place for.
    return undecodable(
      "invalid_value",
      `The value (schema ${schemaId}) does not fit this service's version of its schema.`,
    );
  }
  return decoded === contradiction
    ? undecodable("event_type_mismatch", "The event's eventType and its payload contradict each other.")
    : { ok: true, value: decoded };
}

// Encoded into a buffer that is kept, then copied out at its exact size: most events are a few hundred bytes.
const scratch = Buffer.allocUnsafeSlow(16 * 1024);

function frame(schemaId: number, name: SchemaName, wire: unknown): Buffer {
  const { type } = schemaCatalog[name];
  const end = type.encode(wire, scratch, headerLength);
  if (end < 0) {
    // avsc answers how many bytes are missing. A rare large event gets its own buffer, so that memory stays flat.
    const large = Buffer.allocUnsafeSlow(scratch.length - end);
    type.encode(wire, large, headerLength);
    large[0] = magicByte;
    large.writeUInt32BE(schemaId, 1);
    return large;
  }
  scratch[0] = magicByte;
  scratch.writeUInt32BE(schemaId, 1);
  return Buffer.from(scratch.subarray(0, end));
}
