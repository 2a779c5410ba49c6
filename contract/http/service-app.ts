// What both services' applications are made of: the dialects' routes, health, tRPC, the OpenAPI document and an index.
import type { AnyTRPCRouter } from "@trpc/server";
import type { ErrorShape, Route, RouteDocument } from "../dialects/route.ts";
import { systemAErrors } from "../dialects/system-a.ts";
import { systemBErrors } from "../dialects/system-b.ts";
import type { HealthView } from "../ports.ts";
import type { Implemented, Signatures } from "../procedures.ts";
import { commonHeaders, failureAnswer, jsonAnswer } from "./answers.ts";
import { mount, type Endpoint } from "./endpoint.ts";
import { guardedApp, type ServiceApp } from "./guarded-app.ts";
import { indexAnswer, type Index } from "./index-page.ts";
import { serviceDocuments } from "./service-documents.ts";
import { healthEndpoints, type HealthReport } from "./health-endpoints.ts";
import { readRequestId } from "./request-context.ts";
import { serveRoute } from "./serve-route.ts";
import type { ServedText, Serving } from "./serving.ts";
import { sessionDocuments, sessionEndpoints } from "./session.ts";
import { rpcRefusal, trpcEndpoint, trpcPath } from "./trpc-endpoint.ts";

export interface ServiceDefinition<Catalogue extends Signatures<Catalogue>, HealthBody> {
  readonly service: "cart" | "order";
  readonly title: string;
  readonly procedures: Implemented<Catalogue>;
  readonly routes: readonly Route<Catalogue>[];
  /** Endpoints that answer with streams, and what is documented of them. */
  readonly streams?: readonly (RouteDocument & Pick<Endpoint, "handle">)[];
  readonly router: AnyTRPCRouter;
  readonly health: HealthView<HealthBody>;
  /** For a service that can tell what it waits for: its words at `/health/detail`. */
  readonly healthDetail?: () => Promise<HealthReport>;
  readonly healthDocuments: readonly RouteDocument[];
  /** Pages for people, below `consolePath`. */
  readonly console?: (request: Request) => Promise<Response>;
}

const consolePath = "/console";
const referencePath = "/docs";

export function serviceApp<Catalogue extends Signatures<Catalogue>, HealthBody>(
  definition: ServiceDefinition<Catalogue, HealthBody>,
  serving: Serving,
): ServiceApp {
  const { procedures, routes, streams = [], router, health, healthDetail, console: pages } = definition;
  const { reference } = serving;
  const index = indexOf(definition, serving);
  const document = documentOnce(definition, index, serving);
  const endpoints: Endpoint[] = [
    ...routes.map((route) => ({ ...placeOf(route), handle: serveRoute(route, procedures, serving) })),
    ...streams.map((stream) => ({ ...placeOf(stream), handle: stream.handle })),
    ...healthEndpoints(health, serving, healthDetail),
    ...sessionEndpoints(serving, pages !== undefined),
    about("/openapi.json", async (request) =>
      jsonAnswer(200, await document(), readRequestId(request.headers)),
    ),
    ...(serving.metrics === undefined ? [] : [metricsEndpoint(serving.metrics)]),
    about("/", (request) => indexAnswer(index, request, readRequestId(request.headers))),
  ];
  const prefixes = {
    [trpcPath]: trpcEndpoint(router, serving),
    ...(pages === undefined ? {} : { [consolePath]: pages }),
    ...(reference === undefined ? {} : { [referencePath]: reference }),
  };
  const app = mount({ endpoints, prefixes, errorShapeOf }, serving);
  return guardedApp({
    guards: serving.guards,
    routes: app.routes,
    serve: (request, admission) => app.fetch(request, admission),
    refuse: (path, failure, requestId, headers) =>
      path.startsWith(`${trpcPath}/`)
        ? rpcRefusal(failure, requestId, headers)
        : failureAnswer(errorShapeOf(path), failure, requestId, headers),
  });
}

/** System A lives under /api; everything else speaks as system B does. */
function errorShapeOf(path: string): ErrorShape {
  return path === "/api" || path.startsWith("/api/") ? systemAErrors : systemBErrors;
}

function placeOf({ method, path, errorShape }: RouteDocument) {
  return { method, path, errorShape };
}

function about(path: string, handle: Endpoint["handle"]): Endpoint {
  return { method: "GET", path, errorShape: systemBErrors, handle };
}

function metricsEndpoint(metrics: ServedText): Endpoint {
  return {
    method: "GET",
    path: "/metrics",
    errorShape: systemBErrors,
    handle: async (request) => {
      const headers = {
        ...commonHeaders(readRequestId(request.headers)),
        "Content-Type": metrics.contentType,
      };
      return new Response(await metrics.read(), { headers });
    },
  };
}

/** Built when it is first asked for: start-up does not pay for it, and neither do later readers. */
function documentOnce<Catalogue extends Signatures<Catalogue>, HealthBody>(
  { title, routes, streams = [], healthDocuments, console: pages }: ServiceDefinition<Catalogue, HealthBody>,
  index: Index,
  { version, metrics, guards }: Serving,
): () => Promise<unknown> {
  let document: Promise<unknown> | undefined;
  return () => {
    document ??= import("../openapi.ts").then(({ openApiDocument }) =>
      openApiDocument({
        title,
        version,
        keysNeeded: guards?.keys !== undefined,
        documents: [
          ...routes,
          ...streams,
          ...healthDocuments,
          ...sessionDocuments(pages !== undefined),
          ...serviceDocuments(index, metrics),
        ],
      }),
    );
    return document;
  };
}

function indexOf<Catalogue extends Signatures<Catalogue>, HealthBody>(
  {
    service,
    title,
    routes,
    streams = [],
    healthDetail,
    console: pages,
  }: ServiceDefinition<Catalogue, HealthBody>,
  { reference, metrics }: Serving,
): Index {
  return {
    service,
    title,
    links: {
      ...(reference === undefined ? {} : { docs: referencePath }),
      openapi: "/openapi.json",
      health: "/health",
      live: "/health/live",
      ready: "/health/ready",
      session: "/session",
      ...(healthDetail === undefined ? {} : { detail: "/health/detail" }),
      ...(metrics === undefined ? {} : { metrics: "/metrics" }),
      ...(pages === undefined ? {} : { console: consolePath }),
    },
    trpc: trpcPath,
    routes: [...routes, ...streams].map(({ method, path, summary }) => ({ method, path, summary })),
  };
}
