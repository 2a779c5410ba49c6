// What a failed record's error code means to the one who published it. Pure; when in doubt, `unknown`: a record that was
// perhaps written must never be reported as certainly not.
import type { PublishFailure } from "./publisher.ts";

/** Error codes that are decided on; librdkafka's own are negative, Kafka's positive. */
export const errorCodes = {
  destroyed: -197,
  messageTimedOut: -192,
  unknownPartition: -190,
  unknownTopic: -188,
  invalidArgument: -186,
  timedOut: -185,
  queueFull: -184,
  wrongState: -172,
  purgedInQueue: -152,
  fatal: -150,
  inconsistent: -149,
  invalidMessage: 2,
  unknownTopicOrPartition: 3,
  messageTooLarge: 10,
  invalidTopic: 17,
  recordListTooLarge: 18,
  notEnoughReplicas: 19,
  topicAuthorizationFailed: 29,
  clusterAuthorizationFailed: 31,
  invalidTimestamp: 32,
  unsupportedVersion: 35,
  invalidRequest: 42,
  unsupportedForMessageFormat: 43,
  policyViolation: 44,
  outOfOrderSequence: 45,
  unsupportedCompressionType: 76,
  invalidRecord: 87,
} as const;

const refused: ReadonlySet<number> = new Set([
  errorCodes.unknownPartition,
  errorCodes.unknownTopic,
  errorCodes.invalidArgument,
  errorCodes.unknownTopicOrPartition,
  errorCodes.messageTooLarge,
  errorCodes.invalidTopic,
  errorCodes.recordListTooLarge,
  errorCodes.topicAuthorizationFailed,
  errorCodes.clusterAuthorizationFailed,
  errorCodes.invalidTimestamp,
  errorCodes.unsupportedVersion,
  errorCodes.invalidRequest,
  errorCodes.unsupportedForMessageFormat,
  errorCodes.policyViolation,
  errorCodes.unsupportedCompressionType,
  errorCodes.invalidRecord,
]);

/** The broker, or the client before it, answered without writing; the next attempt may succeed. */
const notWritten: ReadonlySet<number> = new Set([
  errorCodes.purgedInQueue,
  errorCodes.invalidMessage,
  errorCodes.notEnoughReplicas,
]);

/**
 * What a delivery report says: 0 for an acknowledgement, or an error code. librdkafka also calls a record delivered whose batch
 * was refused, once a later batch of the partition is acknowledged: a broker that knows the producer would not take that one
 * without the earlier. But a broker that does not know it takes any. An acknowledgement has an offset; a conclusion has none.
 */
export function codeOfReport(code: number, offset: number): number {
  return code === 0 && !(offset >= 0) ? errorCodes.inconsistent : code;
}

/** Codes after which the client cannot publish any more: its sequence of numbered batches is broken. */
export function breaksProducer(code: number): boolean {
  return code === errorCodes.fatal || code === errorCodes.outOfOrderSequence;
}

/** The client did not take the record: it was never sent. */
export function classifyRejection(code: number): PublishFailure["kind"] {
  return refused.has(code) ? "refused" : "unavailable";
}

/**
 * The client took the record and gave up on it. librdkafka knows whether it was ever sent, and the package does not pass
 * that on; but a record without a partition (-1) cannot have been.
 */
export function classifyFailedDelivery(code: number, partition: number): PublishFailure["kind"] {
  if (refused.has(code)) return "refused";
  return partition < 0 || notWritten.has(code) ? "unavailable" : "unknown";
}

export function publishFailure(kind: PublishFailure["kind"], code: number): PublishFailure {
  return { kind, code, message: describe(kind, code) };
}

const texts: ReadonlyMap<number, string> = new Map([
  [errorCodes.messageTooLarge, "The record is larger than the broker takes"],
  [errorCodes.recordListTooLarge, "The record is larger than the broker takes"],
  [errorCodes.queueFull, "Too many records are waiting for their acknowledgement"],
  [errorCodes.unknownTopic, "The topic does not exist"],
  [errorCodes.unknownTopicOrPartition, "The topic does not exist"],
  [errorCodes.invalidTopic, "The topic's name is not valid"],
  [errorCodes.topicAuthorizationFailed, "This client is not allowed to write to the topic"],
  [errorCodes.clusterAuthorizationFailed, "This client is not allowed to write to the cluster"],
  [errorCodes.wrongState, "The publisher is closed"],
  [errorCodes.inconsistent, "A later record was acknowledged, this one was not; it may have been written"],
]);

const byKind: Readonly<Record<PublishFailure["kind"], string>> = {
  unavailable: "No broker took the record; it was not written",
  unknown: "No acknowledgement came; the record may have been written",
  refused: "The broker refused the record",
};

function describe(kind: PublishFailure["kind"], code: number): string {
  return `${texts.get(code) ?? byKind[kind]} (${code})`;
}
