// Who one is (`GET /session`), and a browser's way in and out: a key is checked once and comes back as a cookie that no script can
// read. Only a service with pages has the cookie; programs send their key with each request.
import type { Caller } from "../access.ts";
import type { RouteDocument } from "../dialects/route.ts";
import { systemBErrors } from "../dialects/system-b.ts";
import { noParametersSchema } from "../dialects/wire-order.ts";
import type { ContractFailure } from "../errors.ts";
import { readInput } from "../problems.ts";
import { sessionPath, sessionSchema, signInSchema, type Session } from "../session.ts";
import { failureAnswer, jsonAnswer } from "./answers.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Guards } from "./guards.ts";
import { createGuessLimiter, tooManyGuesses, unknownKey } from "./guesses.ts";
import { endedSessionField, keyPattern, presentedKey, sessionCookieField } from "./presented-key.ts";
import { readJsonBody } from "./read-body.ts";
import { readRequestId } from "./request-context.ts";
import type { Serving } from "./serving.ts";

const path = sessionPath;

const nothingToSignInTo = {
  code: "not_found",
  message: "No keys are configured here: nobody needs to sign in",
} as const satisfies ContractFailure;

/** `hasPages`: whether browsers sign in here. */
export function sessionEndpoints(serving: Serving, hasPages: boolean): Endpoint[] {
  const { guards } = serving;
  const tell: Endpoint = {
    method: "GET",
    path,
    errorShape: systemBErrors,
    handle(request) {
      const key = presentedKey(request.headers);
      const caller = key === undefined ? undefined : guards?.keys?.identify(key);
      return jsonAnswer(200, sessionOf(guards, caller), readRequestId(request.headers));
    },
  };
  if (!hasPages) return [tell];
  const end: Endpoint = {
    method: "DELETE",
    path,
    errorShape: systemBErrors,
    handle: ({ headers }) =>
      jsonAnswer(200, sessionOf(guards, undefined), readRequestId(headers), {
        "Set-Cookie": endedSessionField,
      }),
  };
  return [tell, signIn(serving), end];
}

function sessionOf(guards: Guards | undefined, caller: Caller | undefined): Session {
  return {
    keysNeeded: guards?.keys !== undefined,
    caller: caller === undefined ? null : { name: caller.name, role: caller.role },
  };
}

function signIn(serving: Serving): Endpoint {
  const { guards } = serving;
  const wrongKeys = createGuessLimiter({ nowMs: guards?.nowMs ?? (() => performance.now()) });
  return {
    method: "POST",
    path,
    errorShape: systemBErrors,
    async handle(request, _parameters, { remoteAddress = () => "unknown" }) {
      const requestId = readRequestId(request.headers);
      const body = await readJsonBody(request, serving);
      if (!body.ok) return failureAnswer(systemBErrors, body.failure, requestId);
      const input = readInput(signInSchema, body.value, "body");
      if (!input.ok) return failureAnswer(systemBErrors, input.failure, requestId);
      if (guards?.keys === undefined) {
        return failureAnswer(systemBErrors, nothingToSignInTo, requestId);
      }
      const { key } = input.value;
      const caller = keyPattern.test(key) ? guards.keys.identify(key) : undefined;
      if (caller !== undefined) {
        const secure = guards.tls || request.headers.get("origin")?.startsWith("https://") === true;
        return jsonAnswer(200, sessionOf(guards, caller), requestId, {
          "Set-Cookie": sessionCookieField(key, secure),
        });
      }
      guards.onRefused({ kind: "unknown key", remoteAddress: remoteAddress() });
      const guesses = wrongKeys.take(remoteAddress());
      return failureAnswer(systemBErrors, guesses.allowed ? unknownKey : tooManyGuesses(guesses), requestId);
    },
  };
}

const common = {
  path,
  tag: "Access",
  errorShape: systemBErrors,
  status: 200,
  answer: sessionSchema,
  takesIdempotencyKey: false,
} as const;

const signedIn: Session = { keysNeeded: true, caller: { name: "ops-anna", role: "operator" } };

export function sessionDocuments(hasPages: boolean): RouteDocument[] {
  const tell: RouteDocument = {
    ...common,
    method: "GET",
    operationId: "getSession",
    summary: "Who one is",
    description: "Needs no key: says whether keys are needed, and whose came with the request.",
    from: "query",
    request: noParametersSchema,
    errors: [],
    examples: { request: {}, answer: signedIn },
  };
  if (!hasPages) return [tell];
  return [
    tell,
    {
      ...common,
      method: "POST",
      operationId: "signIn",
      summary: "Sign a browser in",
      description:
        "The key comes back as a cookie (HttpOnly, SameSite=Strict, 12 hours) that only this service's own pages send.",
      from: "body",
      request: signInSchema,
      errors: ["unauthenticated", "not_found"],
      examples: { request: { key: "ow_..." }, answer: signedIn },
    },
    {
      ...common,
      method: "DELETE",
      operationId: "signOut",
      summary: "Sign a browser out",
      description: "Takes the cookie back. The key itself stays good until its line is removed.",
      from: "query",
      request: noParametersSchema,
      errors: [],
      examples: { request: {}, answer: { keysNeeded: true, caller: null } },
    },
  ];
}
