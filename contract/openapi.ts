// The OpenAPI 3.1 document of a service, from the very routes that serve it: schemas, examples, every status an
// operation can answer with, and the words of its dialect's errors.
import { createDocument } from "zod-openapi";
import { z } from "zod";
import type { RouteDocument } from "./dialects/route.ts";
import { errorTable, invalidRequest, reportFailure, type ContractFailure, type ErrorCode } from "./errors.ts";
import { isOpenPath } from "./http/open-paths.ts";
import { idempotencyKeyHeader, idempotencyKeyPattern, outcomeHeader, requestIdHeader } from "./protocol.ts";

export interface DocumentOptions {
  readonly title: string;
  readonly version: string;
  /** Whether the service asks for keys as it is configured now; both ways of sending one are described anyway. */
  readonly keysNeeded?: boolean;
  readonly documents: readonly RouteDocument[];
}

export function openApiDocument({ title, version, keysNeeded = false, documents }: DocumentOptions) {
  const byPath = Map.groupBy(documents, ({ path }) => path);
  return createDocument({
    openapi: "3.1.0",
    info: { title, version, description, license: { name: "MIT", identifier: "MIT" } },
    servers: [{ url: "/" }],
    security: keysNeeded ? withKey : [...withKey, {}],
    paths: Object.fromEntries([...byPath].map(([path, routes]) => [path, pathItem(routes)])),
    components: { securitySchemes, schemas: eventSchemasOf(documents) },
  });
}

/** What comes in a stream is a component, which the event's `data` refers to. */
function eventSchemasOf(documents: readonly RouteDocument[]): Record<string, z.ZodType> {
  return Object.fromEntries(
    documents.flatMap(({ eventSchema }) => {
      const id = eventSchema?.meta()?.id;
      return eventSchema === undefined || id === undefined ? [] : [[id, eventSchema]];
    }),
  );
}

const description = [
  "Bodies are read as JSON whatever their Content-Type says; unknown fields and unknown parameters are refused.",
  "A method that a path does not have is answered with 405 and `Allow`, an unknown path with 404.",
  "Beyond loopback, and wherever keys are configured, requests need one; what a key may do depends on its role.",
  `Every answer carries \`${requestIdHeader}\`: the client's own if it is well-formed.`,
  `With 503, \`${outcomeHeader}\` says whether the request had \`none\` or an \`unknown\` effect; repeating it with the same \`${idempotencyKeyHeader}\` is safe.`,
  "The same procedures are at `/trpc` for the typed client.",
]
  .map((line) => `- ${line}`)
  .join("\n");

const securitySchemes = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "A key that `bun run keys` made: of a viewer, an operator or an admin.",
  },
  apiKey: { type: "apiKey", in: "header", name: "X-Api-Key", description: "The same key in another header." },
} as const;

const withKey = [{ bearer: [] }, { apiKey: [] }];

/** One example of each failure, in the words it is really told in. */
const exampleFailures: Record<ErrorCode, ContractFailure> = {
  invalid_request: invalidRequest(["Missing required field: 'orderId'"]),
  event_not_serialisable: { code: "event_not_serialisable", message: "The event does not fit its schema" },
  unauthenticated: { code: "unauthenticated", message: "A key is needed" },
  forbidden: {
    code: "forbidden",
    message: "The key 'reports' is a viewer's, and orders.create needs an operator's",
  },
  not_found: { code: "not_found", message: "Order 'ORDER-404' not found" },
  method_not_allowed: { code: "method_not_allowed", message: "This path does not take DELETE" },
  request_timeout: { code: "request_timeout", message: "The body did not arrive within 8 s" },
  payload_too_large: { code: "payload_too_large", message: "The body must be at most 64 KB" },
  unsupported_media_type: {
    code: "unsupported_media_type",
    message: "The body must be sent as application/json",
  },
  idempotency_key_reused: {
    code: "idempotency_key_reused",
    message: "This Idempotency-Key was used with another body",
  },
  too_many_requests: { code: "too_many_requests", message: "Too many requests", retryAfterSeconds: 1 },
  unavailable: { code: "unavailable", message: "The broker cannot be reached." },
  outcome_unknown: { code: "outcome_unknown", message: "The broker did not answer in time." },
  internal: { code: "internal", message: "The request failed on our side." },
};

const statusTexts: Readonly<Record<number, string>> = {
  400: "The request is not valid",
  401: "A key is needed, or this one is not known",
  403: "The key's role may not do this, or the host or the page is not allowed",
  404: "Not found",
  408: "The body did not arrive in time",
  413: "The body is over 64 KB",
  422: "The Idempotency-Key was used with another body",
  429: "Too many requests",
  500: "The request failed on our side",
  503: "A dependency is away or did not answer in time",
};

function pathItem(routes: readonly RouteDocument[]) {
  return Object.fromEntries(routes.map((route) => [route.method.toLowerCase(), operation(route)]));
}

function operation(route: RouteDocument) {
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: route.description,
    ...(needsKey(route) ? {} : { security: [] }),
    ...requestOf(route),
    responses: { ...successOf(route), ...errorsOf(route), ...othersOf(route) },
  };
}

/** Health and signing in are open, like everything in `http/open-paths.ts`. */
function needsKey({ path }: RouteDocument): boolean {
  return !isOpenPath(path);
}

function requestOf(route: RouteDocument) {
  const header = route.takesIdempotencyKey
    ? { header: z.object({ [idempotencyKeyHeader]: idempotencyKey }) }
    : {};
  if (route.from === "nothing") return {};
  if (route.from !== "body") return { requestParams: { [route.from]: parametersOf(route), ...header } };
  return {
    requestParams: header,
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: route.request,
          examples: { example: { value: route.examples.request } },
        },
      },
    },
  };
}

function parametersOf({ request }: RouteDocument): z.ZodObject {
  if (!(request instanceof z.ZodObject)) throw new Error("Parameters are described by an object schema");
  return request;
}

const idempotencyKey = z.string().regex(idempotencyKeyPattern).optional().meta({
  description: "The same key gives the same event: repeating a request after a 503 is safe.",
  example: "9b1f6a1c-create-ORDER-001",
});

function successOf(route: RouteDocument) {
  return {
    [route.status]: answer({
      description: route.summary,
      ...(route.eventSchema === undefined
        ? { schema: route.answer, example: route.examples.answer }
        : { schema: streamedEvent(route.eventSchema), example: firstEvent(route.examples.answer) }),
      type: route.answerType ?? "application/json",
      ...(route.answerHeaders === undefined ? {} : { more: route.answerHeaders }),
    }),
  };
}

/** OpenAPI 3.1 says of a stream what each event of it is; JSON Schema says what is in its text. */
function streamedEvent(eventSchema: z.ZodType): z.ZodType {
  const contentSchema = { $ref: `#/components/schemas/${eventSchema.meta()?.id ?? ""}` };
  return z.object({
    id: z.string(),
    event: z.string(),
    data: z.string().meta({ contentMediaType: "application/json", contentSchema }),
  });
}

function firstEvent(stream: unknown): unknown {
  const fields = String(stream)
    .split("\n")
    .flatMap((line) => {
      const [, name, value] = /^(id|event|data): (.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value] as const];
    });
  return Object.fromEntries(fields);
}

/** Who looks at what was sent may refuse it, may be limited, and may fail; a body may be too large or too slow as well. */
function errorCodesOf(route: RouteDocument): readonly ErrorCode[] {
  const access: ErrorCode[] = needsKey(route) ? ["unauthenticated", "forbidden"] : ["forbidden"];
  if (route.from === "nothing") {
    const crowd: ErrorCode[] = needsKey(route) ? ["too_many_requests", "unavailable"] : [];
    return [...new Set([...access, ...route.errors, ...crowd, "internal" as const])];
  }
  const body: ErrorCode[] = route.from === "body" ? ["request_timeout", "payload_too_large"] : [];
  const late: ErrorCode[] = route.from === "body" ? ["outcome_unknown"] : [];
  return [
    "invalid_request",
    ...access,
    ...body,
    ...route.errors,
    "too_many_requests",
    "unavailable",
    ...late,
    "internal",
  ];
}

function errorsOf(route: RouteDocument) {
  const byStatus = Map.groupBy(errorCodesOf(route), (code) => errorTable[code].httpStatus);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [status, errorAnswer(route, status, codes)]),
  );
}

function errorAnswer({ errorShape }: RouteDocument, status: number, codes: readonly ErrorCode[]) {
  const [first = "internal"] = codes;
  const examples = codes.map((code) => [
    code,
    { value: errorShape.body(reportFailure(exampleFailures[code])) },
  ]);
  return {
    description: statusTexts[status] ?? "Error",
    headers: errorHeaders(codes),
    content: {
      "application/json": { schema: errorShape.schema(first), examples: Object.fromEntries(examples) },
    },
  };
}

/** A health check has a body of its own for 503, beside the error's when it did not answer in time. */
function othersOf({ otherAnswers = [], errorShape }: RouteDocument) {
  return Object.fromEntries(
    otherAnswers.map((other) => {
      const schema = z.union([other.schema, errorShape.schema("unavailable")]);
      return [other.status, answer({ ...other, schema })];
    }),
  );
}

function answer({
  description,
  schema,
  example,
  more,
  type = "application/json",
}: {
  description: string;
  schema: z.ZodType;
  example: unknown;
  more?: z.ZodObject;
  type?: "application/json" | "text/event-stream" | "text/plain";
}) {
  return {
    description,
    headers: z.object({ [requestIdHeader]: z.string(), ...more?.shape }),
    content: { [type]: { schema, examples: { example: { value: example } } } },
  };
}

function errorHeaders(codes: readonly ErrorCode[]): z.ZodObject {
  const rows = codes.map((code) => errorTable[code]);
  return z.object({
    [requestIdHeader]: z.string(),
    ...(rows.some(({ retryable }) => retryable)
      ? {
          "Retry-After": z
            .string()
            .regex(/^[0-9]+$/)
            .meta({ description: "Seconds." }),
        }
      : {}),
    ...(rows.some(({ httpStatus }) => httpStatus >= 500)
      ? { [outcomeHeader]: z.enum(["none", "unknown"]) }
      : {}),
  });
}
