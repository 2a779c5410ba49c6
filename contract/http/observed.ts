// Tells an observer of requests and procedures, at the two places that all of them pass. Without an observer nothing is done.
import type { Implemented, Procedure, Signatures } from "../procedures.ts";
import type { ServingObserver } from "./serving.ts";

/** `route` is a template, never a path that somebody sent. */
export function observed(
  observer: ServingObserver | undefined,
  method: string,
  route: string,
  handle: () => Response | Promise<Response>,
): Response | Promise<Response> {
  if (observer === undefined) return handle();
  const startedAtMs = performance.now();
  const onEnd = observer.onRequest(method, route);
  const end = (status: number) => onEnd(status, performance.now() - startedAtMs);
  return answerOf(handle, end);
}

async function answerOf(
  handle: () => Response | Promise<Response>,
  end: (status: number) => void,
): Promise<Response> {
  try {
    const response = await handle();
    end(response.status);
    return response;
  } catch (error) {
    // Whoever mounted it makes a 500 of it.
    end(500);
    throw error;
  }
}

/** The same procedures; each tells how it has ended. */
export function observedProcedures<Catalogue extends Signatures<Catalogue>>(
  procedures: Implemented<Catalogue>,
  observer: ServingObserver | undefined,
): Implemented<Catalogue> {
  if (observer === undefined) return procedures;
  const wrapped: Writable<Implemented<Catalogue>> = { ...procedures };
  for (const name in procedures) wrapped[name] = observedProcedure(name, procedures[name], observer);
  return wrapped;
}

type Writable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

function observedProcedure<Input, Answer>(
  name: string,
  { effect, run }: Procedure<Input, Answer>,
  observer: ServingObserver,
): Procedure<Input, Answer> {
  return {
    effect,
    async run(input, context) {
      const startedAtMs = performance.now();
      let code = "internal";
      try {
        const result = await run(input, context);
        code = result.ok ? "ok" : result.failure.code;
        return result;
      } finally {
        observer.onCall(name, code, performance.now() - startedAtMs);
      }
    },
  };
}
