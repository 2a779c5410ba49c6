// The one error table of the product: what can go wrong, whether trying again can help, what became of the
// request, and what each protocol calls it. Every error that leaves a service is a row of it.

interface ErrorRow {
  /** Whether the same request can succeed later without being changed. */
  readonly retryable: boolean;
  /** `none`: certainly no effect. `unknown`: the request may have had its effect. */
  readonly outcome: Outcome;
  /** tRPC's own name for it. */
  readonly rpcCode: RpcCode;
  readonly httpStatus: number;
  /** Follows every message of this row: what became of the request and what to do. */
  readonly advice?: string;
}

export type Outcome = "none" | "unknown";

export type RpcCode =
  | "BAD_REQUEST"
  | "UNAUTHORIZED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "METHOD_NOT_SUPPORTED"
  | "TIMEOUT"
  | "PAYLOAD_TOO_LARGE"
  | "UNSUPPORTED_MEDIA_TYPE"
  | "UNPROCESSABLE_CONTENT"
  | "TOO_MANY_REQUESTS"
  | "SERVICE_UNAVAILABLE"
  | "INTERNAL_SERVER_ERROR";

export const errorTable = {
  invalid_request: { retryable: false, outcome: "none", rpcCode: "BAD_REQUEST", httpStatus: 400 },
  /** The event does not fit its Avro schema: nothing was published. */
  event_not_serialisable: { retryable: false, outcome: "none", rpcCode: "BAD_REQUEST", httpStatus: 400 },
  not_found: { retryable: false, outcome: "none", rpcCode: "NOT_FOUND", httpStatus: 404 },
  method_not_allowed: { retryable: false, outcome: "none", rpcCode: "METHOD_NOT_SUPPORTED", httpStatus: 405 },
  /** The client did not send its whole body in time. */
  request_timeout: { retryable: true, outcome: "none", rpcCode: "TIMEOUT", httpStatus: 408 },
  payload_too_large: { retryable: false, outcome: "none", rpcCode: "PAYLOAD_TOO_LARGE", httpStatus: 413 },
  unsupported_media_type: {
    retryable: false,
    outcome: "none",
    rpcCode: "UNSUPPORTED_MEDIA_TYPE",
    httpStatus: 415,
  },
  /** The same Idempotency-Key came with another body. */
  idempotency_key_reused: {
    retryable: false,
    outcome: "none",
    rpcCode: "UNPROCESSABLE_CONTENT",
    httpStatus: 422,
  },
  too_many_requests: { retryable: true, outcome: "none", rpcCode: "TOO_MANY_REQUESTS", httpStatus: 429 },
  /** A dependency is away and the request had no effect. */
  unavailable: {
    retryable: true,
    outcome: "none",
    rpcCode: "SERVICE_UNAVAILABLE",
    httpStatus: 503,
    advice: "The request had no effect; try again later.",
  },
  /** A dependency did not answer in time: the request may have had its effect. */
  outcome_unknown: {
    retryable: true,
    outcome: "unknown",
    rpcCode: "SERVICE_UNAVAILABLE",
    httpStatus: 503,
    advice: "The outcome is unknown; try again with the same Idempotency-Key.",
  },
  internal: { retryable: false, outcome: "unknown", rpcCode: "INTERNAL_SERVER_ERROR", httpStatus: 500 },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(errorTable, value);
}

/** What a port answers when it cannot do what it was asked. */
export interface ContractFailure {
  readonly code: ErrorCode;
  /** One clear sentence for the person who called: the cause. Never an internal message. The row's advice follows it. */
  readonly message: string;
  /** Every problem of the input, one line each; only with `invalid_request`. */
  readonly problems?: readonly string[];
  /** Seconds until trying again makes sense; only with a retryable code. */
  readonly retryAfterSeconds?: number;
}

const defaultRetryAfterSeconds = 1;

/** What is told of a failure, the same for every protocol. */
export interface ErrorReport {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly outcome: Outcome;
  /** The cause, then the row's advice. */
  readonly message: string;
  /** At least one line with `invalid_request`, none otherwise. */
  readonly problems: readonly string[];
  /** Present with retryable codes only. */
  readonly retryAfterSeconds?: number;
}

export function reportFailure(failure: ContractFailure): ErrorReport {
  const row: ErrorRow = errorTable[failure.code];
  const report = {
    code: failure.code,
    retryable: row.retryable,
    outcome: row.outcome,
    message: row.advice === undefined ? failure.message : `${failure.message} ${row.advice}`,
    problems: failure.code === "invalid_request" ? (failure.problems ?? [failure.message]) : [],
  };
  if (!row.retryable) return report;
  return { ...report, retryAfterSeconds: failure.retryAfterSeconds ?? defaultRetryAfterSeconds };
}

/** `problems` is not empty; a single problem is the message itself. */
export function invalidRequest(problems: readonly string[]): ContractFailure {
  const [first = "The request is not valid"] = problems;
  const message = problems.length > 1 ? `The request has ${problems.length} problems` : first;
  return { code: "invalid_request", message, problems };
}

/** System B documents this sentence word for word. */
export function orderNotFound(orderId: string): ContractFailure {
  return { code: "not_found", message: `Order '${orderId}' not found` };
}

export function deadLetterNotFound(id: string): ContractFailure {
  return { code: "not_found", message: `There is no dead letter '${id}'` };
}

export function replayNotFound(id: string): ContractFailure {
  return { code: "not_found", message: `There is no replay '${id}'` };
}

export function groupNotFound(fingerprint: string): ContractFailure {
  return { code: "not_found", message: `There is no group of failures '${fingerprint}'` };
}

/** Ids of parked events are opaque, so the sentence does not repeat them. */
export const parkedNotFound: ContractFailure = {
  code: "not_found",
  message: "No such event is parked: it was tried or dead-lettered since",
};

export const waitingNotFound: ContractFailure = {
  code: "not_found",
  message:
    "No such event waits for an attempt: it was tried since, or waits behind another event of its order",
};

export function partitionNotStalled(topic: string, partition: number): ContractFailure {
  return {
    code: "not_found",
    message: `Partition ${topic}/${partition} does not stand still on this instance: ask the one whose /health/detail names it in 'stalledPartitions'`,
  };
}

export function stalledElsewhere(topic: string, partition: number, offset: number): ContractFailure {
  return invalidRequest([
    `Field 'fromOffset' must be ${offset}: that is where partition ${topic}/${partition} stands still now`,
  ]);
}

export function skipBeyondEnd(topic: string, partition: number, endOffset: number): ContractFailure {
  return invalidRequest([
    `Field 'toOffset' must be at most ${endOffset}: that is where partition ${topic}/${partition} ends`,
  ]);
}

export function topicNotKnown(topic: string): ContractFailure {
  return { code: "not_found", message: `Topic '${topic}' is not one that this service works with` };
}

export function schemaNotFound({ subject, version }: { subject: string; version: number }): ContractFailure {
  return { code: "not_found", message: `Version ${version} of subject '${subject}' is not known` };
}

export function topicNotConsumed(topic: string): ContractFailure {
  return { code: "not_found", message: `Topic '${topic}' is not consumed by this service` };
}
