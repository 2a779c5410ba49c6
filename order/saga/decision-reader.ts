// A record of a decision topic becomes a decision, or the reason why it cannot. JSON as documented or Confluent-framed
// Avro; the first byte tells which. The key may be anything, and so may headers: what a Spring producer adds is not looked
// at. Never throws: bytes are other people's.
import type { KafkaRecord } from "../../kafka/record.ts";
import type { Codec, DecodeFailure } from "../../schemas/codec.ts";
import { readEventHeaders } from "../../schemas/event-headers.ts";
import type { FailedEvent, OriginalRecord } from "../domain/dead-letter.ts";
import { topicReadAs } from "../replays/replay-desk.ts";
import type { Answer, Side } from "./domain/saga.ts";

export type DecisionReading =
  | {
      readonly kind: "decision";
      readonly side: Side;
      readonly orderId: number;
      readonly answer: Answer;
      /** As sent. */
      readonly source: string | null;
      /** Null for JSON. */
      readonly schemaId: number | null;
    }
  | NoDecision
  /** The registry has to be asked for this schema first. */
  | { readonly kind: "unresolved-schema"; readonly schemaId: number };

export interface NoDecision {
  readonly kind: "undecodable";
  /** A stable code. */
  readonly reason: string;
  /** One sentence. */
  readonly message: string;
}

export interface DecisionReader {
  /** A replay is read as a record of the topic that it is the replay from. */
  read(record: Pick<KafkaRecord, "topic" | "value" | "headers">): DecisionReading;
  /** After "known" or "missing" the records of that schema can be read; "unavailable": ask again later. */
  resolve(schemaId: number): Promise<"known" | "missing" | "unavailable">;
  /** What a dead letter tells of its event. */
  describe(original: OriginalRecord): FailedEvent;
}

export interface DecisionTopics {
  readonly payment: string;
  readonly stock: string;
}

/** An order of 100 lines has about 10 kB. */
const maxValueBytes = 1024 * 1024;
const maxSourceLength = 1000;
const magicByte = 0;

export function createDecisionReader(
  codec: Pick<Codec, "decode" | "resolve">,
  topics: DecisionTopics,
  replayTopic?: string,
): DecisionReader {
  const topicOf = (record: Pick<KafkaRecord, "topic" | "headers">) =>
    record.topic === replayTopic ? (topicReadAs(record) ?? record.topic) : record.topic;

  function read(record: Pick<KafkaRecord, "topic" | "value" | "headers">): DecisionReading {
    const { value } = record;
    const topic = topicOf(record);
    const side: Side = topic === topics.payment ? "payment" : "stock";
    if (value !== null && value.length > maxValueBytes) {
      return undecodable("too_large", `The value has ${value.length} bytes: no decision is that long.`);
    }
    if (value === null || value[0] === magicByte) return readAvro(topic, value, side);
    const json = readJson(value);
    return json === undefined
      ? undecodable("undecodable", "The value is neither JSON nor framed Avro.")
      : toDecision(json, side, null);
  }

  function readAvro(topic: string, value: Buffer | null, side: Side): DecisionReading {
    const outcome = codec.decode(topic, value);
    if (!outcome.ok) return toFailure(outcome.failure);
    return toDecision(outcome.value.event, side, outcome.value.schemaId);
  }

  return {
    read,
    resolve: (schemaId) => codec.resolve(schemaId),
    describe(original) {
      const { value, headers } = original;
      const topic = topicOf(original);
      const eventId = readEventHeaders(headers).eventId ?? null;
      const unknown = { eventType: null, eventId, schemaId: null, eventJson: null };
      if (value === null || value.length > maxValueBytes) return unknown;
      if (value[0] !== magicByte) {
        const json = readJson(value);
        if (json === undefined) return unknown;
        return { eventType: "OrderDto", eventId, schemaId: null, eventJson: value.toString("utf8") };
      }
      const outcome = codec.decode(topic, value);
      if (!outcome.ok) return unknown;
      const { event, schemaId } = outcome.value;
      return { eventType: "OrderDto", eventId, schemaId, eventJson: JSON.stringify(event) };
    },
  };
}

function toFailure(failure: DecodeFailure): DecisionReading {
  return failure.kind === "unresolved-schema" ? failure : undecodable(failure.reason, failure.message);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Undefined for what is no JSON object. */
function readJson(value: Buffer): object | undefined {
  try {
    const json: unknown = JSON.parse(utf8.decode(value));
    return typeof json === "object" && json !== null && !Array.isArray(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** Three fields decide; what else an OrderDto has is the order's own, and is not looked at. */
function toDecision(dto: object, side: Side, schemaId: number | null): DecisionReading {
  const orderId = "orderId" in dto ? dto.orderId : undefined;
  const status = "status" in dto ? dto.status : undefined;
  const source = "source" in dto ? dto.source : null;
  if (typeof orderId !== "number" || !Number.isSafeInteger(orderId) || orderId < 1) {
    return undecodable("invalid_event", "orderId must be a positive integer of at most 2^53 - 1.");
  }
  if (status !== "ACCEPT" && status !== "REJECT") {
    return undecodable("invalid_event", "status must be ACCEPT or REJECT.");
  }
  if (source !== null && (typeof source !== "string" || source.length > maxSourceLength)) {
    return undecodable("invalid_event", `source must be null or a text of at most ${maxSourceLength}.`);
  }
  return { kind: "decision", side, orderId, answer: status, source, schemaId };
}

function undecodable(reason: string, message: string): NoDecision {
  return { kind: "undecodable", reason, message };
}
