// Every request passes here before it is routed: host, origin, key, rate, number at once; in this order, because each is cheaper
// than what follows, and before the body is read. What is refused is told in the words of the path's dialect, with what to do.
import type { Caller } from "../access.ts";
import type { ContractFailure } from "../errors.ts";
import type { Admission, Guards, Refusal } from "./guards.ts";
import { isOpenPath } from "./open-paths.ts";
import { presentedKey } from "./presented-key.ts";
import { createGuessLimiter, tooManyGuesses, unknownKey } from "./guesses.ts";
import { createRateLimiter, rateLimitField, type Allowance } from "./rate-limiter.ts";
import { readRequestId } from "./request-context.ts";
import { originOf, hostName, isAllowedHost } from "./where-from.ts";

/** Answers requests; `remoteAddress` is asked only when it matters. */
export interface ServiceApp {
  readonly fetch: (request: Request, remoteAddress?: () => string) => Response | Promise<Response>;
  /** For tests: a path is on a host of its own. */
  request(input: string | Request, init?: RequestInit): Promise<Response>;
  /** What is served behind the guards; `ALL` stands for every other method. */
  readonly routes: readonly ServedRoute[];
}

export interface ServedRoute {
  readonly method: string;
  /** A parameter is `:name`. */
  readonly path: string;
}

export interface GuardedAppOptions {
  readonly routes: readonly ServedRoute[];
  readonly guards: Guards | undefined;
  readonly serve: (request: Request, admission: Admission) => Response | Promise<Response>;
  /** In the words of the path's dialect. */
  readonly refuse: (
    path: string,
    failure: ContractFailure,
    requestId: string,
    headers: Record<string, string>,
  ) => Response;
}

/** The rate is told once this share of a second's requests is used up: who is far from the limit need not know it. */
const toldShare = 0.1;
const anybody: Admission = {};
const unknownAddress = () => "unknown";

export function guardedApp({ guards, routes, serve, refuse }: GuardedAppOptions): ServiceApp {
  const fetch =
    guards === undefined
      ? (request: Request) => serve(request, anybody)
      : guardWith(guards, { serve, refuse });
  return {
    fetch,
    routes,
    request: async (input, init) =>
      fetch(
        typeof input === "string" ? new Request(new URL(input, "http://localhost"), init) : input,
        unknownAddress,
      ),
  };
}

function guardWith(
  guards: Guards,
  { serve, refuse }: Pick<GuardedAppOptions, "serve" | "refuse">,
): ServiceApp["fetch"] {
  const { keys, allowedHosts, allowedOrigins, maxInFlight, maxStreams, nowMs } = guards;
  const limiter = createRateLimiter({ quota: guards.requestsPerSecond, windowSeconds: 1, nowMs });
  const wrongKeys = createGuessLimiter(guards);
  const quietUntil = guards.requestsPerSecond * (1 - toldShare);
  let lastHost: string | null = null;
  let inFlight = 0;
  let streams = 0;

  return async (request, remoteAddress = unknownAddress) => {
    const path = pathOf(request.url);
    const refused = (
      kind: Refusal["kind"],
      failure: ContractFailure,
      headers: Record<string, string> = {},
    ) => {
      guards.onRefused({ kind, remoteAddress: remoteAddress() });
      return finish(refuse(path, failure, readRequestId(request.headers), headers), undefined);
    };

    const host = request.headers.get("host");
    // Most calls are by one name.
    if (host !== lastHost) {
      if (!isAllowedHost(host, allowedHosts)) return refused("host", foreignHost(host ?? ""));
      lastHost = host;
    }
    const origin = originOf(request, allowedOrigins);
    if (origin.kind === "foreign") return refused("origin", foreignOrigin(origin.origin));
    const cors = origin.kind === "allowed" ? origin.origin : undefined;
    if (cors !== undefined && isPreflight(request)) return preflightAnswer(cors);

    if (isOpenPath(path)) return finish(await serve(request, { remoteAddress }), undefined, cors);

    let caller: Caller | undefined;
    if (keys !== undefined) {
      const key = presentedKey(request.headers);
      caller = key === undefined ? undefined : keys.identify(key);
      if (caller === undefined) {
        if (key === undefined) return refused("no key", noKey, challenge);
        const guesses = wrongKeys.take(remoteAddress());
        return guesses.allowed
          ? refused("unknown key", unknownKey, challenge)
          : refused("unknown key", tooManyGuesses(guesses));
      }
    }
    const allowance = limiter.take(caller?.name ?? remoteAddress(), callsIn(path));
    if (!allowance.allowed) {
      guards.onRefused({ kind: "rate", remoteAddress: remoteAddress() });
      const answer = refuse(path, tooOften(guards, allowance), readRequestId(request.headers), {});
      return finish(answer, allowance, cors);
    }
    if (inFlight >= maxInFlight) return refused("too many at once", tooMany);
    inFlight += 1;
    try {
      const answer = await serve(request, caller === undefined ? anybody : { caller });
      if (!isStream(answer)) return finish(answer, allowance, cors);
      if (streams >= maxStreams) {
        void answer.body?.cancel();
        return refused("too many at once", tooMany);
      }
      streams += 1;
      return finish(
        counted(answer, () => {
          streams -= 1;
        }),
        allowance,
        cors,
      );
    } finally {
      inFlight -= 1;
    }
  };

  function finish(answer: Response, allowance: Allowance | undefined, cors?: string): Response {
    if (allowance !== undefined && allowance.remaining < quietUntil) {
      answer.headers.set("RateLimit-Policy", limiter.policy);
      answer.headers.set("RateLimit", rateLimitField(allowance));
    }
    if (guards.tls) answer.headers.set("Strict-Transport-Security", "max-age=31536000");
    if (allowedOrigins.size > 0) answer.headers.append("Vary", "Origin");
    if (cors !== undefined) {
      const { headers } = answer;
      headers.set("Access-Control-Allow-Origin", cors);
      headers.set("Access-Control-Expose-Headers", exposedHeaders);
      headers.set("Cross-Origin-Resource-Policy", "cross-origin");
    }
    return answer;
  }
}

/** Without query and fragment, as it came: what is written in another way is another path, and needs a key. */
function pathOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  if (start === -1) return "/";
  const query = url.indexOf("?", start);
  const fragment = url.indexOf("#", start);
  if (query === -1 && fragment === -1) return url.slice(start);
  const ends = [query, fragment].filter((index) => index !== -1);
  return url.slice(start, Math.min(...ends));
}

/** A tRPC batch names its calls in its path. */
function callsIn(path: string): number {
  return path.startsWith("/trpc/") ? path.split(/,|%2c/i).length : 1;
}

function isStream(answer: Response): boolean {
  return answer.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/** The same answer; `onEnd` is called once, however it ends. */
function counted(answer: Response, onEnd: () => void): Response {
  const reader = answer.body?.getReader();
  if (reader === undefined) {
    onEnd();
    return answer;
  }
  let ended = false;
  const end = () => {
    if (!ended) onEnd();
    ended = true;
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        end();
        controller.close();
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status: answer.status, headers: answer.headers });
}

function isPreflight({ method, headers }: Request): boolean {
  return method === "OPTIONS" && headers.has("access-control-request-method");
}

const exposedHeaders =
  "X-Request-Id, X-Outcome, Retry-After, RateLimit, RateLimit-Policy, X-Total-Count, Link";

/** Without Access-Control-Allow-Credentials: a foreign page sends a key of its own, never the cookie. */
function preflightAnswer(origin: string): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Allow-Methods": "GET, POST, PUT",
      "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, X-Api-Key, X-Request-Id",
      "Access-Control-Max-Age": "600",
      "Cache-Control": "no-store",
      Vary: "Origin",
    },
  });
}

const challenge = { "WWW-Authenticate": 'Bearer realm="orderwire"' };

const noKey: ContractFailure = {
  code: "unauthenticated",
  message:
    "A key is needed: send it as 'Authorization: Bearer <key>' or 'X-Api-Key: <key>'; whoever runs this service makes one with 'bun run keys'",
};

function tooOften({ requestsPerSecond }: Guards, { retryAfterSeconds }: Allowance): ContractFailure {
  const message = `More than ${requestsPerSecond} requests a second came from you: wait ${retryAfterSeconds} s and send fewer at once, or have RATE_LIMIT_PER_SECOND raised`;
  return { code: "too_many_requests", message, retryAfterSeconds };
}

const tooMany: ContractFailure = {
  code: "unavailable",
  message: "The service is answering as many requests as it may at once.",
};

function foreignHost(host: string): ContractFailure {
  const name = JSON.stringify(hostName(host).slice(0, 100));
  return {
    code: "forbidden",
    message: `The service is not called ${name}: call it by its address, or have the name added to ALLOWED_HOSTS`,
  };
}

function foreignOrigin(origin: string): ContractFailure {
  return {
    code: "forbidden",
    message: `Pages of ${JSON.stringify(origin.slice(0, 100))} may not call this service: have their origin added to ALLOWED_ORIGINS if they should`,
  };
}
