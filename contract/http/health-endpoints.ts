// Three questions that monitors ask: is all well (`/health`, as system B documents it), is the process alive
// (`/health/live`, no dependency is asked), may work be sent here (`/health/ready`). One that load balancers ask: is this
// instance to be called (`/health/serving`). And one that people ask: what is being waited for (`/health/detail`, which is an answer and no verdict, so it is 200 also when much is away).
import { z } from "zod";
import type { RouteDocument } from "../dialects/route.ts";
import { noParametersSchema } from "../dialects/wire-order.ts";
import { systemBErrors } from "../dialects/system-b.ts";
import { orderHealthReportSchema, reportHealth, type OrderHealthDetail } from "../health.ts";
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

/** What a service tells at `/health/detail`; `waitingFor` also goes with its 503 of `/health/ready`. */
export interface HealthReport {
  readonly waitingFor: readonly string[];
}

export function healthEndpoints<Body>(
  health: HealthView<Body>,
  serving: Serving,
  detail?: () => Promise<HealthReport>,
): Endpoint[] {
  return [
    endpoint("/health", serving, async () => {
      const { healthy, body } = await health.read();
      return { well: healthy, body };
    }),
    endpoint("/health/live", serving, async () => ({ well: true, body: { status: "live" } })),
    endpoint("/health/ready", serving, async () => {
      if (await health.ready()) return { well: true, body: { status: "ready" } };
      const waiting = detail === undefined ? {} : { waitingFor: (await detail()).waitingFor };
      return { well: false, body: { status: "not ready", ...waiting } };
    }),
    endpoint("/health/serving", serving, async () => {
      const well = await health.serving();
      return { well, body: { status: well ? "serving" : "not serving" } };
    }),
    ...(detail === undefined
      ? []
      : [endpoint("/health/detail", serving, async () => ({ well: true, body: await detail() }))]),
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

const servingSchema = z.object({ status: z.enum(["serving", "not serving"]) }).meta({ id: "ServingState" });
const readiness = z
  .object({
    status: z.enum(["ready", "not ready"]),
    waitingFor: z.array(z.string()).optional().meta({ description: "When not ready, where it is known." }),
  })
  .meta({ id: "Readiness" });

/** `examples.well` and `examples.unwell` are bodies of `/health`. */
export function healthDocuments(
  schema: z.ZodType,
  examples: { readonly well: unknown; readonly unwell: unknown },
): RouteDocument[] {
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
    {
      ...healthDocument("/health/serving", "getServing", "Whether load balancers should call this instance"),
      description:
        "Stays 200 while Kafka, the registry or the catalog is away, once the instance was ready: it then answers reads, and says of writes when to try again.",
      answer: servingSchema,
      examples: { request: {}, answer: { status: "serving" } },
      otherAnswers: [
        {
          status: 503,
          description: "It was not ready yet since its start, it is stopping, or it can answer nothing",
          schema: servingSchema,
          example: { status: "not serving" },
        },
      ],
    },
  ];
}

const exampleDetail: OrderHealthDetail = {
  draining: false,
  store: { state: "up", cause: null },
  registry: { state: "up", cause: null },
  broker: { state: "up", cause: null },
  deadLetterTopic: { state: "down", cause: "The topic order-events-dlq does not exist." },
  breaker: { state: "closed", cause: null },
  parked: { waiting: 3, behind: 12, dead: 1 },
  redelivered: 12,
  stalledPartitions: [{ topic: "order-events", partition: 1, offset: 42, endOffset: 57 }],
};

/** order's alone. */
export const healthDetailDocument: RouteDocument = {
  ...healthDocument("/health/detail", "getHealthDetail", "What is being waited for"),
  description: "200 also when much is away: `/health` and `/health/ready` are the verdicts.",
  answer: orderHealthReportSchema,
  examples: { request: {}, answer: reportHealth(exampleDetail) },
};

function healthDocument(path: string, operationId: string, summary: string) {
  return {
    method: "GET",
    path,
    operationId,
    tag: "Health",
    summary,
    description: "Parameters are not looked at.",
    from: "nothing",
    request: noParametersSchema,
    status: 200,
    errors: ["unavailable"],
    errorShape: systemBErrors,
    takesIdempotencyKey: false,
  } as const satisfies Partial<RouteDocument>;
}
