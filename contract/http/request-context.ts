// What the headers say about a request. The request id is always usable, whatever the client sent; a malformed
// Idempotency-Key is an error, because a client that sends one relies on it.
import type { Caller } from "../access.ts";
import { invalidRequest, type ContractFailure } from "../errors.ts";
import type { RequestContext } from "../ports.ts";
import type { Effect } from "../procedures.ts";
import { idempotencyKeyHeader, idempotencyKeyPattern, requestIdHeader } from "../protocol.ts";
import { failed, success, type Result } from "../result.ts";

// Safe in a log line, in a header and in a URL.
const requestIdPattern = /^[A-Za-z0-9._:-]{1,128}$/;
// Neither id may be all zeros.
const traceparentPattern = /^[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
export const traceparentHeader = "traceparent";

export function readRequestId(headers: Headers): string {
  const sent = headers.get(requestIdHeader);
  return sent !== null && requestIdPattern.test(sent) ? sent : crypto.randomUUID();
}

/** Reads have no effect to repeat, so their Idempotency-Key is not looked at. */
export function readRequestContext(
  headers: Headers,
  requestId: string,
  effect: Effect,
  caller?: Caller,
): Result<RequestContext, ContractFailure> {
  const idempotencyKey = effect === "write" ? headers.get(idempotencyKeyHeader) : null;
  if (idempotencyKey !== null && !idempotencyKeyPattern.test(idempotencyKey)) {
    return failed(
      invalidRequest([`Header ${idempotencyKeyHeader} must be 1 to 255 visible ASCII characters`]),
    );
  }
  const traceparent = readTraceparent(headers);
  return success({
    requestId,
    ...(idempotencyKey === null ? {} : { idempotencyKey }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(caller === undefined ? {} : { caller }),
  });
}

/** The W3C rule for a malformed one is to go on without it. */
export function readTraceparent(headers: Headers): string | undefined {
  const traceparent = headers.get(traceparentHeader);
  return traceparent !== null && traceparentPattern.test(traceparent) ? traceparent : undefined;
}
