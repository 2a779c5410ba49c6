// Three questions that monitors ask: is all well (`/health`, as system B documents it), is the process alive
// (`/health/live`, no dependency is asked), may work be sent here (`/health/ready`).
import { z } from "zod";
import type { RouteDocument } from "../dialects/route.ts";
import { noParametersSchema } from "../dialects/wire-order.ts";
import { systemBErrors } from "../dialects/system-b.ts";
import { perform } from "../perform.ts";
import type { HealthView } from "../ports.ts";
import { success } from "../result.ts";
import { failureAnswer, jsonAnswer } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import { readRequestId } from "./request-context.ts";
import type { Serving } from "./serving.ts";

interface Verdict {
  readonly well: boolean;
  readonly body: unknown;
}

export function healthEndpoints<Body>(health: HealthView<Body>, serving: Serving): Endpoint[] {
  return [
    endpoint("/health", serving, async () => {
      const { healthy, body } = await health.read();
      return { well: healthy, body };
    }),
    endpoint("/health/live", serving, async () => ({ well: true, body: { status: "live" } })),
    endpoint("/health/ready", serving, async () => {
      const ready = await health.ready();
      return { well: ready, body: { status: ready ? "ready" : "not ready" } };
    }),
  ];
}

function endpoint(path: string, serving: Serving, ask: () => Promise<Verdict>): Endpoint {
  return {
    method: "GET",
    path,
    errorShape: systemBErrors,
    async handle(request) {
      const requestId = readRequestId(request.headers);
      const verdict = await perform(serving, "read", requestId, async () => success(await ask()));
      if (!verdict.ok) return failureAnswer(systemBErrors, verdict.failure, requestId);
      return jsonAnswer(verdict.value.well ? 200 : 503, verdict.value.body, requestId);
    },
  };
}

/** `examples.well` and `examples.unwell` are bodies of `/health`. */
export function healthDocuments(
  schema: z.ZodType,
  examples: { readonly well: unknown; readonly unwell: unknown },
): RouteDocument[] {
  const readiness = z.object({ status: z.enum(["ready", "not ready"]) }).meta({ id: "Readiness" });
  return [
    {
      ...healthDocument("/health", "getHealth", "Whether all is well"),
      answer: schema,
      examples: { request: {}, answer: examples.well },
      otherAnswers: [{ status: 503, description: "Something is away", schema, example: examples.unwell }],
    },
    {
      ...healthDocument("/health/live", "getLiveness", "Whether the process is alive"),
      answer: z.object({ status: z.literal("live") }),
      examples: { request: {}, answer: { status: "live" } },
    },
    {
      ...healthDocument("/health/ready", "getReadiness", "Whether work may be sent here"),
      answer: readiness,
      examples: { request: {}, answer: { status: "ready" } },
      otherAnswers: [
        {
          status: 503,
          description: "Not now: a dependency is away or the service is stopping",
          schema: readiness,
          example: { status: "not ready" },
        },
      ],
    },
  ];
}

function healthDocument(path: string, operationId: string, summary: string) {
  return {
    method: "GET",
    path,
    operationId,
    tag: "Health",
    summary,
    description: "Parameters are not looked at.",
    from: "query",
    request: noParametersSchema,
    status: 200,
    errors: [],
    errorShape: systemBErrors,
    takesIdempotencyKey: false,
  } as const satisfies Partial<RouteDocument>;
}
