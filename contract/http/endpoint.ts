// From endpoints to a Hono application: every path that is known answers every method, and every path that is not
// known answers 404, each in the words of the dialect it belongs to.
import { type ErrorHandler, Hono } from "hono";
import type { ErrorShape, Method } from "../dialects/route.ts";
import { internalFailure } from "../perform.ts";
import { failureAnswer, securityHeaders } from "./answers.ts";
import type { Admission } from "./guards.ts";
import { readRequestId } from "./request-context.ts";
import { observed } from "./observed.ts";
import type { Serving } from "./serving.ts";

export interface Endpoint {
  readonly method: Method;
  /** `{name}` stands for one segment. */
  readonly path: string;
  readonly errorShape: ErrorShape;
  readonly handle: (
    request: Request,
    parameters: PathParameters,
    admission: Admission,
  ) => Response | Promise<Response>;
}

/** The segments of a path that have a name, decoded. */
export type PathParameters = Readonly<Record<string, string>>;

export interface Mounting {
  readonly endpoints: readonly Endpoint[];
  /** Takes a whole prefix with all its methods. */
  readonly prefixes: Readonly<Record<string, (request: Request, admission: Admission) => Promise<Response>>>;
  /** Whose words an unknown path is answered in. */
  readonly errorShapeOf: (path: string) => ErrorShape;
}

/** Served with what the guards found out, as Hono's environment. */
type MountedHono = Hono<{ Bindings: Admission }>;

export interface MountedApp extends Pick<MountedHono, "fetch"> {
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}

/**
 * Other methods are answered by an application of their own, behind the first: so a request that is as it should be matches one
 * handler, and Hono need not make a chain of two.
 */
export function mount({ endpoints, prefixes, errorShapeOf }: Mounting, serving: Serving): MountedApp {
  const app: MountedHono = new Hono();
  const others: MountedHono = new Hono();
  const { observer } = serving;
  for (const { method, path, handle } of endpoints) {
    app.on(method, honoPath(path), (c) =>
      observed(observer, c.req.raw, path, () => handle(c.req.raw, c.req.param(), c.env)),
    );
  }
  for (const [path, siblings] of Map.groupBy(endpoints, (endpoint) => endpoint.path)) {
    const allow = allowedMethods(siblings.map(({ method }) => method));
    others.all(honoPath(path), (c) =>
      observed(observer, c.req.raw, path, () => answerOtherMethod(c.req.raw, allow, errorShapeOf(path))),
    );
  }
  for (const [prefix, handle] of Object.entries(prefixes)) {
    app.all(`${prefix}/*`, (c) =>
      observed(observer, c.req.raw, prefix, async () => withSecurityHeaders(await handle(c.req.raw, c.env))),
    );
  }

  app.notFound((c) => others.fetch(c.req.raw, c.env));
  others.notFound((c) =>
    observed(observer, c.req.raw, "other", () => {
      const message = "There is nothing at this path; / lists what there is";
      const shape = errorShapeOf(c.req.path);
      return failureAnswer(shape, { code: "not_found", message }, readRequestId(c.req.raw.headers));
    }),
  );
  const onError: ErrorHandler<{ Bindings: Admission }> = (error, c) => {
    const requestId = readRequestId(c.req.raw.headers);
    serving.onSurprise(error, requestId);
    const effect = c.req.method === "GET" ? "read" : "write";
    return failureAnswer(errorShapeOf(c.req.path), internalFailure(effect, requestId), requestId);
  };
  app.onError(onError);
  others.onError(onError);
  return { fetch: app.fetch, routes: [...app.routes, ...others.routes] };
}

function honoPath(path: string): string {
  return path.replaceAll(/\{([A-Za-z]+)\}/g, ":$1");
}

/** Hono answers HEAD from GET. */
function allowedMethods(methods: readonly Method[]): string {
  const head = methods.includes("GET") ? ["HEAD"] : [];
  return [...methods, ...head, "OPTIONS"].join(", ");
}

/** OPTIONS says what is allowed and nothing about other origins: there is no CORS. */
function answerOtherMethod(request: Request, allow: string, shape: ErrorShape): Response {
  const requestId = readRequestId(request.headers);
  if (request.method === "OPTIONS") {
    return new Response(null, {
      status: 204,
      headers: {
        ...securityHeaders,
        Allow: allow,
        "X-Request-Id": requestId,
        "Cache-Control": "no-store",
      },
    });
  }
  const message = `This path does not take ${shownMethod(request.method)}; it takes ${allow}`;
  return failureAnswer(shape, { code: "method_not_allowed", message }, requestId, { Allow: allow });
}

/** What answers below a prefix may have stricter ones, or others that its pages need. */
function withSecurityHeaders(answer: Response): Response {
  for (const [name, value] of Object.entries(securityHeaders)) {
    if (!answer.headers.has(name)) answer.headers.set(name, value);
  }
  return answer;
}

/** A method is whatever the client made up. */
function shownMethod(method: string): string {
  return /^[A-Z]{1,16}$/.test(method) ? method : "this method";
}
