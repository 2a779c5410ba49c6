// A route of a dialect, as data: where it is, which procedure it calls, how its wire words become the procedure's
// input and its answer the wire's. Serving it (contract/http) and documenting it (contract/openapi.ts) read the same
// object, so the document cannot promise what the service does not do.
import type { z } from "zod";
import type { ContractFailure, ErrorCode, ErrorReport } from "../errors.ts";
import type { RequestContext } from "../ports.ts";
import { readInput, type InputKind } from "../problems.ts";
import type { Implemented, Signatures } from "../procedures.ts";
import { success, type Result } from "../result.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** How one of the documented systems words its errors. */
export interface ErrorShape {
  readonly body: (report: ErrorReport) => unknown;
  /** Schema of what `body` answers for this code. */
  readonly schema: (code: ErrorCode) => z.ZodType;
}

/** What a document says about a route, whether or not a procedure is behind it. */
export interface RouteDocument {
  readonly method: Method;
  /** In OpenAPI's notation: `/api/orders/{orderId}`. */
  readonly path: string;
  /** Unique within a service, stable: generated clients name their methods after it. */
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  /** `nothing`: what comes with the request is not looked at. */
  readonly from: InputKind | "nothing";
  /** A strict object of wire fields; what the client may send. Those of a path are its `{names}`, all of them. */
  readonly request: z.ZodType;
  readonly status: number;
  readonly answer: z.ZodType;
  /** Default JSON. */
  readonly answerType?: "text/event-stream" | "text/plain";
  /** Of the JSON in each event's `data`, where the answer is a stream. */
  readonly eventSchema?: z.ZodType;
  /** Headers of the success beyond those that every answer has. */
  readonly answerHeaders?: z.ZodObject;
  /** Beyond those that every route has. */
  readonly errors: readonly ErrorCode[];
  readonly errorShape: ErrorShape;
  readonly takesIdempotencyKey: boolean;
  readonly examples: { readonly request: unknown; readonly answer: unknown };
  /** Answers that are neither success nor an error of the table. */
  readonly otherAnswers?: readonly OtherAnswer[];
}

export interface OtherAnswer {
  readonly status: number;
  readonly description: string;
  readonly schema: z.ZodType;
  readonly example: unknown;
}

export interface Route<Catalogue extends Signatures<Catalogue>> extends RouteDocument {
  readonly from: InputKind;
  /** Which procedure answers. */
  readonly procedure: keyof Catalogue;
  /** Validates what came over the wire, and says how to run it. Nothing has happened when it fails. */
  readonly prepare: (
    procedures: Implemented<Catalogue>,
    wire: unknown,
  ) => Result<PreparedCall, ContractFailure>;
}

export type PreparedCall = (context: RequestContext) => Promise<Result<WireAnswer, ContractFailure>>;

export interface WireAnswer {
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface RouteDefinition<
  Catalogue extends Signatures<Catalogue>,
  Name extends keyof Catalogue,
  Sent,
  Wire,
  Answer,
> extends Omit<RouteDocument, "from" | "request" | "answer" | "takesIdempotencyKey" | "examples"> {
  readonly procedure: Name;
  readonly from: InputKind;
  readonly request: z.ZodType<Wire, Sent>;
  readonly toInput: (wire: NoInfer<Wire>) => Catalogue[Name]["input"];
  /** Asks the procedure more than once and joins what it answered; for lists that a dialect does not page. */
  readonly gather?: (
    ask: (input: Catalogue[Name]["input"]) => Promise<Result<Catalogue[Name]["answer"], ContractFailure>>,
  ) => Promise<Result<Catalogue[Name]["answer"], ContractFailure>>;
  readonly answer: z.ZodType<Answer>;
  readonly toAnswer: (value: Catalogue[Name]["answer"], input: Catalogue[Name]["input"]) => NoInfer<Answer>;
  /** The headers that `answerHeaders` describes. */
  readonly toHeaders?: (
    value: Catalogue[Name]["answer"],
    input: Catalogue[Name]["input"],
  ) => Readonly<Record<string, string>>;
  readonly takesIdempotencyKey?: boolean;
  readonly examples: { readonly request: NoInfer<Sent>; readonly answer: NoInfer<Answer> };
}

/** `defineRoute<CartProcedures>()({ … })`: the first call names the procedures, the second infers everything else. */
export function defineRoute<Catalogue extends Signatures<Catalogue>>() {
  return <Name extends keyof Catalogue, Sent, Wire, Answer>(
    definition: RouteDefinition<Catalogue, Name, Sent, Wire, Answer>,
  ): Route<Catalogue> => ({
    ...definition,
    takesIdempotencyKey: definition.takesIdempotencyKey ?? false,
    prepare(procedures, wire) {
      const parsed = readInput(definition.request, wire, definition.from);
      if (!parsed.ok) return parsed;
      const input = definition.toInput(parsed.value);
      const { run } = procedures[definition.procedure];
      const { gather, toAnswer, toHeaders } = definition;
      return success(async (context: RequestContext) => {
        const result =
          gather === undefined
            ? await run(input, context)
            : await gather((pageInput) => run(pageInput, context));
        if (!result.ok) return result;
        const headers = toHeaders?.(result.value, input) ?? {};
        return success({ body: toAnswer(result.value, input), headers });
      });
    },
  });
}
