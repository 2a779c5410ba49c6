// The observer of a service's requests that also makes a span of each one: everything that it causes belongs to that span.
import type { ServingObserver } from "../contract/http/serving.ts";
import type { Tracing } from "./tracing.ts";

/** What monitors ask all the time tells nothing in a trace. */
const untraced = new Set(["/metrics", "/health", "/health/live", "/health/ready", "/console"]);

/** Without tracing it is the observer itself. */
export function tracedObserver(observer: ServingObserver, tracing: Tracing | undefined): ServingObserver {
  if (tracing === undefined) return observer;
  return {
    onCall: (procedure, code, durationMs) => observer.onCall(procedure, code, durationMs),
    onRequest(method, route, traceparent) {
      const watched = observer.onRequest(method, route, traceparent);
      if (untraced.has(route)) return watched;
      const span = tracing.begin({
        name: `${method} ${route}`,
        kind: "server",
        parent: traceparent,
        startedAtMs: Date.now(),
        attributes: { "http.request.method": method, "http.route": route },
      });
      return {
        traceparent: span.traceparent,
        end(status, durationMs) {
          watched.end(status, durationMs);
          span.end({
            endedAtMs: Date.now(),
            error: status >= 500 ? String(status) : undefined,
            attributes: { "http.response.status_code": status },
          });
        },
      };
    },
  };
}
