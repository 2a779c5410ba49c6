// How a row of the error table travels through tRPC and back out: nothing but what `reportFailure` tells leaves
// the service, whatever was thrown.
import { TRPCError } from "@trpc/server";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import {
  errorTable,
  invalidRequest,
  reportFailure,
  type ContractFailure,
  type ErrorCode,
  type Outcome,
} from "./errors.ts";

/** Carries a failure through tRPC, which knows exceptions only. */
class ContractError extends Error {
  readonly failure: ContractFailure;

  constructor(failure: ContractFailure) {
    super(failure.code);
    this.name = "ContractError";
    this.failure = failure;
  }
}

/** What a client reads in `error.data`. */
export interface RpcErrorData {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly outcome: Outcome;
  readonly problems: readonly string[];
  /** Null only when a request was refused before it had a context; the X-Request-Id header has it even then. */
  readonly requestId: string | null;
  readonly retryAfterSeconds?: number;
}

export interface RpcErrorShape {
  readonly message: string;
  /** JSON-RPC 2.0 error code, as tRPC maps it from the row's `rpcCode`. */
  readonly code: number;
  readonly data: RpcErrorData;
}

export function rpcErrorOf(failure: ContractFailure): TRPCError {
  return new TRPCError({
    code: errorTable[failure.code].rpcCode,
    message: failure.code,
    cause: new ContractError(failure),
  });
}

/** An error that no one meant: it is worth a log line. */
export function isSurprise(error: TRPCError): boolean {
  return error.code === "INTERNAL_SERVER_ERROR" && !(error.cause instanceof ContractError);
}

/** tRPC's own complaints, told in our words, because its messages repeat what the client sent. */
const complaints: Partial<Record<TRPCError["code"], ContractFailure>> = {
  PARSE_ERROR: invalidRequest(["The input is not valid JSON"]),
  NOT_FOUND: { code: "not_found", message: "There is no such procedure" },
  METHOD_NOT_SUPPORTED: {
    code: "method_not_allowed",
    message: "Queries are called with GET and mutations with POST",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    code: "unsupported_media_type",
    message: "The body must be sent as application/json",
  },
};

export function failureOf(error: TRPCError): ContractFailure {
  if (error.cause instanceof ContractError) return error.cause.failure;
  if (error.code === "BAD_REQUEST") return invalidRequest(issueLines(error.cause));
  return complaints[error.code] ?? { code: "internal", message: "The request failed on our side" };
}

export function rpcErrorShape(failure: ContractFailure, requestId: string | null): RpcErrorShape {
  const { message, ...told } = reportFailure(failure);
  const code = TRPC_ERROR_CODES_BY_KEY[errorTable[failure.code].rpcCode];
  return { message, code, data: { ...told, requestId } };
}

function issueLines(cause: unknown): string[] {
  if (cause instanceof SyntaxError) return ["The input is not valid JSON"];
  if (cause instanceof Error && "issues" in cause && Array.isArray(cause.issues)) {
    const lines = cause.issues.flatMap((issue: unknown) => messageOf(issue));
    if (lines.length > 0) return lines;
  }
  return ["The call is not valid: check its procedure, its input and that its batch is of one kind"];
}

function messageOf(issue: unknown): string[] {
  const hasMessage = typeof issue === "object" && issue !== null && "message" in issue;
  return hasMessage && typeof issue.message === "string" ? [issue.message] : [];
}
