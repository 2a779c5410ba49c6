// From endpoints to a Hono application: every path that is known answers every method, and every path that is not
// known answers 404, each in the words of the dialect it belongs to.
import { Hono } from "hono";
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

/** A path has one handler for all methods: where Hono matches two it makes a chain of them for each request. */
export function mount({ endpoints, prefixes, errorShapeOf }: Mounting, serving: Serving): MountedApp {
  const app: MountedHono = new Hono();
  const { observer } = serving;
  for (const [path, siblings] of Map.groupBy(endpoints, (endpoint) => endpoint.path)) {
    const byMethod = new Map<string, Endpoint>(siblings.map((endpoint) => [endpoint.method, endpoint]));
    const allow = allowedMethods([...byMethod.keys()]);
    app.all(honoPath(path), (c) =>
      observed(observer, c.req.raw, path, () => {
        const { method } = c.req.raw;
        const endpoint = byMethod.get(method === "HEAD" ? "GET" : method);
        return endpoint === undefined
          ? answerOtherMethod(c.req.raw, allow, errorShapeOf(path))
          : endpoint.handle(c.req.raw, c.req.param(), c.env);
      }),
    );
  }
  for (const [prefix, handle] of Object.entries(prefixes)) {
    app.all(`${prefix}/*`, (c) =>
      observed(observer, c.req.raw, prefix, async () => withSecurityHeaders(await handle(c.req.raw, c.env))),
    );
  }

  app.notFound((c) =>
    observed(observer, c.req.raw, "other", () => {
      const message = "There is nothing at this path; / lists what there is";
      const shape = errorShapeOf(c.req.path);
      return failureAnswer(shape, { code: "not_found", message }, readRequestId(c.req.raw.headers));
    }),
  );
  app.onError((error, c) => {
    const requestId = readRequestId(c.req.raw.headers);
    serving.onSurprise(error, requestId);
    const effect = c.req.method === "GET" ? "read" : "write";
    return failureAnswer(errorShapeOf(c.req.path), internalFailure(effect, requestId), requestId);
  });
  return {
    fetch: app.fetch,
    routes: [...endpoints.map(({ method, path }) => ({ method, path: honoPath(path) })), ...app.routes],
  };
}

function honoPath(path: string): string {
  return path.replaceAll(/\{([A-Za-z]+)\}/g, ":$1");
}

/** Hono answers HEAD with what GET is answered, without its body. */
function allowedMethods(methods: readonly string[]): string {
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
