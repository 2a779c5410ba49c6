// What this process knows of the schema ids it meets: how to read the records written with each. Learnt once and kept for
// good, since an id never changes its meaning; only "there is no such id" is forgotten again after a while.
import { compileByteCheck, type ByteCheck } from "./byte-check.ts";
import type { DecodedEvent, SchemaName } from "./events.ts";
import type { RegisteredSchema, SchemaRegistry } from "./registry.ts";
import { compileType, type Contradiction, schemaCatalog, schemaNames } from "./schema-catalog.ts";

export interface ReadableSchema {
  readonly kind: "readable";
  readonly name: SchemaName;
  readonly check: ByteCheck;
  /** The event at a position of checked bytes; throws what avsc throws. */
  readonly read: (bytes: Buffer, position: number, schemaId: number) => DecodedEvent | Contradiction;
}

export type WriterSchema =
  /** One of our record types, in our version of it or in another that resolves to ours. */
  | ReadableSchema
  /** A record type that this product has no use for. */
  | { readonly kind: "foreign"; readonly fullName: string }
  /** One of our types, or no Avro at all, in a form that cannot be read. */
  | { readonly kind: "unreadable"; readonly message: string };

export type Knowledge = WriterSchema | { readonly kind: "missing" } | { readonly kind: "unasked" };

export interface WriterSchemas {
  /** What is known of an id now. Never asks. */
  look(schemaId: number): Knowledge;
  /** The id under which this process's own version of a schema is registered. */
  learnOwn(schemaId: number, name: SchemaName): void;
  /** Asks the registry unless the answer is known. Concurrent questions for one id are one request. Never rejects. */
  resolve(schemaId: number): Promise<"known" | "missing" | "unavailable">;
}

export interface WriterSchemasOptions {
  readonly registry: Pick<SchemaRegistry, "schemaOf">;
  /** How long "no such id" is believed, in milliseconds: a registry may be told of a schema later. */
  readonly missingForMs: number;
  readonly now: () => number;
}

/** Ids are positive 32-bit integers; others need no question. */
const maxSchemaId = 2 ** 31 - 1;
/** Forged ids must not fill the memory: beyond this the oldest "no such id" is forgotten. */
const maxMissing = 10_000;

function ownVersion(name: SchemaName): ReadableSchema {
  const { type, read } = schemaCatalog[name];
  return { kind: "readable", name, check: compileByteCheck(type), read };
}

const ownVersions: Readonly<Record<SchemaName, ReadableSchema>> = {
  Order: ownVersion("Order"),
  OrderStatusUpdate: ownVersion("OrderStatusUpdate"),
  OrderEvent: ownVersion("OrderEvent"),
  DeadLetter: ownVersion("DeadLetter"),
  OrderDto: ownVersion("OrderDto"),
  OrderState: ownVersion("OrderState"),
};

const namesByFullName = new Map(schemaNames.map((name) => [schemaCatalog[name].fullName, name]));

export function createWriterSchemas({ registry, missingForMs, now }: WriterSchemasOptions): WriterSchemas {
  const known = new Map<number, WriterSchema>();
  const missingUntil = new Map<number, number>();
  const asking = new Map<number, Promise<"known" | "missing" | "unavailable">>();

  function noteMissing(schemaId: number): void {
    const oldest = missingUntil.keys().next();
    if (missingUntil.size >= maxMissing && oldest.done !== true) {
      missingUntil.delete(oldest.value);
    }
    missingUntil.set(schemaId, now() + missingForMs);
  }

  function look(schemaId: number): Knowledge {
    const schema = known.get(schemaId);
    if (schema !== undefined) {
      return schema;
    }
    if (schemaId < 1 || schemaId > maxSchemaId) {
      return { kind: "missing" };
    }
    const until = missingUntil.get(schemaId);
    if (until === undefined) {
      return { kind: "unasked" };
    }
    if (now() < until) {
      return { kind: "missing" };
    }
    missingUntil.delete(schemaId);
    return { kind: "unasked" };
  }

  async function ask(schemaId: number): Promise<"known" | "missing" | "unavailable"> {
    const answer = await registry.schemaOf(schemaId);
    if (answer.ok) {
      // Registration may have taught the same id meanwhile.
      if (!known.has(schemaId)) {
        known.set(schemaId, readWriterSchema(answer.value));
      }
      return "known";
    }
    if (answer.failure.kind === "missing") {
      noteMissing(schemaId);
      return "missing";
    }
    return "unavailable";
  }

  return {
    look,
    learnOwn(schemaId, name) {
      known.set(schemaId, ownVersions[name]);
    },
    async resolve(schemaId) {
      const knowledge = look(schemaId);
      if (knowledge.kind === "missing") {
        return "missing";
      }
      if (knowledge.kind !== "unasked") {
        return "known";
      }
      const question = asking.get(schemaId) ?? ask(schemaId);
      asking.set(schemaId, question);
      try {
        return await question;
      } finally {
        asking.delete(schemaId);
      }
    },
  };
}

/** What a schema from the registry means to us. Its text is somebody else's: whatever it says is an answer, not an error. */
export function readWriterSchema({ schemaType, definition, hasReferences }: RegisteredSchema): WriterSchema {
  if (schemaType !== "AVRO") {
    return { kind: "unreadable", message: `it is a ${schemaType} schema, not Avro` };
  }
  if (hasReferences) {
    return {
      kind: "unreadable",
      message: "it refers to other schemas of the registry, which is not supported",
    };
  }
  try {
    return resolveWriter(definition);
  } catch {
    return {
      kind: "unreadable",
      message: "it is not a valid Avro schema, or cannot be read as this service's version",
    };
  }
}

function resolveWriter(definition: string): WriterSchema {
  const writer = compileType(JSON.parse(definition));
  const name = namesByFullName.get(writer.name ?? "");
  if (name === undefined) {
    return { kind: "foreign", fullName: writer.name ?? writer.typeName };
  }
  const { type, read } = schemaCatalog[name];
  // Same bytes, other docs or defaults.
  if (type.equals(writer)) {
    return ownVersions[name];
  }
  const resolver = type.createResolver(writer);
  return {
    kind: "readable",
    name,
    check: compileByteCheck(writer),
    read: (bytes, position, schemaId) => read(bytes, position, schemaId, resolver),
  };
}
