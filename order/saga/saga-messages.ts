// What a change asks for becomes bytes for Kafka: an order's NEW and its result as the documented JSON OrderDto, a failed
// decision as a dead letter with its original bytes. The same request makes the same bytes and the same event id.
import type { RecordHeader } from "../../kafka/record.ts";
import type { Codec } from "../../schemas/codec.ts";
import { buildDeadLetter, trimFurther, type Trim } from "../dead-letters/build-dead-letter.ts";
import type { OriginalRecord } from "../domain/dead-letter.ts";
import type { ParkedRecord } from "../store/parked-records.ts";
import { forgedReplay } from "../replays/domain/standing.ts";
import type { ReplayDesk } from "../replays/replay-desk.ts";
import { RegistryUnavailable } from "../worker/read-items.ts";
import type { DecisionReader } from "./decision-reader.ts";
import type { Saga } from "./domain/saga.ts";
import { derivedEventId } from "./event-id.ts";
import { toSagaOrder } from "./saga-order.ts";
import type { OutgoingMessage } from "./store/saga-store.ts";

export type SagaMessage =
  /** The saga has its order; it is announced as NEW, whatever has become of it in the same step. */
  | { readonly kind: "announce"; readonly saga: Saga }
  | { readonly kind: "result"; readonly saga: Saga }
  | LetterRequest;

export interface LetterRequest {
  readonly kind: "dead-letter";
  readonly reason: string;
  readonly message: string;
  readonly original: OriginalRecord;
  readonly groupId: string;
}

export interface SagaMessages {
  /** Throws RegistryUnavailable for a dead letter whose schema has no id yet. */
  toOutgoing(message: SagaMessage, nowMs: number): OutgoingMessage;
}

export interface SagaMessagesOptions {
  /** With `[dlqTopic, "DeadLetter"]` among its subjects. */
  readonly codec: Pick<Codec, "encode">;
  readonly reader: Pick<DecisionReader, "describe">;
  /** A replay that failed again is a later failure of its original. */
  readonly replays?: Pick<ReplayDesk, "toDeadLetter"> | undefined;
  readonly ordersTopic: string;
  readonly dlqTopic: string;
}

/** The usual bound of brokers is 1 MiB for a batch; a dead letter is smaller, with its key and headers. */
const maxLetterBytes = 950_000;

export function createSagaMessages(options: SagaMessagesOptions): SagaMessages {
  const { codec, reader, replays, ordersTopic, dlqTopic } = options;

  function toOrderMessage(saga: Saga, isResult: boolean): OutgoingMessage {
    const { orderId, order } = saga;
    if (order === null) throw new Error(`order ${orderId} is not placed: there is nothing to publish`);
    const dto = toSagaOrder(isResult ? saga : { orderId, status: "NEW", source: null }, order);
    const eventId = derivedEventId("saga", orderId, isResult ? "result" : "new");
    return {
      topic: ordersTopic,
      key: Buffer.from(String(orderId)),
      value: Buffer.from(JSON.stringify(dto)),
      headers: [["event-id", Buffer.from(eventId)]],
      orderId,
    };
  }

  function toLetter({ reason, message, original, groupId }: LetterRequest, nowMs: number): OutgoingMessage {
    const attempt = { attempt: 1, failedAtMs: nowMs, errorType: errorTypeOf(reason), errorMessage: message };
    const failed: ParkedRecord = {
      source: `${original.topic}/${original.partition}`,
      offset: original.offset,
      lane: "",
      groupId,
      original,
      event: reader.describe(original),
      state: "dead",
      attempts: [attempt],
      dueAtMs: null,
      death: { category: "NO_RETRY_DLQ", reason },
    };
    const record = replays?.toDeadLetter(failed) ?? failed;
    const { topic, partition, offset } = record.original;
    const { jobId, number } = record.replayOf ?? {};
    const again = jobId === undefined || number === undefined ? [] : [jobId, number];
    const eventId = derivedEventId("saga-dead-letter", topic, partition, offset, reason, ...again);
    for (let trim: Trim = "whole"; ;) {
      const { key, headers, event } = buildDeadLetter(record, nowMs, trim);
      const encoded = codec.encode(dlqTopic, "DeadLetter", event);
      if (!encoded.ok) {
        if (encoded.failure.kind === "registry-unavailable")
          throw new RegistryUnavailable(encoded.failure.message);
        throw new Error(`a dead letter cannot be encoded: ${encoded.failure.message}`);
      }
      const smaller = trimFurther(record, trim);
      if (smaller === undefined || key.length + encoded.value.length <= maxLetterBytes) {
        const own = headers.map(([name, value]) => [name, value ?? Buffer.alloc(0)] as const);
        return {
          topic: dlqTopic,
          key,
          value: encoded.value,
          headers: [...own, ["event-id", Buffer.from(eventId)]],
          // It has no order to keep with the order's own records.
          orderId: null,
        };
      }
      trim = smaller;
    }
  }

  return {
    toOutgoing(message, nowMs) {
      if (message.kind === "dead-letter") return toLetter(message, nowMs);
      return toOrderMessage(message.saga, message.kind === "result");
    },
  };
}

const outboxHeader = "outbox";

/** Where a published message comes from: what a publisher looks for when it does not know what its predecessor did. */
export function placeHeader(outboxId: string, seq: number): RecordHeader {
  return [outboxHeader, Buffer.from(`${outboxId}/${seq}`)];
}

/** The number of a message of this outbox; undefined for anything else. */
export function readPlace(headers: readonly RecordHeader[], outboxId: string): number | undefined {
  const text = headers.findLast(([name]) => name === outboxHeader)?.[1]?.toString("utf8");
  if (text === undefined || !text.startsWith(`${outboxId}/`)) return undefined;
  const digits = text.slice(outboxId.length + 1);
  return /^[1-9]\d{0,15}$/.test(digits) ? Number(digits) : undefined;
}

export function errorTypeOf(reason: string): string {
  return errorTypes.get(reason) ?? "DecodeError";
}

const errorTypes: ReadonlyMap<string, string> = new Map([
  [forgedReplay, "ForgedReplay"],
  ["invalid_event", "InvalidEvent"],
  ["contradictory_decision", "ContradictoryDecision"],
  ["outside_window", "LateDecision"],
  ["partner_missing", "PartnerMissing"],
  ["unknown_order", "UnknownOrder"],
]);
