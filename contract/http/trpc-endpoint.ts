// tRPC at /trpc, guarded like everything else: JSON only, 64 KB, 10 calls a batch, one Idempotency-Key a call, and no
// header but ours reaches the library, so none of its other protocols can be asked for.
import type { AnyTRPCRouter, TRPCError } from "@trpc/server";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { invalidRequest, reportFailure, type ContractFailure } from "../errors.ts";
import { idempotencyKeyHeader, maxBatchCalls } from "../protocol.ts";
import { failed, success, type Result } from "../result.ts";
import { failureOf, isSurprise, rpcErrorShape } from "../rpc-errors.ts";
import type { RpcContext } from "../routers.ts";
import { commonHeaders, failureAnswer, failureHeaders } from "./answers.ts";
import { readBodyText } from "./read-body.ts";
import { readRequestContext, readRequestId } from "./request-context.ts";
import type { Serving } from "./serving.ts";

export const trpcPath = "/trpc";

export function trpcEndpoint(
  router: AnyTRPCRouter,
  serving: Serving,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const requestId = readRequestId(request.headers);
    const admitted = await admit(request, requestId, serving);
    if (!admitted.ok) return refuse(admitted.failure, requestId);
    const response = await fetchRequestHandler({
      endpoint: trpcPath,
      router,
      req: admitted.value.request,
      createContext: (): RpcContext => admitted.value.context,
      maxBatchSize: maxBatchCalls,
      // A query that is too long for a request line comes as a body.
      allowMethodOverride: true,
      onError({ error }) {
        if (isSurprise(error)) serving.onSurprise(error.cause ?? error, requestId);
      },
      responseMeta: ({ errors }) => ({ headers: new Headers(failureHeadersOf(errors)) }),
    });
    const type = response.headers.get("content-type");
    for (const [name, value] of Object.entries(commonHeaders(requestId))) response.headers.set(name, value);
    if (type?.startsWith("text/event-stream") === true) response.headers.set("content-type", type);
    return response;
  };
}

interface Admitted {
  readonly request: Request;
  readonly context: RpcContext;
}

/** Everything that can be refused before a call is looked at. */
async function admit(
  request: Request,
  requestId: string,
  serving: Serving,
): Promise<Result<Admitted, ContractFailure>> {
  const { method, headers } = request;
  const context = readRequestContext(headers, requestId, method === "POST" ? "write" : "read");
  if (!context.ok) return context;
  const url = new URL(request.url);
  const calls = url.searchParams.get("batch") === "1" ? url.pathname.split(/,|%2c/i).length : 1;
  if (calls > maxBatchCalls)
    return failed(invalidRequest([`A batch must be at most ${maxBatchCalls} calls`]));
  if (calls > 1 && context.value.idempotencyKey !== undefined) {
    return failed(invalidRequest([`A call with an ${idempotencyKeyHeader} must not be batched with others`]));
  }
  // Nothing of a call comes beside its input.
  url.searchParams.delete("connectionParams");
  const bare = (body?: string) =>
    new Request(url, {
      method,
      headers: { "content-type": "application/json", ...resumption(request.headers) },
      // A stream ends when nobody reads it any more.
      signal: request.signal,
      ...(body === undefined ? {} : { body }),
    });
  switch (method) {
    case "GET":
    case "HEAD":
      return success({ request: bare(), context: { request: context.value } });
    case "POST": {
      if (!isJson(headers.get("content-type"))) {
        const message = "The body must be sent as application/json";
        return failed({ code: "unsupported_media_type", message });
      }
      const body = await readBodyText(request, serving);
      if (!body.ok) return body;
      return success({ request: bare(body.value), context: { request: context.value } });
    }
    default:
      return failed({
        code: "method_not_allowed",
        message: "Queries are called with GET and mutations with POST",
      });
  }
}

/** Where a stream is taken up again, as EventSource says it. */
function resumption(headers: Headers): Record<string, string> {
  const id = headers.get("last-event-id");
  return id === null || id.length > 200 ? {} : { "last-event-id": id };
}

function isJson(contentType: string | null): boolean {
  return contentType !== null && contentType.split(";", 1)[0]?.trim().toLowerCase() === "application/json";
}

/** In tRPC's own shape, so that its clients can read it. */
function refuse(failure: ContractFailure, requestId: string): Response {
  const shape = { body: () => ({ error: rpcErrorShape(failure, requestId) }) };
  const allow = failure.code === "method_not_allowed" ? { Allow: "GET, HEAD, POST" } : undefined;
  return failureAnswer(shape, failure, requestId, allow);
}

/** A batch may fail in several ways: the longest wait and the worst outcome are told. */
function failureHeadersOf(errors: readonly TRPCError[]): Record<string, string> {
  const reports = errors.map((error) => reportFailure(failureOf(error)));
  const worst = reports.find(({ outcome }) => outcome === "unknown") ?? reports[0];
  if (worst === undefined) return {};
  const waits = reports.flatMap(({ retryAfterSeconds }) => retryAfterSeconds ?? []);
  return failureHeaders(waits.length === 0 ? worst : { ...worst, retryAfterSeconds: Math.max(...waits) });
}
