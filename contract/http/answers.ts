// The one place where a failure becomes an HTTP response, and where every response gets its headers.
import type { ErrorShape } from "../dialects/route.ts";
import { errorTable, reportFailure, type ContractFailure, type ErrorReport } from "../errors.ts";
import { outcomeHeader, requestIdHeader } from "../protocol.ts";

type HeaderFields = Readonly<Record<string, string>>;

/** For browsers that are led here: an answer is data, never a page, a script or a frame, and other sites do not embed it. */
const dataHeaders = {
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
} as const;

/** Of what may be a page. Data needs no more than the three above, and each header of each answer costs. */
export const securityHeaders = {
  ...dataHeaders,
  "Referrer-Policy": "no-referrer",
  "X-Frame-Options": "DENY",
} as const;

/** On every answer, errors included. Answers are about orders that change, so nothing may keep them. */
export function commonHeaders(requestId: string): Record<string, string> {
  return {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-store",
    ...dataHeaders,
    [requestIdHeader]: requestId,
  };
}

export function jsonAnswer(status: number, body: unknown, requestId: string, more?: HeaderFields): Response {
  const headers = commonHeaders(requestId);
  if (more !== undefined) Object.assign(headers, more);
  return new Response(JSON.stringify(body), { status, headers });
}

export function failureAnswer(
  shape: Pick<ErrorShape, "body">,
  failure: ContractFailure,
  requestId: string,
  headers: HeaderFields = {},
): Response {
  const report = reportFailure(failure);
  const { httpStatus } = errorTable[failure.code];
  return jsonAnswer(httpStatus, shape.body(report), requestId, { ...failureHeaders(report), ...headers });
}

/** When to try again, and with a 5xx whether the request may have had its effect. */
export function failureHeaders(report: ErrorReport): HeaderFields {
  const headers: Record<string, string> = {};
  if (report.retryAfterSeconds !== undefined) {
    headers["Retry-After"] = String(Math.max(1, Math.ceil(report.retryAfterSeconds)));
  }
  if (errorTable[report.code].httpStatus >= 500) headers[outcomeHeader] = report.outcome;
  return headers;
}
