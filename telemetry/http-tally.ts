// Requests, errors and durations of what a service serves: by route, whatever protocol was spoken, and by procedure.
// Satisfies the contract's `ServingObserver`.
import type { ServingObserver } from "../contract/http/serving.ts";
import { type Counter, createCounter } from "./counter.ts";
import { createGauge, type Gauge } from "./gauge.ts";
import { callSeconds, createHistogram, type Histogram } from "./histogram.ts";
import { firstOf, oneOf } from "./labels.ts";

export interface HttpTally extends ServingObserver {
  readonly requests: Counter<"method" | "route" | "status">;
  readonly requestSeconds: Histogram<"method" | "route">;
  readonly inFlight: Gauge;
  readonly calls: Counter<"procedure" | "code">;
  readonly procedureSeconds: Histogram<"procedure">;
}

const methods = oneOf(["GET", "HEAD", "POST", "PUT", "OPTIONS"]);
const statuses = oneOf(
  [200, 201, 202, 204, 304, 400, 401, 403, 404, 405, 408, 413, 415, 421, 422, 429, 500, 503].map(String),
);
// Routes, procedures and codes are the contract's own; there are fewer.
const maxRoutes = 150;
const maxProcedures = 100;
const maxCodes = 30;

export function createHttpTally(): HttpTally {
  const routes = firstOf(maxRoutes);
  const procedures = firstOf(maxProcedures);
  let running = 0;
  const requests = createCounter({
    name: "http_requests",
    help: "Answered HTTP requests, by the route's template; what matches none is other.",
    sets: { method: methods, route: routes, status: statuses },
    startsAtZero: false,
  });
  const requestSeconds = createHistogram({
    name: "http_request_duration_seconds",
    help: "From a request's head to its answer's; of streams, their beginning.",
    sets: { method: methods, route: routes },
    bounds: callSeconds,
  });
  const calls = createCounter({
    name: "procedure_calls",
    help: "Calls of the contract's procedures by any protocol; code is ok or one of the error table.",
    sets: { procedure: procedures, code: firstOf(maxCodes) },
    startsAtZero: false,
  });
  const procedureSeconds = createHistogram({
    name: "procedure_duration_seconds",
    help: "Duration of a procedure, also when its caller was answered before its end.",
    sets: { procedure: procedures },
    bounds: callSeconds,
  });

  return {
    requests,
    requestSeconds,
    calls,
    procedureSeconds,
    inFlight: createGauge("http_requests_in_flight", "HTTP requests without an answer.", () => running),
    onRequest(method, route) {
      running += 1;
      return (status, durationMs) => {
        running -= 1;
        requests.add({ method, route, status: String(status) });
        requestSeconds.at({ method, route }).observe(durationMs / 1000);
      };
    },
    onCall(procedure, code, durationMs) {
      calls.add({ procedure, code });
      procedureSeconds.at({ procedure }).observe(durationMs / 1000);
    },
  };
}
