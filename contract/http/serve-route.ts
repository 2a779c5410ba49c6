// Serves one route of a dialect: read, validate once, run, answer in the dialect's words. tRPC is not on this path:
// both call the same procedures (see README, "Dialects call procedures, not tRPC").
import { refusalOf, type Caller } from "../access.ts";
import type { Route, WireAnswer } from "../dialects/route.ts";
import type { ContractFailure } from "../errors.ts";
import { perform } from "../perform.ts";
import { readInput } from "../problems.ts";
import type { Implemented, Signatures } from "../procedures.ts";
import { failed, success, type Result } from "../result.ts";
import { noParametersSchema } from "../dialects/wire-order.ts";
import { failureAnswer, jsonAnswer } from "./answers.ts";
import type { Endpoint, PathParameters } from "./endpoint.ts";
import { readJsonBody } from "./read-body.ts";
import { readQuery } from "./read-query.ts";
import { readRequestContext, readRequestId } from "./request-context.ts";
import type { Serving } from "./serving.ts";

export function serveRoute<Catalogue extends Signatures<Catalogue>>(
  route: Route<Catalogue>,
  procedures: Implemented<Catalogue>,
  serving: Serving,
): Endpoint["handle"] {
  const { effect } = procedures[route.procedure];
  const operation = String(route.procedure);
  return async (request, parameters, { caller }) => {
    const requestId = readRequestId(request.headers);
    const answer = await answerTo(request, parameters, requestId, caller);
    if (answer.ok) return jsonAnswer(route.status, answer.value.body, requestId, answer.value.headers);
    return failureAnswer(route.errorShape, answer.failure, requestId);
  };

  async function answerTo(
    request: Request,
    parameters: PathParameters,
    requestId: string,
    caller: Caller | undefined,
  ): Promise<Result<WireAnswer, ContractFailure>> {
    const refusal = refusalOf(caller, operation);
    if (refusal !== undefined) return failed(refusal);
    const context = readRequestContext(request.headers, requestId, effect, caller);
    if (!context.ok) return context;
    const wire = await readWire(request, parameters);
    if (!wire.ok) return wire;
    const call = route.prepare(procedures, wire.value);
    if (!call.ok) return call;
    return await perform(serving, effect, requestId, () => call.value(context.value));
  }

  async function readWire(
    request: Request,
    parameters: PathParameters,
  ): Promise<Result<unknown, ContractFailure>> {
    const query = readQuery(request.url);
    if (route.from === "query" || !query.ok) return query;
    const stray = readInput(noParametersSchema, query.value, "query");
    if (!stray.ok) return failed(stray.failure);
    return route.from === "path" ? success(parameters) : await readJsonBody(request, serving);
  }
}
