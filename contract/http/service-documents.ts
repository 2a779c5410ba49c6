// What the OpenAPI document says of the paths that are about the service itself.
import { z } from "zod";
import type { RouteDocument } from "../dialects/route.ts";
import { systemBErrors } from "../dialects/system-b.ts";
import { noParametersSchema } from "../dialects/wire-order.ts";
import { indexSchema, type Index } from "./index-page.ts";
import type { ServedText } from "./serving.ts";

const about = {
  method: "GET",
  tag: "Service",
  from: "nothing",
  request: noParametersSchema,
  status: 200,
  errors: [],
  errorShape: systemBErrors,
  takesIdempotencyKey: false,
} as const satisfies Partial<RouteDocument>;

const metricsDocument: RouteDocument = {
  ...about,
  path: "/metrics",
  operationId: "getMetrics",
  summary: "What monitors read",
  description: "In Prometheus' text format.",
  answerType: "text/plain",
  answer: z.string(),
  examples: { request: {}, answer: "orderwire_example 1\n" },
};

/** `index` is what the service answers at `/`. */
export function serviceDocuments(index: Index, metrics: ServedText | undefined): RouteDocument[] {
  return [
    {
      ...about,
      path: "/",
      operationId: "getIndex",
      summary: "Where things are",
      description: "JSON, or a page of links for who asks for `text/html`.",
      answer: indexSchema,
      examples: { request: {}, answer: { ...index, routes: index.routes.slice(0, 1) } },
    },
    {
      ...about,
      path: "/openapi.json",
      operationId: "getOpenApiDocument",
      summary: "This document",
      description: "OpenAPI 3.1, from the routes that are served.",
      answer: z.looseObject({ openapi: z.string(), info: z.looseObject({}), paths: z.looseObject({}) }),
      examples: {
        request: {},
        answer: { openapi: "3.1.0", info: { title: index.title, version: "0.1.0" }, paths: {} },
      },
    },
    ...(metrics === undefined ? [] : [metricsDocument]),
  ];
}
